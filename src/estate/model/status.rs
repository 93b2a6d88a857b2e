//! What `DBInstanceStatus` says, and what ails an instance.

/// Is what `DBInstanceStatus` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Usable, nothing under way that anybody can see.
    Available,
    /// It is being made.
    Creating,
    /// A change is being made.
    Modifying,
    /// The engine is restarting; nobody can connect.
    Rebooting,
    /// A backup is being taken; usable.
    BackingUp,
    /// It is getting another identifier.
    Renaming,
    /// It is being deleted.
    Deleting,
    /// It is being started.
    Starting,
    /// It is being stopped.
    Stopping,
    /// It is stopped.
    Stopped,
    /// Its storage settles after a change; usable, but not to be changed again.
    StorageOptimization,
    /// Its storage is full; nobody can write.
    StorageFull,
    /// Its key is gone, and may come back.
    KeyLost,
    /// It cannot be brought back.
    Failed,
    /// What it was to be restored from could not be restored.
    RestoreError,
}

impl Status {
    /// Returns AWS's word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Available => "available",
            Self::Creating => "creating",
            Self::Modifying => "modifying",
            Self::Rebooting => "rebooting",
            Self::BackingUp => "backing-up",
            Self::Renaming => "renaming",
            Self::Deleting => "deleting",
            Self::Starting => "starting",
            Self::Stopping => "stopping",
            Self::Stopped => "stopped",
            Self::StorageOptimization => "storage-optimization",
            Self::StorageFull => "storage-full",
            Self::KeyLost => "inaccessible-encryption-credentials-recoverable",
            Self::Failed => "failed",
            Self::RestoreError => "restore-error",
        }
    }

    /// Tells whether the engine takes connections while the status says this.
    pub const fn connects(self) -> bool {
        match self {
            Self::Available | Self::Modifying | Self::BackingUp | Self::Renaming | Self::StorageOptimization => true,
            Self::Creating
            | Self::Rebooting
            | Self::Deleting
            | Self::Starting
            | Self::Stopping
            | Self::Stopped
            | Self::StorageFull
            | Self::KeyLost
            | Self::Failed
            | Self::RestoreError => false,
        }
    }
}

/// Is what ails an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ailment {
    /// Its host stalls: the status says `available`, nobody gets an answer. A restart in place does not help.
    Stalled,
    /// Its host, or the zone of it, is gone.
    HostLost,
    /// Its storage is full.
    StorageFull,
    /// Its key is disabled or waits for its deletion.
    KeyLost,
    /// The server behind it died.
    Failed,
    /// It could not be restored.
    RestoreError,
    /// It was stopped.
    Stopped,
}

impl Ailment {
    /// Returns what the status says because of it.
    pub const fn status(self) -> Status {
        match self {
            Self::Stalled | Self::HostLost => Status::Available,
            Self::StorageFull => Status::StorageFull,
            Self::KeyLost => Status::KeyLost,
            Self::Failed => Status::Failed,
            Self::RestoreError => Status::RestoreError,
            Self::Stopped => Status::Stopped,
        }
    }
}
