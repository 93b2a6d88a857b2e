//! The rows of RDS: instances, replicas, snapshots, point-in-time restores, automated backups.

/// Lists services and their rows.
pub(super) const ROWS: &[(&str, &str)] = &[(
    "rds",
    "
DescribeDBInstances observe
    DBInstanceIdentifier@ Filters[Filter]{Name* Values*[Value]} MaxRecords:int Marker
DescribeDBSnapshots observe
    DBInstanceIdentifier DBSnapshotIdentifier@ SnapshotType Filters[Filter]{Name* Values*[Value]} MaxRecords:int
    Marker IncludeShared:flag IncludePublic:flag DbiResourceId
DescribeDBSnapshotAttributes observe
    DBSnapshotIdentifier@*
DescribeDBInstanceAutomatedBackups observe
    DbiResourceId DBInstanceIdentifier@ Filters[Filter]{Name* Values*[Value]} MaxRecords:int Marker
    DBInstanceAutomatedBackupsArn
DescribeEvents observe
    SourceIdentifier@ SourceType StartTime:time EndTime:time Duration:int EventCategories[EventCategory]
    Filters[Filter]{Name* Values*[Value]} MaxRecords:int Marker
DescribeDBLogFiles observe
    DBInstanceIdentifier@* FilenameContains FileLastWritten:int FileSize:int Filters[Filter]{Name* Values*[Value]}
    MaxRecords:int Marker
DownloadDBLogFilePortion observe
    DBInstanceIdentifier@* LogFileName* Marker NumberOfLines:int
DescribeDBParameterGroups observe
    DBParameterGroupName@ Filters[Filter]{Name* Values*[Value]} MaxRecords:int Marker
DescribeDBParameters observe
    DBParameterGroupName@* Source Filters[Filter]{Name* Values*[Value]} MaxRecords:int Marker
DescribeDBSubnetGroups observe
    DBSubnetGroupName@ Filters[Filter]{Name* Values*[Value]} MaxRecords:int Marker
DescribeOptionGroups observe
    OptionGroupName@ Filters[Filter]{Name* Values*[Value]} Marker MaxRecords:int EngineName MajorEngineVersion
DescribePendingMaintenanceActions observe
    ResourceIdentifier@ Filters[Filter]{Name* Values*[Value]} Marker MaxRecords:int
DescribeAccountAttributes observe
ListTagsForResource observe
    ResourceName@* Filters[Filter]{Name* Values*[Value]}
CreateDBInstance change
    DBName DBInstanceIdentifier@* AllocatedStorage:int DBInstanceClass* Engine* MasterUsername
    DBSecurityGroups[DBSecurityGroupName] VpcSecurityGroupIds[VpcSecurityGroupId] AvailabilityZone DBSubnetGroupName
    PreferredMaintenanceWindow DBParameterGroupName BackupRetentionPeriod:int PreferredBackupWindow Port:int
    MultiAZ:flag EngineVersion AutoMinorVersionUpgrade:flag LicenseModel Iops:int StorageThroughput:int
    OptionGroupName CharacterSetName NcharCharacterSetName PubliclyAccessible:flag Tags[Tag]{Key Value}
    DBClusterIdentifier StorageType TdeCredentialArn StorageEncrypted:flag KmsKeyId Domain DomainFqdn DomainOu
    DomainAuthSecretArn DomainDnsIps[] CopyTagsToSnapshot:flag MonitoringInterval:int MonitoringRoleArn
    DomainIAMRoleName PromotionTier:int Timezone EnableIAMDatabaseAuthentication:flag DatabaseInsightsMode
    EnablePerformanceInsights:flag PerformanceInsightsKMSKeyId PerformanceInsightsRetentionPeriod:int
    EnableCloudwatchLogsExports[] ProcessorFeatures[ProcessorFeature]{Name Value} DeletionProtection:flag
    MaxAllocatedStorage:int EnableCustomerOwnedIp:flag NetworkType BackupTarget CustomIamInstanceProfile DBSystemId
    CACertificateIdentifier ManageMasterUserPassword:flag MasterUserSecretKmsKeyId MultiTenant:flag
    DedicatedLogVolume:flag EngineLifecycleSupport AdditionalStorageVolumes[]{VolumeName* AllocatedStorage:int
    IOPS:int MaxAllocatedStorage:int StorageThroughput:int StorageType} TagSpecifications[item]{ResourceType
    Tags[Tag]{Key Value}} MasterUserAuthenticationType
CreateDBInstanceReadReplica change
    DBInstanceIdentifier@* SourceDBInstanceIdentifier DBInstanceClass AvailabilityZone Port:int MultiAZ:flag
    AutoMinorVersionUpgrade:flag Iops:int StorageThroughput:int OptionGroupName DBParameterGroupName
    PubliclyAccessible:flag Tags[Tag]{Key Value} DBSubnetGroupName VpcSecurityGroupIds[VpcSecurityGroupId]
    StorageType CopyTagsToSnapshot:flag MonitoringInterval:int MonitoringRoleArn KmsKeyId
    EnableIAMDatabaseAuthentication:flag DatabaseInsightsMode EnablePerformanceInsights:flag
    PerformanceInsightsKMSKeyId PerformanceInsightsRetentionPeriod:int EnableCloudwatchLogsExports[]
    ProcessorFeatures[ProcessorFeature]{Name Value} UseDefaultProcessorFeatures:flag DeletionProtection:flag Domain
    DomainIAMRoleName DomainFqdn DomainOu DomainAuthSecretArn DomainDnsIps[] ReplicaMode EnableCustomerOwnedIp:flag
    NetworkType MaxAllocatedStorage:int BackupTarget CustomIamInstanceProfile AllocatedStorage:int
    SourceDBClusterIdentifier DedicatedLogVolume:flag UpgradeStorageConfig:flag CACertificateIdentifier
    AdditionalStorageVolumes[]{VolumeName* AllocatedStorage:int IOPS:int MaxAllocatedStorage:int
    StorageThroughput:int StorageType} TagSpecifications[item]{ResourceType Tags[Tag]{Key Value}} SourceRegion
PromoteReadReplica irreversible
    DBInstanceIdentifier@* BackupRetentionPeriod:int PreferredBackupWindow TagSpecifications[item]{ResourceType
    Tags[Tag]{Key Value}}
SwitchoverReadReplica disrupt
    DBInstanceIdentifier@*
ModifyDBInstance disrupt
    DBInstanceIdentifier@* AllocatedStorage:int DBInstanceClass DBSubnetGroupName
    DBSecurityGroups[DBSecurityGroupName] VpcSecurityGroupIds[VpcSecurityGroupId] ApplyImmediately:flag
    DBParameterGroupName BackupRetentionPeriod:int PreferredBackupWindow PreferredMaintenanceWindow MultiAZ:flag
    EngineVersion AllowMajorVersionUpgrade:flag AutoMinorVersionUpgrade:flag LicenseModel Iops:int
    StorageThroughput:int OptionGroupName NewDBInstanceIdentifier StorageType TdeCredentialArn
    CACertificateIdentifier Domain DomainFqdn DomainOu DomainAuthSecretArn DomainDnsIps[] DisableDomain:flag
    CopyTagsToSnapshot:flag MonitoringInterval:int DBPortNumber:int PubliclyAccessible:flag MonitoringRoleArn
    DomainIAMRoleName PromotionTier:int EnableIAMDatabaseAuthentication:flag DatabaseInsightsMode
    EnablePerformanceInsights:flag PerformanceInsightsKMSKeyId PerformanceInsightsRetentionPeriod:int
    CloudwatchLogsExportConfiguration{EnableLogTypes[] DisableLogTypes[]} ProcessorFeatures[ProcessorFeature]{Name
    Value} UseDefaultProcessorFeatures:flag DeletionProtection:flag MaxAllocatedStorage:int
    CertificateRotationRestart:flag ReplicaMode AutomationMode ResumeFullAutomationModeMinutes:int
    EnableCustomerOwnedIp:flag NetworkType AwsBackupRecoveryPointArn ManageMasterUserPassword:flag
    RotateMasterUserPassword:flag MasterUserSecretKmsKeyId MultiTenant:flag DedicatedLogVolume:flag Engine
    AdditionalStorageVolumes[]{VolumeName* AllocatedStorage:int IOPS:int MaxAllocatedStorage:int
    StorageThroughput:int StorageType SetForDelete:flag} TagSpecifications[item]{ResourceType Tags[Tag]{Key Value}}
    MasterUserAuthenticationType
RebootDBInstance disrupt
    DBInstanceIdentifier@* ForceFailover:flag
StartDBInstance change
    DBInstanceIdentifier@*
StopDBInstance disrupt
    DBInstanceIdentifier@* DBSnapshotIdentifier
DeleteDBInstance irreversible
    DBInstanceIdentifier@* SkipFinalSnapshot:flag FinalDBSnapshotIdentifier DeleteAutomatedBackups:flag
RestoreDBInstanceToPointInTime change
    SourceDBInstanceIdentifier TargetDBInstanceIdentifier@* RestoreTime:time UseLatestRestorableTime:flag
    DBInstanceClass Port:int AvailabilityZone DBSubnetGroupName MultiAZ:flag PubliclyAccessible:flag
    AutoMinorVersionUpgrade:flag LicenseModel DBName Engine Iops:int StorageThroughput:int OptionGroupName
    CopyTagsToSnapshot:flag Tags[Tag]{Key Value} StorageType TdeCredentialArn
    VpcSecurityGroupIds[VpcSecurityGroupId] Domain DomainIAMRoleName DomainFqdn DomainOu DomainAuthSecretArn
    DomainDnsIps[] EnableIAMDatabaseAuthentication:flag EnableCloudwatchLogsExports[]
    ProcessorFeatures[ProcessorFeature]{Name Value} UseDefaultProcessorFeatures:flag DBParameterGroupName
    DeletionProtection:flag SourceDbiResourceId MaxAllocatedStorage:int EnableCustomerOwnedIp:flag NetworkType
    SourceDBInstanceAutomatedBackupsArn BackupTarget CustomIamInstanceProfile AllocatedStorage:int
    BackupRetentionPeriod:int PreferredBackupWindow DedicatedLogVolume:flag CACertificateIdentifier
    EngineLifecycleSupport AdditionalStorageVolumes[]{VolumeName* AllocatedStorage:int IOPS:int
    MaxAllocatedStorage:int StorageThroughput:int StorageType} TagSpecifications[item]{ResourceType Tags[Tag]{Key
    Value}} ManageMasterUserPassword:flag MasterUserSecretKmsKeyId
RestoreDBInstanceFromDBSnapshot change
    DBInstanceIdentifier@* DBSnapshotIdentifier DBInstanceClass Port:int AvailabilityZone DBSubnetGroupName
    MultiAZ:flag PubliclyAccessible:flag AutoMinorVersionUpgrade:flag LicenseModel DBName Engine Iops:int
    StorageThroughput:int OptionGroupName Tags[Tag]{Key Value} StorageType TdeCredentialArn
    VpcSecurityGroupIds[VpcSecurityGroupId] Domain DomainFqdn DomainOu DomainAuthSecretArn DomainDnsIps[]
    CopyTagsToSnapshot:flag DomainIAMRoleName EnableIAMDatabaseAuthentication:flag EnableCloudwatchLogsExports[]
    ProcessorFeatures[ProcessorFeature]{Name Value} UseDefaultProcessorFeatures:flag DBParameterGroupName
    DeletionProtection:flag EnableCustomerOwnedIp:flag NetworkType BackupTarget CustomIamInstanceProfile
    AllocatedStorage:int DBClusterSnapshotIdentifier BackupRetentionPeriod:int PreferredBackupWindow
    DedicatedLogVolume:flag CACertificateIdentifier EngineLifecycleSupport AdditionalStorageVolumes[]{VolumeName*
    AllocatedStorage:int IOPS:int MaxAllocatedStorage:int StorageThroughput:int StorageType}
    TagSpecifications[item]{ResourceType Tags[Tag]{Key Value}} ManageMasterUserPassword:flag
    MasterUserSecretKmsKeyId
CreateDBSnapshot change
    DBSnapshotIdentifier@* DBInstanceIdentifier* Tags[Tag]{Key Value}
CopyDBSnapshot change
    SourceDBSnapshotIdentifier* TargetDBSnapshotIdentifier@* KmsKeyId Tags[Tag]{Key Value} CopyTags:flag
    OptionGroupName TargetCustomAvailabilityZone SnapshotTarget CopyOptionGroup:flag SnapshotAvailabilityZone
    SourceRegion
ModifyDBSnapshotAttribute change
    DBSnapshotIdentifier@* AttributeName* ValuesToAdd[AttributeValue] ValuesToRemove[AttributeValue]
DeleteDBSnapshot irreversible
    DBSnapshotIdentifier@*
StartDBInstanceAutomatedBackupsReplication change
    SourceDBInstanceArn@* BackupRetentionPeriod:int KmsKeyId Tags[Tag]{Key Value} SourceRegion
StopDBInstanceAutomatedBackupsReplication disrupt
    SourceDBInstanceArn@*
DeleteDBInstanceAutomatedBackup irreversible
    DbiResourceId@ DBInstanceAutomatedBackupsArn
CreateDBParameterGroup change
    DBParameterGroupName@* DBParameterGroupFamily* Description* Tags[Tag]{Key Value}
CopyDBParameterGroup change
    SourceDBParameterGroupIdentifier* TargetDBParameterGroupIdentifier@* TargetDBParameterGroupDescription*
    Tags[Tag]{Key Value}
ModifyDBParameterGroup disrupt
    DBParameterGroupName@* Parameters*[Parameter]{ParameterName ParameterValue Description Source ApplyType DataType
    AllowedValues IsModifiable:flag MinimumEngineVersion ApplyMethod SupportedEngineModes[]}
ResetDBParameterGroup disrupt
    DBParameterGroupName@* ResetAllParameters:flag Parameters[Parameter]{ParameterName ParameterValue Description
    Source ApplyType DataType AllowedValues IsModifiable:flag MinimumEngineVersion ApplyMethod
    SupportedEngineModes[]}
AddTagsToResource change
    ResourceName@* Tags*[Tag]{Key Value}
RemoveTagsFromResource change
    ResourceName@* TagKeys*[]
wait db-instance-available = DescribeDBInstances
wait db-instance-deleted = DescribeDBInstances
wait db-snapshot-available = DescribeDBSnapshots
wait db-snapshot-deleted = DescribeDBSnapshots
",
)];
