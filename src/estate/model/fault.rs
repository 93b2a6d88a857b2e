//! What can be made to happen, by the names that facilitators type, and the record of what was.

use super::place::{ZONES, zone_named};
use super::time::{Moment, SECOND};

/// Is something that can be made to happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// `us-east-1` is lost: compute, database, control planes. Calls hang or are refused.
    RegionFailure,
    /// The same, and every call hangs.
    RegionHangs,
    /// `us-east-1` comes back as it was, unfenced.
    RegionReturn,
    /// All of it with what people do about it: the estate is one that has failed over and whose old region is back.
    FailedOver,
    /// The primary database fails.
    InstanceFailure(InstanceFailure),
    /// An availability zone of `us-east-1` fails, by its name; `None` is the one of the primary database.
    ZoneFailure(Option<&'static str>),
    /// All zones are back.
    ZoneReturn,
    /// A release mangles rows from a minute on that nobody knows.
    DataCorruption,
    /// Somebody deletes what must not be deleted.
    AccidentalDeletion(Victim),
    /// The primary database's storage is full.
    StorageFull,
    /// The replica falls behind, by so many seconds at most.
    ReplicaLag(i64),
    /// The key of the primary database is disabled.
    KmsDisabled,
    /// The AWS interfaces do something else than answer.
    Impairment(Impairment),
    /// An impairment, or the replica's lag, ends.
    Ends(Ending),
}

/// Says how an instance fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InstanceFailure {
    /// As the seed says.
    Drawn,
    /// Its host dies: the standby takes over by itself.
    Crash,
    /// Its host stalls: nothing takes over by itself.
    Gray,
    /// It had no standby, and its host dies: a restart brings it up on another one.
    Alone,
}

/// Says what is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Victim {
    /// The primary database; whether its automated backups are retained is drawn.
    Instance,
    /// The objects below a prefix, by delete markers.
    Objects,
    /// Versions of objects, for good.
    Versions,
    /// The database and the objects.
    Both,
}

/// Says what AWS's interfaces do instead of answering.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Impairment {
    /// Most calls are throttled.
    Throttling,
    /// The session has expired.
    ExpiredCredentials,
    /// Every answer takes seconds.
    SlowApi,
    /// Route 53's API is unavailable; its name servers answer.
    DnsControlPlane,
}

impl Impairment {
    /// Returns the name that facilitators type.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Throttling => "throttling",
            Self::ExpiredCredentials => "expired-credentials",
            Self::SlowApi => "slow-api",
            Self::DnsControlPlane => "dns-control-plane",
        }
    }
}

/// Says what ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// An impairment.
    Of(Impairment),
    /// The replica's lag.
    ReplicaLag,
}

/// Is the name of every fault that can be typed, for messages.
pub const NAMES: [&str; 17] = [
    "instance-failure[:crash|:gray|:alone]",
    "az-failure[:ZONE]",
    "az-return",
    "region-failure",
    "region-hangs",
    "region-return",
    "failed-over",
    "data-corruption",
    "accidental-deletion[:instance|:objects|:versions|:both]",
    "storage-full",
    "replica-lag[:SECONDS|:off]",
    "kms-disabled",
    "throttling[:off]",
    "expired-credentials[:off]",
    "slow-api[:off]",
    "dns-control-plane[:off]",
    "any of them with @+3m, for later",
];

impl Fault {
    /// Finds the fault of that name, with what it says after a colon.
    pub fn named(text: &str) -> Option<Self> {
        let (name, detail) = text.split_once(':').map_or((text, None), |(name, detail)| (name, Some(detail)));
        let impairment = |which: Impairment| match detail {
            None => Some(Self::Impairment(which)),
            Some("off") => Some(Self::Ends(Ending::Of(which))),
            Some(_) => None,
        };
        match (name, detail) {
            ("region-failure", None) => Some(Self::RegionFailure),
            ("region-hangs", None) => Some(Self::RegionHangs),
            ("region-return", None) => Some(Self::RegionReturn),
            ("failed-over", None) => Some(Self::FailedOver),
            ("instance-failure", None) => Some(Self::InstanceFailure(InstanceFailure::Drawn)),
            ("instance-failure", Some("crash")) => Some(Self::InstanceFailure(InstanceFailure::Crash)),
            ("instance-failure", Some("gray")) => Some(Self::InstanceFailure(InstanceFailure::Gray)),
            ("instance-failure", Some("alone")) => Some(Self::InstanceFailure(InstanceFailure::Alone)),
            ("az-failure", None) => Some(Self::ZoneFailure(None)),
            ("az-failure", Some(zone)) => zone_named(zone)
                .filter(|zone| ZONES.iter().take(3).any(|east| east == *zone))
                .map(|zone| Self::ZoneFailure(Some(zone.name))),
            ("az-return", None) => Some(Self::ZoneReturn),
            ("data-corruption", None) => Some(Self::DataCorruption),
            ("accidental-deletion", None | Some("instance")) => Some(Self::AccidentalDeletion(Victim::Instance)),
            ("accidental-deletion", Some("objects")) => Some(Self::AccidentalDeletion(Victim::Objects)),
            ("accidental-deletion", Some("versions")) => Some(Self::AccidentalDeletion(Victim::Versions)),
            ("accidental-deletion", Some("both")) => Some(Self::AccidentalDeletion(Victim::Both)),
            ("storage-full", None) => Some(Self::StorageFull),
            ("replica-lag", None) => Some(Self::ReplicaLag(900)),
            ("replica-lag", Some("off")) => Some(Self::Ends(Ending::ReplicaLag)),
            ("replica-lag", Some(seconds)) => {
                let seconds: i64 = seconds.trim_end_matches('s').parse().ok()?;
                (1..=86_400).contains(&seconds).then_some(Self::ReplicaLag(seconds))
            }
            ("kms-disabled", None) => Some(Self::KmsDisabled),
            ("throttling", _) => impairment(Impairment::Throttling),
            ("expired-credentials", _) => impairment(Impairment::ExpiredCredentials),
            ("slow-api", _) => impairment(Impairment::SlowApi),
            ("dns-control-plane", _) => impairment(Impairment::DnsControlPlane),
            _ => None,
        }
    }
}

