//! S3, as `s3api` calls it.

#![expect(deprecated, reason = "old rules have a prefix of their own, and are put back as they were")]

use aws_sdk_s3::types::{
    AbortIncompleteMultipartUpload, AccessControlTranslation, BucketLifecycleConfiguration, BucketVersioningStatus,
    ChecksumAlgorithm, ChecksumMode, DefaultRetention, Delete, DeleteMarkerReplication, DeleteMarkerReplicationStatus,
    Destination, EncodingType, EncryptionConfiguration, ExistingObjectReplication, ExistingObjectReplicationStatus,
    ExpirationStatus, GlacierJobParameters, LifecycleExpiration, LifecycleRule, LifecycleRuleAndOperator,
    LifecycleRuleFilter, MetadataDirective, Metrics, MetricsStatus, MfaDelete, NoncurrentVersionExpiration,
    NoncurrentVersionTransition, ObjectAttributes, ObjectCannedAcl, ObjectIdentifier, ObjectLockConfiguration,
    ObjectLockEnabled, ObjectLockLegalHold, ObjectLockLegalHoldStatus, ObjectLockMode, ObjectLockRetention,
    ObjectLockRetentionMode, ObjectLockRule, OptionalObjectAttributes, OwnerOverride, ReplicaModifications,
    ReplicaModificationsStatus, ReplicationConfiguration, ReplicationRule, ReplicationRuleAndOperator,
    ReplicationRuleFilter, ReplicationRuleStatus, ReplicationTime, ReplicationTimeStatus, ReplicationTimeValue,
    RequestPayer, RestoreRequest, ServerSideEncryption, SourceSelectionCriteria, SseKmsEncryptedObjects,
    SseKmsEncryptedObjectsStatus, StorageClass, Tag, Tagging, TaggingDirective, Tier, Transition,
    TransitionDefaultMinimumObjectSize, TransitionStorageClass, VersioningConfiguration,
};

use super::object;
use crate::exec::aws::bind::{operations, record, words};

