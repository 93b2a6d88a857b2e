//! S3's lifecycle rules, carried out once a day: what is old goes to the archive, what is older goes.

use super::bucket::{Bucket, Class, Version};
use super::time::{DAY, Moment};
use super::world::World;

/// Is one rule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rule {
    /// What keys it is for.
    pub prefix: String,
    /// After how many days the newest version goes to which class.
    pub transitions: Vec<(i64, Class)>,
    /// After how many days the newest version is deleted.
    pub expiration: Option<i64>,
    /// How many days after it was replaced a version is gone for good.
    pub replaced: Option<i64>,
}

/// Is what a rule wants done to a version.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Due {
    /// It goes to a class.
    Move(String, String, Class),
    /// Its key is deleted.
    Expire(String),
    /// It is gone for good.
    Remove(String, String),
}

fn days(from: Moment, now: Moment) -> i64 {
    now.since(from) / DAY
}

impl Rule {
    /// Says what is due of the newest version of a key.
    fn newest(&self, key: &str, version: &Version, now: Moment) -> Option<Due> {
        version.object.as_ref()?;
        let age = days(version.at, now);
        if self.expiration.is_some_and(|after| age >= after) {
            return Some(Due::Expire(key.to_owned()));
        }
        let (_, class) = self.transitions.iter().filter(|(after, _)| age >= *after).max_by_key(|(after, _)| *after)?;
        (version.class.rank() < class.rank()).then(|| Due::Move(key.to_owned(), version.id.clone(), *class))
    }

    /// Says what is due of a version that `next` replaced.
    fn older(&self, key: &str, version: &Version, next: Moment, now: Moment) -> Option<Due> {
        let over = self.replaced.is_some_and(|after| days(next, now) >= after);
        (over && !version.is_locked(now, None)).then(|| Due::Remove(key.to_owned(), version.id.clone()))
    }
}

fn due(bucket: &Bucket, now: Moment) -> Vec<Due> {
    let mut all = Vec::new();
    let mut before: Option<(&str, Moment)> = None;
    // Newest first within a key: what came before is what replaced it.
    for (key, version) in bucket.versions() {
        let next = before.filter(|(known, _)| *known == key).map(|(_, at)| at);
        let rules = bucket.rules.iter().filter(|rule| key.starts_with(&rule.prefix));
        all.extend(rules.filter_map(|rule| match next {
            None => rule.newest(key, version, now),
            Some(next) => rule.older(key, version, next, now),
        }));
        before = Some((key, version.at));
    }
    all
}

impl World {
    /// Carries out the rules of all buckets, if a day is over.
    pub(super) fn age_objects(&mut self) {
        let now = self.now();
        if now.0 <= 0 || now.0.rem_euclid(DAY) != 0 {
            return;
        }
        let (seed, mut serial) = (self.seed, self.serial);
        for bucket in self.buckets.iter_mut().filter(|bucket| !bucket.rules.is_empty()) {
            for step in due(bucket, now) {
                match step {
                    Due::Move(key, id, class) => {
                        if let Some(version) = bucket.version_mut(&key, Some(&id)) {
                            version.class = class;
                        }
                    }
                    Due::Expire(key) => {
                        serial += 1;
                        drop(bucket.delete(&key, None, seed.hex(&format!("expired/{serial}"), 32), now));
                    }
                    Due::Remove(key, id) => drop(bucket.delete(&key, Some(&id), String::new(), now)),
                }
            }
        }
        self.serial = serial;
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::super::bucket::{Access, Missing, Object};
    use super::super::draw::Seed;
    use super::super::place::Region;
    use super::*;

    fn put(bucket: &mut Bucket, key: &str, id: &str, day: i64) {
        bucket.put(key, id.to_owned(), Moment(day * DAY), Object::new(Bytes::from_static(b"x"), "x"));
    }

    #[test]
    fn what_is_old_is_archived_and_what_is_older_goes() {
        let mut world = World::new(Seed(7));
        let mut bucket = Bucket::new("b", Region::West, Moment(-400 * DAY), Access::Private);
        let rule = Rule {
            prefix: "dumps/".to_owned(),
            transitions: vec![(30, Class::Glacier), (90, Class::DeepArchive)],
            expiration: Some(365),
            replaced: Some(7),
        };
        bucket.rules = vec![rule];
        for (key, day) in [("fresh", -10), ("month", -29), ("season", -100), ("year", -370)] {
            put(&mut bucket, &format!("dumps/{key}"), key, day);
        }
        put(&mut bucket, "other/year", "other", -370);
        put(&mut bucket, "dumps/replaced", "first", -20);
        put(&mut bucket, "dumps/replaced", "second", -6);
        world.buckets = vec![bucket];
        world.now = Moment(DAY - 100);
        world.age_objects();
        assert_eq!(world.buckets[0].get("dumps/month", None).unwrap().0.class, Class::Standard);
        world.now = Moment(DAY);
        world.age_objects();
        let bucket = &world.buckets[0];
        let class = |key: &str| bucket.get(key, None).unwrap().0.class;
        assert_eq!(class("dumps/fresh"), Class::Standard);
        assert_eq!(class("dumps/month"), Class::Glacier);
        assert_eq!(class("dumps/season"), Class::DeepArchive);
        assert_eq!(class("other/year"), Class::Standard);
        assert!(matches!(bucket.get("dumps/year", None), Err(Missing::Marked(_))));
        assert!(bucket.get("dumps/year", Some("year")).is_ok(), "behind its marker");
        assert_eq!(bucket.get("dumps/replaced", Some("first")).unwrap_err(), Missing::Version);
        assert!(bucket.get("dumps/replaced", None).is_ok());
    }
}
