//! What `lifeboat doctor` sees, and that it leaves nothing behind.

use serde_json::Value;

use crate::support::{Home, said};

fn findings(home: &Home, arguments: &[&str]) -> (Option<i32>, Vec<Value>) {
    let mut command = home.command(&[&["doctor", "--format", "json"], arguments].concat());
    // Nothing listens there: as without a network, and nothing leaves this machine.
    command.env("AWS_ENDPOINT_URL", "http://127.0.0.1:9").env("AWS_EC2_METADATA_DISABLED", "true");
    command.env("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE").env("AWS_SECRET_ACCESS_KEY", "example");
    let said = said(&mut command);
    let found: Value = serde_json::from_str(&said.out).unwrap_or_else(|error| panic!("{error}: {said:?}"));
    (said.code, found.get("findings").and_then(Value::as_array).unwrap().clone())
}

fn of<'f>(found: &'f [Value], part: &str, name: &str) -> &'f Value {
    found.iter().find(|one| one["part"] == part && one["name"] == name).unwrap_or_else(|| panic!("{part} {name}"))
}

#[test]
fn without_a_key_it_fails_and_says_what_to_do() {
    let home = Home::new();
    let (code, found) = findings(&home, &[]);
    assert_eq!(code, Some(1));
    let key = of(&found, "signing", "key");
    assert_eq!(key["grade"], "fail");
    assert!(key["next"].as_str().unwrap().contains("ssh-add"), "{key}");
    assert_eq!(of(&found, "terminal", "terminal")["grade"], "warn");
    assert_eq!(of(&found, "aws", "without a profile")["grade"], "warn");
    assert_eq!(of(&found, "postgresql", "programs")["grade"], "warn");
    for one in &found {
        assert_eq!(one["grade"] == "ok", one["next"].is_null(), "{one}");
    }
}

#[test]
fn a_profile_is_looked_at_with_its_key_its_signers_and_its_account() {
    let home = Home::new();
    let key = home.path("key");
    let made =
        std::process::Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(&key).status();
    assert!(made.unwrap().success());
    let public = std::fs::read_to_string(home.path("key.pub")).unwrap();
    let config = |signers: &str| {
        home.write("signers", signers);
        let text = format!(
            "key = \"{}\"\noperator = \"alice\"\nallowed_signers = \"{}\"\nlog_dir = \"{}\"\n[profile.prod]\naccount = \
             \"012345678901\"\nregion = \"us-west-2\"\n",
            key.display(),
            home.path("signers").display(),
            home.path("logs").display(),
        );
        home.write("config/lifeboat/config.toml", text);
    };
    config("");
    let (code, found) = findings(&home, &["--profile", "prod"]);
    let listed = of(&found, "signing", "allowed signers");
    assert_eq!((code, &listed["grade"]), (Some(1), &Value::from("fail")));
    assert!(listed["next"].as_str().unwrap().contains(public.split(' ').nth(1).unwrap()), "{listed}");
    assert_eq!(of(&found, "aws", "profile prod, us-west-2")["grade"], "fail");
    config(&format!("alice {public}"));
    let (_, found) = findings(&home, &["--profile", "prod"]);
    assert_eq!(of(&found, "signing", "key")["grade"], "ok");
    assert_eq!(of(&found, "signing", "allowed signers")["grade"], "ok");
    let log = of(&found, "log", home.path("logs").to_str().unwrap());
    assert!(log["says"].as_str().unwrap().contains("ms to be on the disk"), "{log}");
    assert!(!home.path("logs").exists() && !home.path("state").exists(), "something was written");
}

#[test]
fn what_runbooks_call_is_looked_for_on_the_path() {
    let home = Home::new();
    home.write("runbooks/mine.md", "# Mine\n\n```sh\nsh -c true; no-such-program-here --now | cat\n```\n");
    let (_, found) = findings(&home, &[]);
    let missing = of(&found, "tools", "no-such-program-here");
    assert_eq!(missing["grade"], "warn");
    assert!(missing["says"].as_str().unwrap().contains("mine"), "{missing}");
    let there = of(&found, "tools", "on the path");
    assert!(there["says"].as_str().unwrap().split(", ").any(|name| name == "cat"), "{there}");
}