words!(
    BucketVersioningStatus,
    ChecksumAlgorithm,
    ChecksumMode,
    DeleteMarkerReplicationStatus,
    EncodingType,
    ExistingObjectReplicationStatus,
    ExpirationStatus,
    MfaDelete,
    MetadataDirective,
    MetricsStatus,
    ObjectAttributes,
    ObjectCannedAcl,
    ObjectLockEnabled,
    ObjectLockLegalHoldStatus,
    ObjectLockMode,
    ObjectLockRetentionMode,
    OptionalObjectAttributes,
    OwnerOverride,
    ReplicaModificationsStatus,
    ReplicationRuleStatus,
    ReplicationTimeStatus,
    RequestPayer,
    ServerSideEncryption,
    SseKmsEncryptedObjectsStatus,
    StorageClass,
    TaggingDirective,
    Tier,
    TransitionDefaultMinimumObjectSize,
    TransitionStorageClass
);
record!(RestoreRequest { "Days" set_days, "GlacierJobParameters" set_glacier_job_parameters, "Tier" set_tier, "Description" set_description });
record!(checked GlacierJobParameters { "Tier" set_tier });
record!(checked Tagging { "TagSet" set_tag_set });
record!(checked Tag { "Key" set_key, "Value" set_value });
record!(ObjectLockRetention { "Mode" set_mode, "RetainUntilDate" set_retain_until_date });
record!(ObjectLockLegalHold { "Status" set_status });
record!(checked Delete { "Objects" set_objects, "Quiet" set_quiet });
record!(checked ObjectIdentifier { "Key" set_key, "VersionId" set_version_id, "ETag" set_e_tag, "LastModifiedTime" set_last_modified_time, "Size" set_size });
record!(VersioningConfiguration { "MFADelete" set_mfa_delete, "Status" set_status });
record!(checked BucketLifecycleConfiguration { "Rules" set_rules });
record!(checked LifecycleRule { "Expiration" set_expiration, "ID" set_id, "Prefix" set_prefix, "Filter" set_filter, "Status" set_status, "Transitions" set_transitions, "NoncurrentVersionTransitions" set_noncurrent_version_transitions, "NoncurrentVersionExpiration" set_noncurrent_version_expiration, "AbortIncompleteMultipartUpload" set_abort_incomplete_multipart_upload });
record!(LifecycleExpiration { "Date" set_date, "Days" set_days, "ExpiredObjectDeleteMarker" set_expired_object_delete_marker });
record!(LifecycleRuleFilter { "Prefix" set_prefix, "Tag" set_tag, "ObjectSizeGreaterThan" set_object_size_greater_than, "ObjectSizeLessThan" set_object_size_less_than, "And" set_and });
record!(LifecycleRuleAndOperator { "Prefix" set_prefix, "Tags" set_tags, "ObjectSizeGreaterThan" set_object_size_greater_than, "ObjectSizeLessThan" set_object_size_less_than });
record!(Transition { "Date" set_date, "Days" set_days, "StorageClass" set_storage_class });
record!(NoncurrentVersionTransition { "NoncurrentDays" set_noncurrent_days, "StorageClass" set_storage_class, "NewerNoncurrentVersions" set_newer_noncurrent_versions });
record!(NoncurrentVersionExpiration { "NoncurrentDays" set_noncurrent_days, "NewerNoncurrentVersions" set_newer_noncurrent_versions });
record!(AbortIncompleteMultipartUpload { "DaysAfterInitiation" set_days_after_initiation });
record!(checked ReplicationConfiguration { "Role" set_role, "Rules" set_rules });
record!(checked ReplicationRule { "ID" set_id, "Priority" set_priority, "Prefix" set_prefix, "Filter" set_filter, "Status" set_status, "SourceSelectionCriteria" set_source_selection_criteria, "ExistingObjectReplication" set_existing_object_replication, "Destination" set_destination, "DeleteMarkerReplication" set_delete_marker_replication });
record!(ReplicationRuleFilter { "Prefix" set_prefix, "Tag" set_tag, "And" set_and });
record!(ReplicationRuleAndOperator { "Prefix" set_prefix, "Tags" set_tags });
record!(SourceSelectionCriteria { "SseKmsEncryptedObjects" set_sse_kms_encrypted_objects, "ReplicaModifications" set_replica_modifications });
record!(checked SseKmsEncryptedObjects { "Status" set_status });
record!(checked ReplicaModifications { "Status" set_status });
record!(checked ExistingObjectReplication { "Status" set_status });
record!(checked Destination { "Bucket" set_bucket, "Account" set_account, "StorageClass" set_storage_class, "AccessControlTranslation" set_access_control_translation, "EncryptionConfiguration" set_encryption_configuration, "ReplicationTime" set_replication_time, "Metrics" set_metrics });
record!(checked AccessControlTranslation { "Owner" set_owner });
record!(EncryptionConfiguration { "ReplicaKmsKeyID" set_replica_kms_key_id });
record!(checked ReplicationTime { "Status" set_status, "Time" set_time });
record!(ReplicationTimeValue { "Minutes" set_minutes });
record!(checked Metrics { "Status" set_status, "EventThreshold" set_event_threshold });
record!(DeleteMarkerReplication { "Status" set_status });
record!(ObjectLockConfiguration { "ObjectLockEnabled" set_object_lock_enabled, "Rule" set_rule });
record!(ObjectLockRule { "DefaultRetention" set_default_retention });
record!(DefaultRetention { "Mode" set_mode, "Days" set_days, "Years" set_years });

