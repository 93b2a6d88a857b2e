//! The shapes of AWS's answers: which member is a list, a number, a time. Data and its look-up.
//!
//! One table serves every operation of a service, since a member's kind depends on its name nearly everywhere;
//! where it does not, the table has `Parent/Member`. `tests/aws_shapes.py` prints the tables from AWS's public models.

use std::collections::HashMap;
use std::sync::LazyLock;

/// Says how the text of a member is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// As it is.
    Text,
    /// A whole number.
    Integer,
    /// A number.
    Float,
    /// `true` or `false`.
    Boolean,
    /// A point in time.
    Time,
    /// Members of its own.
    Structure,
    /// An element around its items.
    List,
    /// Items that repeat without an element around them.
    Flat,
    /// `entry` elements of `key` and `value`.
    Map,
}

/// Holds a service's members, as words with spaces between.
pub(super) struct Table {
    lists: &'static str,
    flat: &'static str,
    maps: &'static str,
    structures: &'static str,
    integers: &'static str,
    floats: &'static str,
    booleans: &'static str,
    times: &'static str,
    texts: &'static str,
    /// `Element=Member` where the AWS CLI calls a member otherwise.
    names: &'static str,
    /// `Root=Member` where the whole document is one member.
    payloads: &'static str,
    /// `header=Member:kind`.
    headers: &'static str,
}

/// Answers questions about the members of one service.
#[derive(Debug)]
pub(super) struct Shapes {
    kinds: HashMap<&'static str, Shape>,
    names: HashMap<&'static str, &'static str>,
    payloads: HashMap<&'static str, &'static str>,
    headers: HashMap<&'static str, (&'static str, Shape)>,
}

impl Shapes {
    fn new(table: &Table) -> Self {
        let rows = [
            (table.lists, Shape::List),
            (table.flat, Shape::Flat),
            (table.maps, Shape::Map),
            (table.structures, Shape::Structure),
            (table.integers, Shape::Integer),
            (table.floats, Shape::Float),
            (table.booleans, Shape::Boolean),
            (table.times, Shape::Time),
            (table.texts, Shape::Text),
        ];
        let kinds = rows.iter().flat_map(|(words, shape)| words.split_whitespace().map(move |word| (word, *shape)));
        let headers = pairs(table.headers).filter_map(|(header, member)| {
            let (name, kind) = member.split_once(':')?;
            let shape = match kind {
                "integers" => Shape::Integer,
                "booleans" => Shape::Boolean,
                "times" => Shape::Time,
                "maps" => Shape::Map,
                _ => Shape::Text,
            };
            Some((header, (name, shape)))
        });
        Self {
            kinds: kinds.collect(),
            names: pairs(table.names).collect(),
            payloads: pairs(table.payloads).collect(),
            headers: headers.collect(),
        }
    }

    /// Returns the shape of the element `name` within `parent`, if it is anything but plain text.
    pub(super) fn kind(&self, parent: &str, name: &str) -> Option<Shape> {
        self.kinds.get(format!("{parent}/{name}").as_str()).or_else(|| self.kinds.get(name)).copied()
    }

    /// Returns what the AWS CLI calls the element `name` within `parent`.
    pub(super) fn name<'n>(&self, parent: &str, name: &'n str) -> &'n str
    where
        'static: 'n,
    {
        self.names.get(format!("{parent}/{name}").as_str()).or_else(|| self.names.get(name)).copied().unwrap_or(name)
    }

    /// Returns the member that a document with the root `root` is as a whole.
    pub(super) fn payload(&self, root: &str) -> Option<&'static str> {
        self.payloads.get(root).copied()
    }

    /// Lists the headers that are members: header, member, shape.
    pub(super) fn headers(&self) -> impl Iterator<Item = (&'static str, &'static str, Shape)> {
        self.headers.iter().map(|(header, (name, shape))| (*header, *name, *shape))
    }
}

fn pairs(words: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    words.split_whitespace().filter_map(|word| word.split_once('='))
}