impl Fault {
    /// Tells whether customers or the monitoring notice it by themselves, so that an alarm is to be expected.
    pub const fn is_noticed(self) -> bool {
        match self {
            Self::RegionFailure
            | Self::RegionHangs
            | Self::InstanceFailure(_)
            | Self::ZoneFailure(_)
            | Self::DataCorruption
            | Self::AccidentalDeletion(_)
            | Self::StorageFull
            | Self::KmsDisabled => true,
            Self::RegionReturn
            | Self::FailedOver
            | Self::ZoneReturn
            | Self::ReplicaLag(_)
            | Self::Impairment(_)
            | Self::Ends(_) => false,
        }
    }
}

/// Reads `FAULT` or `FAULT@+3m` (`s`, `m`, `h`): the fault's name, and after how many milliseconds it comes.
///
/// # Errors
/// What is wrong with it, in a sentence.
pub fn schedule(text: &str) -> Result<(Fault, i64), String> {
    let (name, delay) = match text.split_once('@') {
        None => (text, 0),
        Some((name, after)) => (name, delay(after).ok_or_else(|| not_a_delay(after))?),
    };
    let unknown = || format!("no fault `{name}`; there are {}", NAMES.join(", "));
    Fault::named(name).map(|fault| (fault, delay)).ok_or_else(unknown)
}

fn not_a_delay(text: &str) -> String {
    format!("`@{text}` is no delay; write `@+90s`, `@+3m` or `@+1h`, in the estate's own time")
}

fn delay(text: &str) -> Option<i64> {
    let text = text.strip_prefix('+')?;
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let unit = text.strip_prefix(digits)?;
    let amount: i64 = digits.parse().ok().filter(|amount| (0..=100_000).contains(amount))?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        _ => return None,
    };
    Some(amount * seconds * SECOND)
}

/// Is one entry of the estate's own record of what was made to happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Injected {
    /// When.
    pub at: Moment,
    /// What, as it was typed.
    pub fault: String,
    /// Why it did not happen, if it did not.
    pub refused: Option<&'static str>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_by_name() {
        for (text, expected) in [
            ("instance-failure", Some(Fault::InstanceFailure(InstanceFailure::Drawn))),
            ("instance-failure:gray", Some(Fault::InstanceFailure(InstanceFailure::Gray))),
            ("instance-failure:alone", Some(Fault::InstanceFailure(InstanceFailure::Alone))),
            ("az-failure:use1-az6", Some(Fault::ZoneFailure(Some("us-east-1b")))),
            ("az-failure:us-west-2a", None),
            ("replica-lag:120", Some(Fault::ReplicaLag(120))),
            ("replica-lag:-1", None),
            ("throttling:off", Some(Fault::Ends(Ending::Of(Impairment::Throttling)))),
            ("throttling:on", None),
            ("region-failure:now", None),
            ("failed-over", Some(Fault::FailedOver)),
            ("failed-over:now", None),
            ("", None),
        ] {
            assert_eq!(Fault::named(text), expected, "{text}");
        }
        for scenario in ["instance-failure", "az-failure", "region-failure", "data-corruption", "accidental-deletion"] {
            assert!(Fault::named(scenario).is_some(), "{scenario}");
        }
    }

    #[test]
    fn a_fault_may_come_later() {
        assert_eq!(schedule("throttling@+3m"), Ok((Fault::Impairment(Impairment::Throttling), 180_000)));
        assert_eq!(schedule("storage-full@+90s").unwrap().1, 90_000);
        for bad in ["throttling@3m", "throttling@+", "throttling@+3d", "throttling@+-3m", "nothing@+3m", "@+3m"] {
            assert!(schedule(bad).is_err(), "{bad}");
        }
    }
}
