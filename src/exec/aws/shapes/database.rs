//! The shapes of RDS, Aurora and caches. `tests/aws_shapes.py` prints them.

use super::{EMPTY, Table};

/// The members of rds.
pub(super) const RDS: Table = Table {
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
    ..EMPTY
};

/// The members of elasticache.
pub(super) const ELASTICACHE: Table = Table {
    lists: "\
        CacheClusters CacheNodeIdsToReboot CacheNodeIdsToRemove CacheNodes CacheSecurityGroups Events \
        GlobalNodeGroups GlobalReplicationGroups LogDeliveryConfigurations MemberClusters \
        MemberClustersOutpostArns Members NodeGroupMembers NodeGroups PendingLogDeliveryConfiguration \
        ReplicationGroups SecurityGroups UserGroupIds UserGroupIdsToAdd UserGroupIdsToRemove",
    structures: "\
        CacheParameterGroup CloudWatchLogsDetails ConfigurationEndpoint DestinationDetails Endpoint \
        GlobalReplicationGroup GlobalReplicationGroupInfo KinesisFirehoseDetails NotificationConfiguration \
        PendingModifiedValues PrimaryEndpoint ReadEndpoint ReaderEndpoint ReplicationGroup Resharding \
        ScaleConfig SlotMigration UserGroups",
    integers: "NumCacheNodes Port ScaleIntervalMinutes ScalePercentage SnapshotRetentionLimit",
    floats: "ProgressPercentage",
    booleans: "\
        AtRestEncryptionEnabled AuthTokenEnabled AutoMinorVersionUpgrade ClusterEnabled \
        ReplicationGroupLogDeliveryEnabled TransitEncryptionEnabled",
    times: "AuthTokenLastModifiedDate CacheClusterCreateTime CacheNodeCreateTime Date ReplicationGroupCreateTime",
    names: "PendingLogDeliveryConfiguration=LogDeliveryConfigurations",
    ..EMPTY
};