/// Returns the shapes of a service, called as the AWS CLI calls it.
pub(super) fn of(service: &str) -> &'static Shapes {
    static ALL: LazyLock<[Shapes; 4]> =
        LazyLock::new(|| [Shapes::new(&RDS), Shapes::new(&ROUTE53), Shapes::new(&S3), Shapes::new(&STS)]);
    let [rds, route53, s3, sts] = &*ALL;
    match service {
        "rds" => rds,
        "route53" => route53,
        "sts" => sts,
        _ => s3,
    }
}

const RDS: Table = Table {
    lists: "\
        AccountQuotas AdditionalStorageVolumes ApplyModes AssociatedRoles AttributeValues Auth \
        AvailabilityZones AvailableAdditionalStorageVolumesOptions AvailableCapacityPerAvailabilityZoneList \
        AvailableProcessorFeatures BlueGreenDeployments Certificates ContextAttributes CustomEndpoints \
        DBCapacityReservations DBClusterAutomatedBackups DBClusterBacktracks DBClusterEndpoints \
        DBClusterMembers DBClusterOptionGroupMemberships DBClusterParameterGroups \
        DBClusterSnapshotAttributes DBClusterSnapshots DBClusters DBEngineVersions \
        DBInstanceAutomatedBackups DBInstanceAutomatedBackupsReplications DBInstances DBMajorEngineVersions \
        DBParameterGroups DBProxies DBProxyEndpoints DBProxyTargets DBRecommendations \
        DBSecurityGroupMemberships DBSecurityGroups DBShardGroups DBSnapshotAttributes \
        DBSnapshotTenantDatabases DBSnapshots DBSubnetGroups DatabaseInstallationFiles DescribeDBLogFiles \
        Dimensions DnsIps DomainMemberships EC2SecurityGroups EnabledCloudwatchLogsExports Errors \
        EventCategories EventCategoriesList EventCategoriesMapList EventSubscriptionsList Events \
        ExcludedMembers ExportOnly ExportTasks ExportableLogTypes GlobalClusterMembers GlobalClusters \
        IPRanges Integrations IopsToStorageRatio Links LogTypesToDisable LogTypesToEnable Metrics \
        MinimumEngineVersionPerAllowedValue OptionGroupMemberships OptionGroupOptionSettings \
        OptionGroupOptionVersions OptionGroupOptions OptionGroupsList OptionSettings Options \
        OptionsConflictsWith OptionsDependedOn OrderableDBInstanceOptions Parameters \
        PendingMaintenanceActionDetails PendingMaintenanceActions ProcessorFeatures ProvisionedIops \
        ProvisionedStorageThroughput ReadReplicaDBClusterIdentifiers ReadReplicaDBInstanceIdentifiers \
        ReadReplicaIdentifiers Readers RecommendedActions RecurringCharges References ReservedDBInstances \
        ReservedDBInstancesOfferings ServerlessV2PlatformVersions SessionPinningFilters SourceIdsList \
        SourceRegions StaticMembers StatusInfos Storage StorageSize StorageThroughputToIopsRatio Subnets \
        SupportedActivityStreamModes SupportedCACertificateIdentifiers SupportedCharacterSets \
        SupportedEngineLifecycles SupportedEngineModes SupportedFeatureNames SupportedNcharCharacterSets \
        SupportedNetworkTypes SupportedTimezones SwitchoverDetails TagList Tags TargetGroups Targets Tasks \
        TenantDatabases ValidProcessorFeatures ValidUpgradeTarget Volumes VpcSecurityGroupIds \
        VpcSecurityGroupMemberships VpcSecurityGroups VpcSubnetIds",
    flat: "",
    maps: "AdditionalEncryptionContext",
    structures: "\
        /DBClusterParameterGroup AdditionalStorage BlueGreenDeployment Certificate CertificateDetails \
        CommitmentInfo ConnectionPoolConfig DBCapacityReservation DBCluster DBClusterAutomatedBackup \
        DBClusterSnapshot DBClusterSnapshotAttributesResult DBInstance DBInstance/Endpoint \
        DBInstanceAutomatedBackup DBParameterGroup DBProxy DBProxyEndpoint DBProxyTargetGroup \
        DBRecommendation DBSecurityGroup DBSnapshot DBSnapshotAttributesResult DBSubnetGroup \
        DefaultCharacterSet EngineDefaults EventSubscription FailoverState GlobalCluster GroupBy Image \
        IssueDetails LimitlessDatabase ListenerEndpoint MasterUserSecret MetricQuery OptionGroup \
        PendingCloudwatchLogsExports PendingModifiedValues PerformanceInsightsMetricQuery \
        PerformanceIssueDetails RdsCustomClusterConfiguration ReferenceDetails ReservedDBInstance \
        ResourcePendingMaintenanceActions RestoreWindow ScalarReferenceDetails ScalingConfigurationInfo \
        ServerlessV2FeaturesSupport ServerlessV2ScalingConfiguration SubnetAvailabilityZone SubnetOutpost \
        TargetHealth TenantDatabase ValidDBInstanceModificationsMessage",
    integers: "\
        AllocatedStorage AvailableCapacity BacktrackConsumedChangeRecords BacktrackWindow \
        BackupRetentionPeriod Capacity CommittedCapacityPerAvailabilityZone ComputeRedundancy \
        ConnectionBorrowTimeout CurrentCapacity DBInstanceCount DbInstancePort DefaultPort Duration From \
        FullSnapshotSizeInBytes IOPS IdleClientTimeout Iops LastWritten Limit Max MaxAllocatedStorage \
        MaxConnectionsPercent MaxIdleConnectionsPercent MaxIops MaxIopsPerDbInstance MaxStorageSize \
        MaxStorageThroughput MaxStorageThroughputPerDbInstance MinIops MinIopsPerDbInstance MinStorageSize \
        MinStorageThroughput MinStorageThroughputPerDbInstance MonitoringInterval PendingCapacity \
        PercentProgress PerformanceInsightsRetentionPeriod Port PromotionTier \
        ReservedCapacityPerAvailabilityZone ScalingConfigurationInfo/MaxCapacity \
        ScalingConfigurationInfo/MinCapacity SecondsBeforeTimeout SecondsUntilAutoPause Size Step \
        StorageOperationPercentProgress StorageThroughput To TotalExtractedDataInGB Used",
    floats: "\
        DoubleRange/From DoubleRange/To FixedPrice MaxACU MaxCapacity MaxIopsPerGib \
        MaxStorageThroughputPerIops MinACU MinCapacity MinIopsPerGib MinRequiredACU \
        MinStorageThroughputPerIops RecurringChargeAmount ScalarReferenceDetails/Value UsagePrice",
    booleans: "\
        ActivityStreamEngineNativeAuditFieldsIncluded AdditionalDataPending \
        AllowsVpcAndNonVpcInstanceMemberships ApplyImmediately AutoMinorVersionUpgrade AutoPause AutoUpgrade \
        CopyTagsToSnapshot CopyableCrossAccount CopyableCrossRegion CrossAccountClone CustomerOverride \
        CustomerOwnedIpEnabled DebugLogging DedicatedLogVolume DeletionProtection Enabled Encrypted \
        EngineNativeAuditFieldsIncluded GlobalWriteForwardingRequested HttpEndpointEnabled \
        IAMDatabaseAuthenticationEnabled InternetAccessGatewayEnabled IsClusterWriter IsCollection \
        IsDataLossAllowed IsDefault IsMajorVersionUpgrade IsModifiable IsRequired \
        IsStorageConfigUpgradeAvailable IsWriter MultiAZ MultiAZCapable MultiTenant Normal OutpostCapable \
        PerformanceInsightsEnabled Permanent Persistent PortRequired PubliclyAccessible ReadReplicaCapable \
        RequireTLS RequiresAutoMinorEngineVersionUpgrade StorageEncrypted SupportsAdditionalStorageVolumes \
        SupportsBabelfish SupportsCertificateRotationWithoutRestart SupportsClusters \
        SupportsDBInstanceAutomatedBackupsReplication SupportsDedicatedLogVolume SupportsEnhancedMonitoring \
        SupportsGlobalDatabases SupportsHttpEndpoint SupportsIAMDatabaseAuthentication SupportsIntegrations \
        SupportsIops SupportsKerberosAuthentication SupportsLimitlessDatabase SupportsLocalWriteForwarding \
        SupportsLogExportsToCloudwatchLogs SupportsOptionVersionDowngrade SupportsParallelQuery \
        SupportsPerformanceInsights SupportsReadReplica SupportsStorageAutoscaling SupportsStorageEncryption \
        SupportsStorageThroughput VPCNetworkingEnabled Vpc VpcOnly",
    times: "\
        AutoAppliedAfterDate AutomaticRestartTime BacktrackRequestCreationTime BacktrackTo BacktrackedFrom \
        ClusterCreateTime CommitmentEndDate CopyTimestamp CreateDate CreateTime CreatedDate CreatedTime \
        CurrentApplyDate CustomerOverrideValidTill Date DeleteTime EarliestBacktrackTime \
        EarliestRestorableTime EarliestTime EndDate EndTime ForcedApplyDate \
        IOOptimizedNextAllowedModificationTime InstanceCreateTime LatestRestorableTime LatestTime \
        LifecycleSupportEndDate LifecycleSupportStartDate OriginalSnapshotCreateTime \
        ResumeFullAutomationModeTime SnapshotCreateTime SnapshotDatabaseTime SnapshotTime StartDate \
        StartTime TaskEndTime TaskStartTime TenantDatabaseCreateTime UpdatedDate UpdatedTime ValidFrom \
        ValidTill",
    texts: "DBCluster/DBSubnetGroup DBCluster/PercentProgress DBInstance/PercentProgress",
    names: "",
    payloads: "",
    headers: "",
};

