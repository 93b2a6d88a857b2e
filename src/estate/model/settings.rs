//! The settings of an RDS instance: what a call may give, what a call may change.

use super::place::{self, Network, Region};

/// Holds the settings of an instance that a call may give or change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Its class.
    pub class: String,
    /// Its storage in GiB.
    pub storage: u32,
    /// The kind of its storage.
    pub storage_type: String,
    /// Operations a second.
    pub iops: u32,
    /// Whether a standby is kept in another zone.
    pub multi_az: bool,
    /// Days of automated backups.
    pub retention: u8,
    /// Whether deletion is refused.
    pub deletion_protection: bool,
    /// The security groups.
    pub security_groups: Vec<String>,
    /// The parameter group.
    pub parameter_group: String,
    /// The option group.
    pub option_group: String,
    /// The subnet group.
    pub subnet_group: String,
    /// The port.
    pub port: u16,
    /// Whether IAM may authenticate.
    pub iam_authentication: bool,
    /// Whether snapshots get its tags.
    pub copy_tags: bool,
    /// When backups are taken.
    pub backup_window: String,
    /// When it is maintained.
    pub maintenance_window: String,
}

impl Settings {
    /// Returns the settings of the shop's databases in `region`.
    pub fn shop(region: Region) -> Self {
        Self {
            class: "db.r6g.xlarge".to_owned(),
            storage: 400,
            storage_type: "gp3".to_owned(),
            iops: 12_000,
            multi_az: true,
            retention: 14,
            deletion_protection: true,
            security_groups: vec![region.security_group().to_owned()],
            parameter_group: region.parameter_group().to_owned(),
            option_group: place::DEFAULT_OPTION_GROUP.to_owned(),
            subnet_group: region.subnet_group().to_owned(),
            port: 5432,
            iam_authentication: true,
            copy_tags: true,
            backup_window: "05:00-05:30".to_owned(),
            maintenance_window: "sun:06:00-sun:06:30".to_owned(),
        }
    }

    /// Returns in which network its subnets are.
    pub fn network(&self, region: Region) -> Network {
        region.network_of(&self.subnet_group)
    }
}

/// Is what a call may change; `None` leaves it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Days of automated backups.
    pub retention: Option<u8>,
    /// Whether deletion is refused.
    pub deletion_protection: Option<bool>,
    /// Whether a standby is kept in another zone.
    pub multi_az: Option<bool>,
    /// The security groups.
    pub security_groups: Option<Vec<String>>,
    /// The parameter group.
    pub parameter_group: Option<String>,
    /// The option group.
    pub option_group: Option<String>,
    /// The subnet group.
    pub subnet_group: Option<String>,
    /// The class.
    pub class: Option<String>,
    /// The storage in GiB.
    pub storage: Option<u32>,
    /// The kind of storage.
    pub storage_type: Option<String>,
    /// Operations a second.
    pub iops: Option<u32>,
    /// The port.
    pub port: Option<u16>,
    /// Whether IAM may authenticate.
    pub iam_authentication: Option<bool>,
    /// Whether snapshots get its tags.
    pub copy_tags: Option<bool>,
    /// When backups are taken.
    pub backup_window: Option<String>,
    /// When it is maintained.
    pub maintenance_window: Option<String>,
    /// Another identifier.
    pub rename: Option<String>,
}

impl Changes {
    /// Tells whether it changes nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Makes the changes in `settings`.
    pub fn make(&self, settings: &mut Settings) {
        fn set<T: Clone>(place: &mut T, wanted: Option<&T>) {
            if let Some(wanted) = wanted {
                place.clone_from(wanted);
            }
        }
        set(&mut settings.retention, self.retention.as_ref());
        set(&mut settings.deletion_protection, self.deletion_protection.as_ref());
        set(&mut settings.multi_az, self.multi_az.as_ref());
        set(&mut settings.security_groups, self.security_groups.as_ref());
        set(&mut settings.parameter_group, self.parameter_group.as_ref());
        set(&mut settings.option_group, self.option_group.as_ref());
        set(&mut settings.subnet_group, self.subnet_group.as_ref());
        set(&mut settings.class, self.class.as_ref());
        set(&mut settings.storage, self.storage.as_ref());
        set(&mut settings.storage_type, self.storage_type.as_ref());
        set(&mut settings.iops, self.iops.as_ref());
        set(&mut settings.port, self.port.as_ref());
        set(&mut settings.iam_authentication, self.iam_authentication.as_ref());
        set(&mut settings.copy_tags, self.copy_tags.as_ref());
        set(&mut settings.backup_window, self.backup_window.as_ref());
        set(&mut settings.maintenance_window, self.maintenance_window.as_ref());
    }
}
