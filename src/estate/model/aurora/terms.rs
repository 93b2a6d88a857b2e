//! The settings of a cluster: what a call may give, what a call may change, what no cluster can have.

use super::super::place::Region;
use super::super::rds::{Refusal, days, placed};

/// Holds the settings of a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// The port.
    pub port: u16,
    /// Days of automated backups; a cluster always has them.
    pub retention: u8,
    /// Whether deletion is refused.
    pub deletion_protection: bool,
    /// The security groups.
    pub security_groups: Vec<String>,
    /// The subnet group.
    pub subnet_group: String,
    /// The cluster parameter group.
    pub parameter_group: String,
    /// Whether IAM may authenticate.
    pub iam_authentication: bool,
    /// Whether snapshots get its tags.
    pub copy_tags: bool,
    /// When backups are taken.
    pub backup_window: String,
    /// When it is maintained.
    pub maintenance_window: String,
    /// The name of the role that owns everything.
    pub master: String,
    /// The name of the database in it.
    pub database: Option<String>,
}

/// Is what a call gives or changes; `None` leaves it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TermChanges {
    /// The port.
    pub port: Option<u16>,
    /// Days of automated backups.
    pub retention: Option<u8>,
    /// Whether deletion is refused.
    pub deletion_protection: Option<bool>,
    /// The security groups.
    pub security_groups: Option<Vec<String>>,
    /// The subnet group.
    pub subnet_group: Option<String>,
    /// The cluster parameter group.
    pub parameter_group: Option<String>,
    /// Whether IAM may authenticate.
    pub iam_authentication: Option<bool>,
    /// Whether snapshots get its tags.
    pub copy_tags: Option<bool>,
    /// When backups are taken.
    pub backup_window: Option<String>,
    /// When it is maintained.
    pub maintenance_window: Option<String>,
}

impl TermChanges {
    /// Makes the changes in `terms`.
    pub fn make(&self, terms: &mut Terms) {
        fn set<T: Clone>(place: &mut T, wanted: Option<&T>) {
            if let Some(wanted) = wanted {
                place.clone_from(wanted);
            }
        }
        set(&mut terms.port, self.port.as_ref());
        set(&mut terms.retention, self.retention.as_ref());
        set(&mut terms.deletion_protection, self.deletion_protection.as_ref());
        set(&mut terms.security_groups, self.security_groups.as_ref());
        set(&mut terms.subnet_group, self.subnet_group.as_ref());
        set(&mut terms.parameter_group, self.parameter_group.as_ref());
        set(&mut terms.iam_authentication, self.iam_authentication.as_ref());
        set(&mut terms.copy_tags, self.copy_tags.as_ref());
        set(&mut terms.backup_window, self.backup_window.as_ref());
        set(&mut terms.maintenance_window, self.maintenance_window.as_ref());
    }
}

/// Refuses settings that no cluster can have.
pub(super) fn check_terms(region: Region, terms: &Terms) -> Result<(), Refusal> {
    if days(terms.retention)? == 0 {
        let message = "Invalid backup retention period: 0. A DB cluster always keeps backups, for 1 to 35 days.";
        return Err(Refusal::Value(message.to_owned()));
    }
    if terms.parameter_group != super::DEFAULT_CLUSTER_PARAMETER_GROUP {
        return Err(Refusal::NoClusterParameterGroup(terms.parameter_group.clone()));
    }
    placed((&terms.subnet_group, &terms.security_groups), region)
}
