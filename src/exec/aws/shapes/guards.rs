//! The shapes of what watches and lets in. `tests/aws_shapes.py` prints them.

use super::{EMPTY, Table};

/// The members of sts.
pub(super) const STS: Table = Table {
    structures: "AssumedRoleUser Credentials FederatedUser",
    integers: "PackedPolicySize SessionTokenSize SessionTokenUtilization",
    times: "Expiration",
    ..EMPTY
};

/// The members of cloudwatch.
pub(super) const CLOUDWATCH: Table = Table {
    times: "\
        AlarmConfigurationUpdatedTimestamp StateTransitionedTimestamp StateUpdatedTimestamp Timestamp \
        Timestamps",
    ..EMPTY
};

/// The members of cloudtrail.
pub(super) const CLOUDTRAIL: Table = Table {
    times: "\
        EventTime LatestCloudWatchLogsDeliveryTime LatestDeliveryTime LatestDigestDeliveryTime \
        LatestNotificationTime StartLoggingTime StopLoggingTime",
    ..EMPTY
};

/// The members of kms.
pub(super) const KMS: Table = Table { times: "CreationDate DeletionDate LastUpdatedDate ValidTo", ..EMPTY };

/// The members of secretsmanager.
pub(super) const SECRETSMANAGER: Table = Table {
    lists: "/ReplicationStatus",
    times: "\
        CreatedDate DeletedDate DeletionDate LastAccessedDate LastChangedDate LastRotatedDate \
        NextRotationDate",
    ..EMPTY
};

/// The members of sns.
pub(super) const SNS: Table = Table { ..EMPTY };
