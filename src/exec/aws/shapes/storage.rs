//! The shapes of S3 and backups. `tests/aws_shapes.py` prints them.

use super::Table;

/// The members of s3.
pub(super) const S3: Table = Table {
    lists: "AccessControlList Annotations Buckets OptionalFields RoutingRules TagSet TargetGrants",
    flat: "\
        /Error AllowedHeader AllowedMethod AllowedOrigin And/Tag CORSRule ChecksumAlgorithm CommonPrefixes \
        Contents DeleteMarker Deleted EncryptionType ExposeHeader FilterRule Part Rule Tiering Upload \
        Version",
    maps: "",
    structures: "\
        /Payload AbacStatus AbortIncompleteMultipartUpload AccessControlTranslation AnalyticsConfiguration \
        And AnnotationTableConfigurationResult ApplyServerSideEncryptionByDefault BlockedEncryptionTypes \
        Checksum CloudFunctionConfiguration Condition Cont CopyObjectResult CopyPartResult Credentials \
        DataExport DefaultEventHold DefaultRetention DeleteMarkerReplication Destination DestinationResult \
        Details Encryption EncryptionConfiguration End Error ErrorDocument EventBridgeConfiguration \
        EventHoldDuration EventThreshold ExistingObjectReplication Filter \
        GetBucketMetadataConfigurationResult GetBucketMetadataTableConfigurationResult Grantee IndexDocument \
        Initiator IntelligentTieringConfiguration InventoryConfiguration InventoryTableConfigurationResult \
        JournalTableConfigurationResult LegalHold LoggingEnabled MetadataConfigurationResult \
        MetadataTableConfigurationResult Metrics MetricsConfiguration NoncurrentVersionExpiration \
        NoncurrentVersionTransition ObjectLockConfiguration ObjectLockConfiguration/Rule ObjectParts Owner \
        OwnershipControls PartitionedPrefix PolicyStatus Progress PublicAccessBlockConfiguration \
        QueueConfiguration RecordExpiration Records Redirect RedirectAllRequestsTo ReplicaModifications \
        ReplicationConfiguration ReplicationTime RestoreStatus Retention Rule/Expiration S3BucketDestination \
        S3Key S3TablesDestinationResult SSE-KMS SSE-S3 Schedule ServerSideEncryptionConfiguration \
        SimplePrefix SourceSelectionCriteria SseKmsEncryptedObjects Stats StorageClassAnalysis Tag \
        TargetObjectKeyFormat Time TopicConfiguration Transition",
    integers: "\
        AnnotationCount BytesProcessed BytesReturned BytesScanned Days DaysAfterInitiation KeyCount \
        MaxAgeSeconds MaxAnnotationResults MaxKeys MaxParts MaxUploads Minutes NewerNoncurrentVersions \
        NextPartNumberMarker NoncurrentDays ObjectSize ObjectSizeGreaterThan ObjectSizeLessThan PartNumber \
        PartNumberMarker PartsCount Priority Size Years",
    floats: "",
    booleans: "\
        BlockPublicAcls BlockPublicPolicy BucketKeyEnabled Deleted/DeleteMarker ExpiredObjectDeleteMarker \
        IgnorePublicAcls IsEnabled IsLatest IsPublic IsRestoreInProgress IsTruncated RestrictPublicBuckets",
    times: "CreationDate Date Expiration Initiated LastModified RestoreExpiryDate RetainUntilDate",
    texts: "\
        /ChecksumAlgorithm AccessControlTranslation/Owner RecordExpiration/Expiration \
        Upload/ChecksumAlgorithm",
    names: "\
        /Error=Errors AccessControlList=Grants AllowedHeader=AllowedHeaders AllowedMethod=AllowedMethods \
        AllowedOrigin=AllowedOrigins And/Tag=Tags CORSRule=CORSRules CloudFunction=LambdaFunctionArn \
        DeleteMarker=DeleteMarkers Deleted/DeleteMarker=DeleteMarker ExposeHeader=ExposeHeaders \
        FilterRule=FilterRules MfaDelete=MFADelete ObjectLockConfiguration/Rule=Rule Part=Parts \
        PartsCount=TotalPartsCount Queue=QueueArn Rule=Rules S3Key=Key SSE-KMS=SSEKMS SSE-S3=SSES3 \
        Tiering=Tierings Topic=TopicArn Upload=Uploads Version=Versions",
    payloads: "\
        AbacStatus=AbacStatus AnalyticsConfiguration=AnalyticsConfiguration \
        CopyObjectResult=CopyObjectResult CopyPartResult=CopyPartResult \
        GetBucketMetadataConfigurationResult=GetBucketMetadataConfigurationResult \
        GetBucketMetadataTableConfigurationResult=GetBucketMetadataTableConfigurationResult \
        IntelligentTieringConfiguration=IntelligentTieringConfiguration \
        InventoryConfiguration=InventoryConfiguration LegalHold=LegalHold \
        MetricsConfiguration=MetricsConfiguration ObjectLockConfiguration=ObjectLockConfiguration \
        OwnershipControls=OwnershipControls PolicyStatus=PolicyStatus \
        PublicAccessBlockConfiguration=PublicAccessBlockConfiguration \
        ReplicationConfiguration=ReplicationConfiguration Retention=Retention \
        SelectObjectContentEventStream=Payload \
        ServerSideEncryptionConfiguration=ServerSideEncryptionConfiguration",
    headers: "\
        accept-ranges=AcceptRanges:texts cache-control=CacheControl:texts \
        content-disposition=ContentDisposition:texts content-encoding=ContentEncoding:texts \
        content-language=ContentLanguage:texts content-length=ContentLength:integers \
        content-range=ContentRange:texts content-type=ContentType:texts etag=ETag:texts \
        expires=Expires:times last-modified=LastModified:times location=Location:texts \
        x-amz-abort-date=AbortDate:times x-amz-abort-rule-id=AbortRuleId:texts \
        x-amz-access-point-alias=AccessPointAlias:booleans x-amz-archive-status=ArchiveStatus:texts \
        x-amz-bucket-arn=BucketArn:texts x-amz-bucket-location-name=BucketLocationName:texts \
        x-amz-bucket-location-type=BucketLocationType:texts x-amz-bucket-region=BucketRegion:texts \
        x-amz-checksum-algorithm=ChecksumAlgorithm:texts x-amz-checksum-crc32=ChecksumCRC32:texts \
        x-amz-checksum-crc32c=ChecksumCRC32C:texts x-amz-checksum-crc64nvme=ChecksumCRC64NVME:texts \
        x-amz-checksum-md5=ChecksumMD5:texts x-amz-checksum-sha1=ChecksumSHA1:texts \
        x-amz-checksum-sha256=ChecksumSHA256:texts x-amz-checksum-sha512=ChecksumSHA512:texts \
        x-amz-checksum-type=ChecksumType:texts x-amz-checksum-xxhash128=ChecksumXXHASH128:texts \
        x-amz-checksum-xxhash3=ChecksumXXHASH3:texts x-amz-checksum-xxhash64=ChecksumXXHASH64:texts \
        x-amz-copy-source-version-id=CopySourceVersionId:texts x-amz-delete-marker=DeleteMarker:booleans \
        x-amz-expiration=Expiration:texts x-amz-meta-=Metadata:maps x-amz-missing-meta=MissingMeta:integers \
        x-amz-mp-parts-count=PartsCount:integers \
        x-amz-object-lock-event-hold-duration-days=ObjectLockEventHoldDurationDays:integers \
        x-amz-object-lock-event-hold-duration-years=ObjectLockEventHoldDurationYears:integers \
        x-amz-object-lock-event-hold=ObjectLockEventHold:texts \
        x-amz-object-lock-legal-hold=ObjectLockLegalHoldStatus:texts \
        x-amz-object-lock-mode=ObjectLockMode:texts \
        x-amz-object-lock-retain-until-date=ObjectLockRetainUntilDate:times x-amz-object-size=Size:integers \
        x-amz-object-version-id=ObjectVersionId:texts x-amz-replication-status=ReplicationStatus:texts \
        x-amz-request-charged=RequestCharged:texts x-amz-restore-output-path=RestoreOutputPath:texts \
        x-amz-restore=Restore:texts x-amz-server-side-encryption-aws-kms-key-id=SSEKMSKeyId:texts \
        x-amz-server-side-encryption-bucket-key-enabled=BucketKeyEnabled:booleans \
        x-amz-server-side-encryption-context=SSEKMSEncryptionContext:texts \
        x-amz-server-side-encryption-customer-algorithm=SSECustomerAlgorithm:texts \
        x-amz-server-side-encryption-customer-key-md5=SSECustomerKeyMD5:texts \
        x-amz-server-side-encryption=ServerSideEncryption:texts x-amz-storage-class=StorageClass:texts \
        x-amz-tagging-count=TagCount:integers \
        x-amz-transition-default-minimum-object-size=TransitionDefaultMinimumObjectSize:texts \
        x-amz-version-id=VersionId:texts x-amz-website-redirect-location=WebsiteRedirectLocation:texts",
};

/// The members of backup.
pub(super) const BACKUP: Table = Table {
    lists: "",
    flat: "",
    maps: "",
    structures: "",
    integers: "",
    floats: "",
    booleans: "",
    times: "\
        CompletionDate CreationDate DeleteAt ExpectedCompletionDate InitiationDate LastComputed \
        LastRestoreTime LastScanTimestamp MoveToColdStorageAt RecoveryPointCreationDate StartBy",
    texts: "",
    names: "",
    payloads: "",
    headers: "",
};