operations! { aws_sdk_s3;
    list_buckets { set_max_buckets, set_continuation_token, set_prefix, set_bucket_region }
    head_bucket { set_bucket, set_expected_bucket_owner }
    get_bucket_location { set_bucket, set_expected_bucket_owner }
    get_bucket_versioning { set_bucket, set_expected_bucket_owner }
    get_bucket_lifecycle_configuration { set_bucket, set_expected_bucket_owner }
    get_bucket_replication { set_bucket, set_expected_bucket_owner }
    get_bucket_tagging { set_bucket, set_expected_bucket_owner }
    get_bucket_policy { set_bucket, set_expected_bucket_owner }
    get_object_lock_configuration { set_bucket, set_expected_bucket_owner }
    list_objects_v2 {
        set_bucket, set_delimiter, set_encoding_type, set_max_keys, set_prefix, set_continuation_token,
        set_fetch_owner, set_start_after, set_request_payer, set_expected_bucket_owner,
        set_optional_object_attributes
    }
    list_object_versions {
        set_bucket, set_delimiter, set_encoding_type, set_key_marker, set_max_keys, set_prefix,
        set_version_id_marker, set_expected_bucket_owner, set_request_payer, set_optional_object_attributes
    }
    head_object {
        set_bucket, set_if_match, set_if_modified_since, set_if_none_match, set_if_unmodified_since,
        set_key, set_range, set_response_cache_control, set_response_content_disposition,
        set_response_content_encoding, set_response_content_language, set_response_content_type,
        set_response_expires, set_version_id, set_request_payer, set_part_number, set_expected_bucket_owner,
        set_checksum_mode
    }
    get_object {
        set_bucket, set_if_match, set_if_modified_since, set_if_none_match, set_if_unmodified_since,
        set_key, set_range, set_response_cache_control, set_response_content_disposition,
        set_response_content_encoding, set_response_content_language, set_response_content_type,
        set_response_expires, set_version_id, set_request_payer, set_part_number, set_expected_bucket_owner,
        set_checksum_mode
    } => object::keep
    get_object_attributes {
        set_bucket, set_key, set_version_id, set_max_parts, set_part_number_marker, set_request_payer,
        set_expected_bucket_owner, set_object_attributes
    }
    get_object_tagging { set_bucket, set_key, set_version_id, set_expected_bucket_owner, set_request_payer }
    get_object_retention { set_bucket, set_key, set_version_id, set_request_payer, set_expected_bucket_owner }
    get_object_legal_hold { set_bucket, set_key, set_version_id, set_request_payer, set_expected_bucket_owner }
    put_object {
        set_acl, set_body, set_bucket, set_cache_control, set_content_disposition, set_content_encoding,
        set_content_language, set_content_md5, set_content_type, set_checksum_algorithm, set_expires,
        set_if_match, set_if_none_match, set_grant_full_control, set_grant_read, set_grant_read_acp,
        set_grant_write_acp, set_key, set_metadata, set_server_side_encryption, set_storage_class,
        set_website_redirect_location, set_ssekms_key_id, set_ssekms_encryption_context,
        set_bucket_key_enabled, set_request_payer, set_tagging, set_object_lock_mode,
        set_object_lock_retain_until_date, set_object_lock_legal_hold_status, set_expected_bucket_owner
    }
    copy_object {
        set_acl, set_bucket, set_cache_control, set_checksum_algorithm, set_content_disposition,
        set_content_encoding, set_content_language, set_content_type, set_copy_source,
        set_copy_source_if_match, set_copy_source_if_modified_since, set_copy_source_if_none_match,
        set_copy_source_if_unmodified_since, set_expires, set_grant_full_control, set_grant_read,
        set_grant_read_acp, set_grant_write_acp, set_if_match, set_if_none_match, set_key, set_metadata,
        set_metadata_directive, set_tagging_directive, set_server_side_encryption, set_storage_class,
        set_website_redirect_location, set_ssekms_key_id, set_ssekms_encryption_context,
        set_bucket_key_enabled, set_request_payer, set_tagging, set_object_lock_mode,
        set_object_lock_retain_until_date, set_object_lock_legal_hold_status, set_expected_bucket_owner,
        set_expected_source_bucket_owner
    }
    restore_object {
        set_bucket, set_key, set_version_id, set_restore_request, set_request_payer, set_checksum_algorithm,
        set_expected_bucket_owner
    }
    put_object_tagging {
        set_bucket, set_key, set_version_id, set_content_md5, set_checksum_algorithm, set_tagging,
        set_expected_bucket_owner, set_request_payer
    }
    put_object_retention {
        set_bucket, set_key, set_retention, set_request_payer, set_version_id,
        set_bypass_governance_retention, set_content_md5, set_checksum_algorithm, set_expected_bucket_owner
    }
    put_object_legal_hold {
        set_bucket, set_key, set_legal_hold, set_request_payer, set_version_id, set_content_md5,
        set_checksum_algorithm, set_expected_bucket_owner
    }
    delete_object {
        set_bucket, set_key, set_version_id, set_request_payer, set_bypass_governance_retention,
        set_expected_bucket_owner, set_if_match
    }
    delete_objects {
        set_bucket, set_delete, set_request_payer, set_bypass_governance_retention,
        set_expected_bucket_owner, set_checksum_algorithm
    }
    put_bucket_versioning {
        set_bucket, set_content_md5, set_checksum_algorithm, set_versioning_configuration,
        set_expected_bucket_owner
    }
    put_bucket_lifecycle_configuration {
        set_bucket, set_checksum_algorithm, set_lifecycle_configuration, set_expected_bucket_owner,
        set_transition_default_minimum_object_size
    }
    delete_bucket_lifecycle { set_bucket, set_expected_bucket_owner }
    put_bucket_replication {
        set_bucket, set_content_md5, set_checksum_algorithm, set_replication_configuration, set_token,
        set_expected_bucket_owner
    }
    delete_bucket_replication { set_bucket, set_expected_bucket_owner }
    put_object_lock_configuration {
        set_bucket, set_object_lock_configuration, set_request_payer, set_token, set_content_md5,
        set_checksum_algorithm, set_expected_bucket_owner
    }
}
