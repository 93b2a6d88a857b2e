//! Addresses of databases as URLs: `postgresql://user:password@host:port/dbname?sslmode=verify-full`.

use percent_encoding::percent_decode_str;

use crate::engine::Database;
use crate::kernel::Secret;
use crate::runbook::SslMode;

/// Says what is wrong with a URL; it never repeats the password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}; write `postgresql://USER@HOST:5432/DATABASE?sslmode=verify-full`")]
pub struct BadUrl(String);

/// Reads a URL. `password` is used where the URL holds none.
///
/// # Errors
/// [`BadUrl`] where it is not one of a PostgreSQL database, or has a parameter that means nothing here.
pub fn parse_url(url: &str, password: Option<&str>) -> Result<Database, BadUrl> {
    let bad = |why: &str| BadUrl(why.to_owned());
    let rest = url.strip_prefix("postgresql://").or_else(|| url.strip_prefix("postgres://"));
    let rest = rest.ok_or_else(|| bad("it does not begin with `postgresql://`"))?;
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, dbname) = rest.split_once('/').unwrap_or((rest, ""));
    let (login, place) = authority.rsplit_once('@').unwrap_or(("", authority));
    let (user, given) = match login.split_once(':') {
        Some((user, password)) => (user, Some(decoded(password)?)),
        None => (login, None),
    };
    let (host, port) = match place.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port),
        _ => (place, ""),
    };
    let port = if port.is_empty() { Ok(5432) } else { port.parse::<u16>() };
    let user = decoded(user)?;
    let mut database = Database {
        name: String::new(),
        host: decoded(host)?.trim_start_matches('[').trim_end_matches(']').to_owned(),
        port: port.ok().filter(|port| *port != 0).ok_or_else(|| bad("its port is not a number from 1 to 65535"))?,
        dbname: decoded(dbname)?,
        user,
        password: given.or_else(|| password.map(str::to_owned)).map(Secret::new),
        sslmode: SslMode::Prefer,
        sslrootcert: None,
    };
    for (key, value) in form_urlencoded::parse(query.as_bytes()) {
        match key.as_ref() {
            "sslmode" => {
                database.sslmode =
                    SslMode::named(&value).ok_or_else(|| BadUrl(format!("there is no sslmode `{value}`")))?;
            }
            "sslrootcert" => database.sslrootcert = Some(value.into_owned()),
            "host" => database.host = value.into_owned(),
            key => return Err(BadUrl(format!("the parameter `{key}` is not supported"))),
        }
    }
    if database.user.is_empty() {
        return Err(bad("it names no user"));
    }
    if database.host.is_empty() {
        return Err(bad("it names no host"));
    }
    if database.dbname.is_empty() {
        database.dbname = database.user.clone();
    }
    Ok(database)
}

fn decoded(text: &str) -> Result<String, BadUrl> {
    let decoded = percent_decode_str(text).decode_utf8();
    decoded.map(std::borrow::Cow::into_owned).map_err(|_| BadUrl("a part of it is not UTF-8".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_as_people_write_them() {
        let found = parse_url("postgresql://dr:p%40ss@db.example:6543/shop?sslmode=verify-full", None).unwrap();
        assert_eq!((found.host.as_str(), found.port, found.dbname.as_str()), ("db.example", 6543, "shop"));
        assert_eq!((found.user.as_str(), found.sslmode), ("dr", SslMode::VerifyFull));
        assert_eq!(found.password.unwrap().reveal(), "p@ss");
        let found = parse_url("postgres://dr@[::1]/", Some("x")).unwrap();
        assert_eq!((found.host.as_str(), found.port, found.dbname.as_str()), ("::1", 5432, "dr"));
        let found = parse_url("postgres://dr@/shop?host=/run/postgresql", None).unwrap();
        assert_eq!((found.host.as_str(), found.password.is_none()), ("/run/postgresql", true));
        for url in [
            "mysql://a@b/c",
            "postgresql://b/c",
            "postgresql://a@b:x/c",
            "postgresql://a@/c",
            "postgresql://a@b/c?sslmode=maybe",
            "postgresql://a@b/c?options=-c",
            "postgresql://a:hunter2@b:0/c",
        ] {
            let bad = parse_url(url, None).unwrap_err().to_string();
            assert!(!bad.contains("hunter2"), "{bad}");
        }
    }
}
