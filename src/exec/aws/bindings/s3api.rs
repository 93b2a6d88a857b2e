//! S3, as `s3api` calls it.

use aws_sdk_s3::types::{
    ChecksumAlgorithm, ChecksumMode, EncodingType, ObjectCannedAcl, ObjectLockLegalHoldStatus, ObjectLockMode,
    OptionalObjectAttributes, RequestPayer, ServerSideEncryption, StorageClass,
};

use crate::exec::aws::bind::{operations, words};

words!(
    ChecksumAlgorithm,
    ChecksumMode,
    EncodingType,
    ObjectCannedAcl,
    ObjectLockLegalHoldStatus,
    ObjectLockMode,
    OptionalObjectAttributes,
    RequestPayer,
    ServerSideEncryption,
    StorageClass,
);

operations! { aws_sdk_s3;
    head_object {
        set_bucket, set_if_match, set_if_modified_since, set_if_none_match, set_if_unmodified_since, set_key,
        set_range, set_response_cache_control, set_response_content_disposition,
        set_response_content_encoding, set_response_content_language, set_response_content_type,
        set_response_expires, set_version_id, set_request_payer, set_part_number, set_expected_bucket_owner,
        set_checksum_mode
    }
    head_bucket { set_bucket, set_expected_bucket_owner }
    get_bucket_versioning { set_bucket, set_expected_bucket_owner }
    get_object_tagging { set_bucket, set_key, set_version_id, set_expected_bucket_owner, set_request_payer }
    list_object_versions {
        set_bucket, set_delimiter, set_encoding_type, set_key_marker, set_max_keys, set_prefix,
        set_version_id_marker, set_expected_bucket_owner, set_request_payer, set_optional_object_attributes
    }
    put_object {
        set_acl, set_body, set_bucket, set_cache_control, set_content_disposition, set_content_encoding,
        set_content_language, set_content_md5, set_content_type, set_checksum_algorithm, set_expires,
        set_if_match, set_if_none_match, set_grant_full_control, set_grant_read, set_grant_read_acp,
        set_grant_write_acp, set_key, set_metadata, set_server_side_encryption, set_storage_class,
        set_website_redirect_location, set_ssekms_key_id, set_ssekms_encryption_context,
        set_bucket_key_enabled, set_request_payer, set_tagging, set_object_lock_mode,
        set_object_lock_retain_until_date, set_object_lock_legal_hold_status, set_expected_bucket_owner
    }
    delete_object {
        set_bucket, set_key, set_version_id, set_request_payer, set_bypass_governance_retention,
        set_expected_bucket_owner, set_if_match
    }
}
