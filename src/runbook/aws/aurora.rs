//! The rows of Aurora: clusters and global clusters, which are RDS operations too.

/// Lists services and their rows.
pub(super) const ROWS: &[(&str, &str)] = &[(
    "rds",
    "
DescribeDBClusters observe
    DBClusterIdentifier@ Filters[Filter]{Name* Values*[Value]} MaxRecords:int Marker IncludeShared:flag
DescribeDBClusterSnapshots observe
    DBClusterIdentifier DBClusterSnapshotIdentifier@ SnapshotType Filters[Filter]{Name* Values*[Value]}
    MaxRecords:int Marker IncludeShared:flag IncludePublic:flag DbClusterResourceId
DescribeDBClusterSnapshotAttributes observe
    DBClusterSnapshotIdentifier@*
DescribeDBClusterAutomatedBackups observe
    DbClusterResourceId DBClusterIdentifier@ Filters[Filter]{Name* Values*[Value]} MaxRecords:int Marker
DescribeDBClusterBacktracks observe
    DBClusterIdentifier@* BacktrackIdentifier Filters[Filter]{Name* Values*[Value]} MaxRecords:int Marker
DescribeDBClusterEndpoints observe
    DBClusterIdentifier@ DBClusterEndpointIdentifier Filters[Filter]{Name* Values*[Value]} MaxRecords:int Marker
DescribeDBClusterParameterGroups observe
    DBClusterParameterGroupName@ Filters[Filter]{Name* Values*[Value]} MaxRecords:int Marker
DescribeDBClusterParameters observe
    DBClusterParameterGroupName@* Source Filters[Filter]{Name* Values*[Value]} MaxRecords:int Marker
DescribeGlobalClusters observe
    GlobalClusterIdentifier@ Filters[Filter]{Name* Values*[Value]} MaxRecords:int Marker
CreateDBCluster change
    AvailabilityZones[AvailabilityZone] BackupRetentionPeriod:int CharacterSetName DatabaseName
    DBClusterIdentifier@* DBClusterParameterGroupName VpcSecurityGroupIds[VpcSecurityGroupId] DBSubnetGroupName
    Engine* EngineVersion Port:int MasterUsername OptionGroupName PreferredBackupWindow PreferredMaintenanceWindow
    ReplicationSourceIdentifier Tags[Tag]{Key Value} StorageEncrypted:flag KmsKeyId
    EnableIAMDatabaseAuthentication:flag BacktrackWindow:int EnableCloudwatchLogsExports[] EngineMode
    ScalingConfiguration{MinCapacity:int MaxCapacity:int AutoPause:flag SecondsUntilAutoPause:int TimeoutAction
    SecondsBeforeTimeout:int} RdsCustomClusterConfiguration{InterconnectSubnetId TransitGatewayMulticastDomainId
    ReplicaMode} DBClusterInstanceClass AllocatedStorage:int StorageType Iops:int PubliclyAccessible:flag
    AutoMinorVersionUpgrade:flag DeletionProtection:flag GlobalClusterIdentifier EnableHttpEndpoint:flag
    CopyTagsToSnapshot:flag Domain DomainIAMRoleName EnableGlobalWriteForwarding:flag NetworkType
    ServerlessV2ScalingConfiguration{MinCapacity:float MaxCapacity:float SecondsUntilAutoPause:int}
    MonitoringInterval:int MonitoringRoleArn DatabaseInsightsMode EnablePerformanceInsights:flag
    PerformanceInsightsKMSKeyId PerformanceInsightsRetentionPeriod:int EnableLimitlessDatabase:flag
    ClusterScalabilityType DBSystemId ManageMasterUserPassword:flag EnableLocalWriteForwarding:flag
    MasterUserSecretKmsKeyId CACertificateIdentifier EngineLifecycleSupport TagSpecifications[item]{ResourceType
    Tags[Tag]{Key Value}} MasterUserAuthenticationType WithExpressConfiguration:flag SourceRegion
ModifyDBCluster disrupt
    DBClusterIdentifier@* NewDBClusterIdentifier ApplyImmediately:flag BackupRetentionPeriod:int
    DBClusterParameterGroupName VpcSecurityGroupIds[VpcSecurityGroupId] Port:int OptionGroupName
    PreferredBackupWindow PreferredMaintenanceWindow EnableIAMDatabaseAuthentication:flag BacktrackWindow:int
    CloudwatchLogsExportConfiguration{EnableLogTypes[] DisableLogTypes[]} EngineVersion
    AllowMajorVersionUpgrade:flag DBInstanceParameterGroupName Domain DomainIAMRoleName
    ScalingConfiguration{MinCapacity:int MaxCapacity:int AutoPause:flag SecondsUntilAutoPause:int TimeoutAction
    SecondsBeforeTimeout:int} DeletionProtection:flag EnableHttpEndpoint:flag CopyTagsToSnapshot:flag
    EnableGlobalWriteForwarding:flag DBClusterInstanceClass AllocatedStorage:int StorageType Iops:int
    AutoMinorVersionUpgrade:flag NetworkType ServerlessV2ScalingConfiguration{MinCapacity:float MaxCapacity:float
    SecondsUntilAutoPause:int} MonitoringInterval:int MonitoringRoleArn DatabaseInsightsMode
    EnablePerformanceInsights:flag PerformanceInsightsKMSKeyId PerformanceInsightsRetentionPeriod:int
    ManageMasterUserPassword:flag RotateMasterUserPassword:flag EnableLocalWriteForwarding:flag
    MasterUserSecretKmsKeyId EngineMode AllowEngineModeChange:flag AwsBackupRecoveryPointArn
    EnableLimitlessDatabase:flag CACertificateIdentifier MasterUserAuthenticationType
RebootDBCluster disrupt
    DBClusterIdentifier@*
StartDBCluster change
    DBClusterIdentifier@*
StopDBCluster disrupt
    DBClusterIdentifier@*
FailoverDBCluster disrupt
    DBClusterIdentifier@* TargetDBInstanceIdentifier
PromoteReadReplicaDBCluster irreversible
    DBClusterIdentifier@*
BacktrackDBCluster irreversible
    DBClusterIdentifier@* BacktrackTo*:time Force:flag UseEarliestTimeOnPointInTimeUnavailable:flag
DeleteDBCluster irreversible
    DBClusterIdentifier@* SkipFinalSnapshot:flag FinalDBSnapshotIdentifier DeleteAutomatedBackups:flag
RestoreDBClusterToPointInTime change
    DBClusterIdentifier@* RestoreType SourceDBClusterIdentifier RestoreToTime:time UseLatestRestorableTime:flag
    Port:int DBSubnetGroupName OptionGroupName VpcSecurityGroupIds[VpcSecurityGroupId] Tags[Tag]{Key Value} KmsKeyId
    EnableIAMDatabaseAuthentication:flag BacktrackWindow:int EnableCloudwatchLogsExports[]
    DBClusterParameterGroupName DeletionProtection:flag CopyTagsToSnapshot:flag Domain DomainIAMRoleName
    DBClusterInstanceClass StorageType PubliclyAccessible:flag Iops:int NetworkType SourceDbClusterResourceId
    ServerlessV2ScalingConfiguration{MinCapacity:float MaxCapacity:float SecondsUntilAutoPause:int}
    ScalingConfiguration{MinCapacity:int MaxCapacity:int AutoPause:flag SecondsUntilAutoPause:int TimeoutAction
    SecondsBeforeTimeout:int} EngineMode RdsCustomClusterConfiguration{InterconnectSubnetId
    TransitGatewayMulticastDomainId ReplicaMode} MonitoringInterval:int MonitoringRoleArn
    EnablePerformanceInsights:flag PerformanceInsightsKMSKeyId PerformanceInsightsRetentionPeriod:int
    BackupRetentionPeriod:int PreferredBackupWindow EngineLifecycleSupport TagSpecifications[item]{ResourceType
    Tags[Tag]{Key Value}} EnableVPCNetworking:flag EnableInternetAccessGateway:flag
RestoreDBClusterFromSnapshot change
    AvailabilityZones[AvailabilityZone] DBClusterIdentifier@* SnapshotIdentifier* Engine* EngineVersion Port:int
    DBSubnetGroupName DatabaseName OptionGroupName VpcSecurityGroupIds[VpcSecurityGroupId] Tags[Tag]{Key Value}
    KmsKeyId EnableIAMDatabaseAuthentication:flag BacktrackWindow:int EnableCloudwatchLogsExports[] EngineMode
    ScalingConfiguration{MinCapacity:int MaxCapacity:int AutoPause:flag SecondsUntilAutoPause:int TimeoutAction
    SecondsBeforeTimeout:int} DBClusterParameterGroupName DeletionProtection:flag CopyTagsToSnapshot:flag Domain
    DomainIAMRoleName DBClusterInstanceClass StorageType Iops:int PubliclyAccessible:flag NetworkType
    ServerlessV2ScalingConfiguration{MinCapacity:float MaxCapacity:float SecondsUntilAutoPause:int}
    RdsCustomClusterConfiguration{InterconnectSubnetId TransitGatewayMulticastDomainId ReplicaMode}
    MonitoringInterval:int MonitoringRoleArn EnablePerformanceInsights:flag PerformanceInsightsKMSKeyId
    PerformanceInsightsRetentionPeriod:int BackupRetentionPeriod:int PreferredBackupWindow EngineLifecycleSupport
    TagSpecifications[item]{ResourceType Tags[Tag]{Key Value}} EnableVPCNetworking:flag
    EnableInternetAccessGateway:flag
CreateDBClusterSnapshot change
    DBClusterSnapshotIdentifier@* DBClusterIdentifier* Tags[Tag]{Key Value}
CopyDBClusterSnapshot change
    SourceDBClusterSnapshotIdentifier* TargetDBClusterSnapshotIdentifier@* KmsKeyId CopyTags:flag Tags[Tag]{Key
    Value} SourceRegion
ModifyDBClusterSnapshotAttribute change
    DBClusterSnapshotIdentifier@* AttributeName* ValuesToAdd[AttributeValue] ValuesToRemove[AttributeValue]
DeleteDBClusterSnapshot irreversible
    DBClusterSnapshotIdentifier@*
CreateGlobalCluster change
    GlobalClusterIdentifier@* SourceDBClusterIdentifier Engine EngineVersion EngineLifecycleSupport
    DeletionProtection:flag DatabaseName StorageEncrypted:flag Tags[Tag]{Key Value}
ModifyGlobalCluster disrupt
    GlobalClusterIdentifier@* NewGlobalClusterIdentifier DeletionProtection:flag EngineVersion
    AllowMajorVersionUpgrade:flag
SwitchoverGlobalCluster disrupt
    GlobalClusterIdentifier@* TargetDbClusterIdentifier*
FailoverGlobalCluster irreversible
    GlobalClusterIdentifier@* TargetDbClusterIdentifier* AllowDataLoss:flag Switchover:flag
RemoveFromGlobalCluster irreversible
    GlobalClusterIdentifier* DbClusterIdentifier@*
DeleteGlobalCluster irreversible
    GlobalClusterIdentifier@*
wait db-cluster-available = DescribeDBClusters
wait db-cluster-deleted = DescribeDBClusters
wait db-cluster-snapshot-available = DescribeDBClusterSnapshots
wait db-cluster-snapshot-deleted = DescribeDBClusterSnapshots
",
)];
