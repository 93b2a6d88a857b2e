//! The rows of S3, as `s3api` calls it.

/// Lists services and their rows.
pub(super) const ROWS: &[(&str, &str)] = &[(
    "s3api",
    "
ListBuckets observe
    MaxBuckets:int ContinuationToken Prefix BucketRegion
HeadBucket observe
    Bucket@* ExpectedBucketOwner
GetBucketLocation observe
    Bucket@* ExpectedBucketOwner
GetBucketVersioning observe
    Bucket@* ExpectedBucketOwner
GetBucketLifecycleConfiguration observe
    Bucket@* ExpectedBucketOwner
GetBucketReplication observe
    Bucket@* ExpectedBucketOwner
GetBucketTagging observe
    Bucket@* ExpectedBucketOwner
GetBucketPolicy observe
    Bucket@* ExpectedBucketOwner
GetObjectLockConfiguration observe
    Bucket@* ExpectedBucketOwner
ListObjectsV2 observe
    Bucket@* Delimiter EncodingType MaxKeys:int Prefix ContinuationToken FetchOwner:flag StartAfter RequestPayer
    ExpectedBucketOwner OptionalObjectAttributes[]
ListObjectVersions observe
    Bucket@* Delimiter EncodingType KeyMarker MaxKeys:int Prefix VersionIdMarker ExpectedBucketOwner RequestPayer
    OptionalObjectAttributes[]
HeadObject observe
    Bucket* IfMatch IfModifiedSince:time IfNoneMatch IfUnmodifiedSince:time Key@* Range ResponseCacheControl
    ResponseContentDisposition ResponseContentEncoding ResponseContentLanguage ResponseContentType
    ResponseExpires:time VersionId RequestPayer PartNumber:int ExpectedBucketOwner ChecksumMode
GetObject observe
    Bucket* IfMatch IfModifiedSince:time IfNoneMatch IfUnmodifiedSince:time Key@* Range ResponseCacheControl
    ResponseContentDisposition ResponseContentEncoding ResponseContentLanguage ResponseContentType
    ResponseExpires:time VersionId RequestPayer PartNumber:int ExpectedBucketOwner ChecksumMode
GetObjectAttributes observe
    Bucket* Key@* VersionId MaxParts:int PartNumberMarker:int RequestPayer ExpectedBucketOwner ObjectAttributes*[]
GetObjectTagging observe
    Bucket* Key@* VersionId ExpectedBucketOwner RequestPayer
GetObjectRetention observe
    Bucket* Key@* VersionId RequestPayer ExpectedBucketOwner
GetObjectLegalHold observe
    Bucket* Key@* VersionId RequestPayer ExpectedBucketOwner
PutObject change
    ACL Body:file Bucket* CacheControl ContentDisposition ContentEncoding ContentLanguage ContentMD5 ContentType
    ChecksumAlgorithm Expires:time IfMatch IfNoneMatch GrantFullControl GrantRead GrantReadACP GrantWriteACP Key@*
    Metadata<> ServerSideEncryption StorageClass WebsiteRedirectLocation SSEKMSKeyId SSEKMSEncryptionContext
    BucketKeyEnabled:flag RequestPayer Tagging ObjectLockMode ObjectLockRetainUntilDate:time
    ObjectLockLegalHoldStatus ExpectedBucketOwner
CopyObject change
    ACL Bucket* CacheControl ChecksumAlgorithm ContentDisposition ContentEncoding ContentLanguage ContentType
    CopySource* CopySourceIfMatch CopySourceIfModifiedSince:time CopySourceIfNoneMatch
    CopySourceIfUnmodifiedSince:time Expires:time GrantFullControl GrantRead GrantReadACP GrantWriteACP IfMatch
    IfNoneMatch Key@* Metadata<> MetadataDirective TaggingDirective ServerSideEncryption StorageClass
    WebsiteRedirectLocation SSEKMSKeyId SSEKMSEncryptionContext BucketKeyEnabled:flag RequestPayer Tagging
    ObjectLockMode ObjectLockRetainUntilDate:time ObjectLockLegalHoldStatus ExpectedBucketOwner
    ExpectedSourceBucketOwner
RestoreObject change
    Bucket* Key@* VersionId RestoreRequest{} RequestPayer ChecksumAlgorithm ExpectedBucketOwner
PutObjectTagging change
    Bucket* Key@* VersionId ContentMD5 ChecksumAlgorithm Tagging*{} ExpectedBucketOwner RequestPayer
PutObjectRetention change
    Bucket* Key@* Retention{} RequestPayer VersionId BypassGovernanceRetention:flag ContentMD5 ChecksumAlgorithm
    ExpectedBucketOwner
PutObjectLegalHold change
    Bucket* Key@* LegalHold{} RequestPayer VersionId ContentMD5 ChecksumAlgorithm ExpectedBucketOwner
DeleteObject irreversible
    Bucket* Key@* VersionId RequestPayer BypassGovernanceRetention:flag ExpectedBucketOwner IfMatch
DeleteObjects irreversible
    Bucket@* Delete*{} RequestPayer BypassGovernanceRetention:flag ExpectedBucketOwner ChecksumAlgorithm
PutBucketVersioning disrupt
    Bucket@* ContentMD5 ChecksumAlgorithm VersioningConfiguration*{} ExpectedBucketOwner
PutBucketLifecycleConfiguration disrupt
    Bucket@* ChecksumAlgorithm LifecycleConfiguration{} ExpectedBucketOwner TransitionDefaultMinimumObjectSize
DeleteBucketLifecycle change
    Bucket@* ExpectedBucketOwner
PutBucketReplication change
    Bucket@* ContentMD5 ChecksumAlgorithm ReplicationConfiguration*{} Token ExpectedBucketOwner
DeleteBucketReplication disrupt
    Bucket@* ExpectedBucketOwner
PutObjectLockConfiguration change
    Bucket@* ObjectLockConfiguration{} RequestPayer Token ContentMD5 ChecksumAlgorithm ExpectedBucketOwner
wait bucket-exists = HeadBucket
wait bucket-not-exists = HeadBucket
wait object-exists = HeadObject
wait object-not-exists = HeadObject
",
)];