const ROUTE53: Table = Table {
    lists: "\
        CheckerIpRanges ChildHealthChecks CidrBlocks CidrCollections CidrLocations DelegationSets Dimensions \
        GeoLocationDetailsList HealthCheckObservations HealthChecks HostedZoneSummaries HostedZones \
        KeySigningKeys NameServers QueryLoggingConfigs RecordData Regions ResourceRecordSetProtections \
        ResourceRecordSets ResourceRecords ResourceTagSets Tags TrafficPolicies TrafficPolicyInstances \
        TrafficPolicySummaries VPCs",
    flat: "",
    maps: "",
    structures: "\
        /Status AlarmIdentifier AliasTarget ChangeInfo CidrRoutingConfig CloudWatchAlarmConfiguration \
        Collection Config Coordinates DelegationSet FailureReasons Features GeoLocation GeoLocationDetails \
        GeoProximityLocation HealthCheck HealthCheckConfig HostedZone KeySigningKey Limit LinkedService \
        Owner QueryLoggingConfig ResourceTagSet StatusReport TrafficPolicy TrafficPolicyInstance VPC",
    integers: "\
        Bias Count DigestAlgorithmType EvaluationPeriods FailureThreshold Flag HealthCheckCount \
        HealthCheckVersion HealthThreshold HostedZoneCount KeyTag LatestVersion Limit/Value Period Port \
        RequestInterval ResourceRecordSetCount SigningAlgorithmType TTL TrafficPolicyCount \
        TrafficPolicyInstanceCount TrafficPolicyVersion Version Weight",
    floats: "Threshold",
    booleans: "\
        Disabled EnableSNI EvaluateTargetHealth Inverted IsTruncated MeasureLatency MultiValueAnswer \
        PrivateZone",
    times: "CheckedTime CreatedDate LastModifiedDate SubmittedAt",
    texts: "",
    names: "",
    payloads: "",
    headers: "location=Location:texts",
};

const S3: Table = Table {
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

const STS: Table = Table {
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
