//! The shapes of what watches and lets in. `tests/aws_shapes.py` prints them.

use super::Table;

/// The members of sts.
pub(super) const STS: Table = Table {
    lists: "",
    flat: "",
    maps: "",
    structures: "AssumedRoleUser Credentials FederatedUser",
    integers: "PackedPolicySize SessionTokenSize SessionTokenUtilization",
    floats: "",
    booleans: "",
    times: "Expiration",
    texts: "",
    names: "",
    payloads: "",
    headers: "",
};

/// The members of cloudwatch.
pub(super) const CLOUDWATCH: Table = Table {
    lists: "",
    flat: "",
    maps: "",
    structures: "",
    integers: "",
    floats: "",
    booleans: "",
    times: "\
        AlarmConfigurationUpdatedTimestamp StateTransitionedTimestamp StateUpdatedTimestamp Timestamp \
        Timestamps",
    texts: "",
    names: "",
    payloads: "",
    headers: "",
};

/// The members of cloudtrail.
pub(super) const CLOUDTRAIL: Table = Table {
    lists: "",
    flat: "",
    maps: "",
    structures: "",
    integers: "",
    floats: "",
    booleans: "",
    times: "\
        EventTime LatestCloudWatchLogsDeliveryTime LatestDeliveryTime LatestDigestDeliveryTime \
        LatestNotificationTime StartLoggingTime StopLoggingTime",
    texts: "",
    names: "",
    payloads: "",
    headers: "",
};

/// The members of kms.
pub(super) const KMS: Table = Table {
    lists: "",
    flat: "",
    maps: "",
    structures: "",
    integers: "",
    floats: "",
    booleans: "",
    times: "CreationDate DeletionDate LastUpdatedDate ValidTo",
    texts: "",
    names: "",
    payloads: "",
    headers: "",
};

/// The members of secretsmanager.
pub(super) const SECRETSMANAGER: Table = Table {
    lists: "/ReplicationStatus",
    flat: "",
    maps: "",
    structures: "",
    integers: "",
    floats: "",
    booleans: "",
    times: "\
        CreatedDate DeletedDate DeletionDate LastAccessedDate LastChangedDate LastRotatedDate \
        NextRotationDate",
    texts: "",
    names: "",
    payloads: "",
    headers: "",
};

/// The members of sns.
pub(super) const SNS: Table = Table {
    lists: "",
    flat: "",
    maps: "",
    structures: "",
    integers: "",
    floats: "",
    booleans: "",
    times: "",
    texts: "",
    names: "",
    payloads: "",
    headers: "",
};
