//! The shapes of S3 and backups. `tests/aws_shapes.py` prints them.

use super::{EMPTY, Table};

/// The members of s3.
pub(super) const S3: Table = Table {
    lists: "Buckets TagSet",
    flat: "\
        And/Tag ChecksumAlgorithm CommonPrefixes Contents DeleteMarker Deleted Error \
        NoncurrentVersionTransition Part Rule Transition Version",
    structures: "\
        AbortIncompleteMultipartUpload AccessControlTranslation And Checksum CopyObjectResult \
        DefaultEventHold DefaultRetention DeleteMarkerReplication Destination EncryptionConfiguration \
        EventHoldDuration EventThreshold ExistingObjectReplication Expiration Filter LegalHold Metrics \
        NoncurrentVersionExpiration ObjectLockConfiguration ObjectLockConfiguration/Rule ObjectParts Owner \
        ReplicaModifications ReplicationConfiguration ReplicationTime RestoreStatus Retention \
        SourceSelectionCriteria SseKmsEncryptedObjects Tag Time",
    integers: "\
        Days DaysAfterInitiation KeyCount MaxKeys MaxParts Minutes NewerNoncurrentVersions \
        NextPartNumberMarker NoncurrentDays ObjectSize ObjectSizeGreaterThan ObjectSizeLessThan PartNumber \
        PartNumberMarker PartsCount Priority Size Years",
    booleans: "Deleted/DeleteMarker ExpiredObjectDeleteMarker IsLatest IsRestoreInProgress IsTruncated",
    times: "CreationDate Date LastModified RestoreExpiryDate RetainUntilDate",
    texts: "AccessControlTranslation/Owner",
    names: "\
        And/Tag=Tags DeleteMarker=DeleteMarkers Deleted/DeleteMarker=DeleteMarker Error=Errors \
        MfaDelete=MFADelete NoncurrentVersionTransition=NoncurrentVersionTransitions \
        ObjectLockConfiguration/Rule=Rule Part=Parts PartsCount=TotalPartsCount Rule=Rules \
        Transition=Transitions Version=Versions",
    payloads: "\
        CopyObjectResult=CopyObjectResult LegalHold=LegalHold \
        ObjectLockConfiguration=ObjectLockConfiguration ReplicationConfiguration=ReplicationConfiguration \
        Retention=Retention",
    headers: "\
        accept-ranges=AcceptRanges:texts cache-control=CacheControl:texts \
        content-disposition=ContentDisposition:texts content-encoding=ContentEncoding:texts \
        content-language=ContentLanguage:texts content-length=ContentLength:integers \
        content-range=ContentRange:texts content-type=ContentType:texts etag=ETag:texts \
        expires=Expires:times last-modified=LastModified:times \
        x-amz-access-point-alias=AccessPointAlias:booleans x-amz-archive-status=ArchiveStatus:texts \
        x-amz-bucket-arn=BucketArn:texts x-amz-bucket-location-name=BucketLocationName:texts \
        x-amz-bucket-location-type=BucketLocationType:texts x-amz-bucket-region=BucketRegion:texts \
        x-amz-checksum-crc32=ChecksumCRC32:texts x-amz-checksum-crc32c=ChecksumCRC32C:texts \
        x-amz-checksum-crc64nvme=ChecksumCRC64NVME:texts x-amz-checksum-md5=ChecksumMD5:texts \
        x-amz-checksum-sha1=ChecksumSHA1:texts x-amz-checksum-sha256=ChecksumSHA256:texts \
        x-amz-checksum-sha512=ChecksumSHA512:texts x-amz-checksum-type=ChecksumType:texts \
        x-amz-checksum-xxhash128=ChecksumXXHASH128:texts x-amz-checksum-xxhash3=ChecksumXXHASH3:texts \
        x-amz-checksum-xxhash64=ChecksumXXHASH64:texts \
        x-amz-copy-source-version-id=CopySourceVersionId:texts x-amz-delete-marker=DeleteMarker:booleans \
        x-amz-expiration=Expiration:texts x-amz-meta-=Metadata:maps x-amz-missing-meta=MissingMeta:integers \
        x-amz-mp-parts-count=PartsCount:integers \
        x-amz-object-lock-event-hold-duration-days=ObjectLockEventHoldDurationDays:integers \
        x-amz-object-lock-event-hold-duration-years=ObjectLockEventHoldDurationYears:integers \
        x-amz-object-lock-event-hold=ObjectLockEventHold:texts \
        x-amz-object-lock-legal-hold=ObjectLockLegalHoldStatus:texts \
        x-amz-object-lock-mode=ObjectLockMode:texts \
        x-amz-object-lock-retain-until-date=ObjectLockRetainUntilDate:times x-amz-object-size=Size:integers \
        x-amz-replication-status=ReplicationStatus:texts x-amz-request-charged=RequestCharged:texts \
        x-amz-restore-output-path=RestoreOutputPath:texts x-amz-restore=Restore:texts \
        x-amz-server-side-encryption-aws-kms-key-id=SSEKMSKeyId:texts \
        x-amz-server-side-encryption-bucket-key-enabled=BucketKeyEnabled:booleans \
        x-amz-server-side-encryption-context=SSEKMSEncryptionContext:texts \
        x-amz-server-side-encryption-customer-algorithm=SSECustomerAlgorithm:texts \
        x-amz-server-side-encryption-customer-key-md5=SSECustomerKeyMD5:texts \
        x-amz-server-side-encryption=ServerSideEncryption:texts x-amz-storage-class=StorageClass:texts \
        x-amz-tagging-count=TagCount:integers \
        x-amz-transition-default-minimum-object-size=TransitionDefaultMinimumObjectSize:texts \
        x-amz-version-id=VersionId:texts x-amz-website-redirect-location=WebsiteRedirectLocation:texts",
    ..EMPTY
};

/// The members of backup.
pub(super) const BACKUP: Table = Table {
    times: "\
        CompletionDate CreationDate DeleteAt ExpectedCompletionDate InitiationDate LastComputed \
        LastRestoreTime LastScanTimestamp MoveToColdStorageAt RecoveryPointCreationDate StartBy",
    ..EMPTY
};
