//! The rows of what watches, keeps and lets in: alarms, the trail, backups, keys, secrets, identities, notices.

/// Lists services and their rows.
pub(super) const ROWS: &[(&str, &str)] = &[
    (
        "sts",
        "
GetCallerIdentity observe
AssumeRole observe hides SecretAccessKey SessionToken
    RoleArn@* RoleSessionName* PolicyArns[]{arn} Policy DurationSeconds:int Tags[]{Key* Value*} TransitiveTagKeys[]
    ExternalId SerialNumber SourceIdentity ProvidedContexts[]{ProviderArn ContextAssertion}
",
    ),
    (
        "cloudwatch",
        "
GetMetricData observe
    MetricDataQueries*[]{Id* MetricStat{Metric*{Namespace MetricName Dimensions[]{Name* Value*}} Period*:int Stat*
    Unit} Expression Label ReturnData:flag Period:int AccountId} StartTime*:time EndTime*:time NextToken ScanBy
    MaxDatapoints:int LabelOptions{Timezone}
GetMetricStatistics observe
    Namespace* MetricName@* Dimensions[]{Name* Value*} StartTime*:time EndTime*:time Period*:int Statistics[]
    ExtendedStatistics[] Unit
ListMetrics observe
    Namespace MetricName@ Dimensions[]{Name* Value} NextToken RecentlyActive IncludeLinkedAccounts:flag
    OwningAccount
DescribeAlarms observe
    AlarmNames@[] AlarmNamePrefix AlarmTypes[] ChildrenOfAlarmName ParentsOfAlarmName StateValue ActionPrefix
    MaxRecords:int NextToken
DescribeAlarmsForMetric observe
    MetricName@* Namespace* Statistic ExtendedStatistic Dimensions[]{Name* Value*} Period:int Unit
DescribeAlarmHistory observe
    AlarmName@ AlarmContributorId AlarmTypes[] HistoryItemType StartDate:time EndDate:time MaxRecords:int NextToken
    ScanBy
PutMetricAlarm change
    AlarmName@* AlarmDescription ActionsEnabled:flag OKActions[] AlarmActions[] InsufficientDataActions[] MetricName
    Namespace Statistic ExtendedStatistic Dimensions[]{Name* Value*} Period:int Unit EvaluationPeriods:int
    DatapointsToAlarm:int Threshold:float ComparisonOperator TreatMissingData EvaluateLowSampleCountPercentile
    Metrics[]{Id* MetricStat{Metric*{Namespace MetricName Dimensions[]{Name* Value*}} Period*:int Stat* Unit}
    Expression Label ReturnData:flag Period:int AccountId} Tags[]{Key* Value*} ThresholdMetricId
    EvaluationInterval:int
PutMetricData change
    Namespace@* MetricData[]{MetricName* Dimensions[]{Name* Value*} Timestamp:time Value:float
    StatisticValues{SampleCount*:float Sum*:float Minimum*:float Maximum*:float} Values[]:float Counts[]:float Unit
    StorageResolution:int} StrictEntityValidation:flag
SetAlarmState disrupt
    AlarmName@* StateValue* StateReason* StateReasonData
EnableAlarmActions change
    AlarmNames@*[]
DisableAlarmActions change
    AlarmNames@*[]
DeleteAlarms change
    AlarmNames@*[]
wait alarm-exists = DescribeAlarms
",
    ),
    (
        "cloudtrail",
        "
LookupEvents observe
    LookupAttributes[]{AttributeKey* AttributeValue*} StartTime:time EndTime:time EventCategory MaxResults:int
    NextToken
DescribeTrails observe
    trailNameList@[] includeShadowTrails:flag
GetTrailStatus observe
    Name@*
",
    ),
    (
        "backup",
        "
ListRecoveryPointsByResource observe GET /resources/{resourceArn}/recovery-points/
    ResourceArn=resourceArn@* NextToken=nextToken? MaxResults=maxResults?:int
    ManagedByAWSBackupOnly=managedByAWSBackupOnly?:flag
DescribeRecoveryPoint observe GET /backup-vaults/{backupVaultName}/recovery-points/{recoveryPointArn}
    BackupVaultName=backupVaultName* RecoveryPointArn=recoveryPointArn@* BackupVaultAccountId=backupVaultAccountId?
ListBackupJobs observe GET /backup-jobs/
    NextToken=nextToken? MaxResults=maxResults?:int ByResourceArn=resourceArn@? ByState=state?
    ByBackupVaultName=backupVaultName? ByCreatedBefore=createdBefore?:time ByCreatedAfter=createdAfter?:time
    ByResourceType=resourceType? ByAccountId=accountId? ByCompleteAfter=completeAfter?:time
    ByCompleteBefore=completeBefore?:time ByParentJobId=parentJobId? ByMessageCategory=messageCategory?
DescribeBackupJob observe GET /backup-jobs/{backupJobId}
    BackupJobId=backupJobId@*
ListRestoreJobs observe GET /restore-jobs/
    NextToken=nextToken? MaxResults=maxResults?:int ByAccountId=accountId? ByResourceType=resourceType?
    ByCreatedBefore=createdBefore?:time ByCreatedAfter=createdAfter?:time ByStatus=status?
    ByCompleteBefore=completeBefore?:time ByCompleteAfter=completeAfter?:time
    ByRestoreTestingPlanArn=restoreTestingPlanArn? ByParentJobId=parentJobId?
DescribeRestoreJob observe GET /restore-jobs/{restoreJobId}
    RestoreJobId=restoreJobId@*
StartBackupJob change PUT /backup-jobs
    BackupVaultName* LogicallyAirGappedBackupVaultArn ResourceArn@* IamRoleArn* IdempotencyToken:token
    StartWindowMinutes:int CompleteWindowMinutes:int Lifecycle{MoveToColdStorageAfterDays:int DeleteAfterDays:int
    OptInToArchiveForSupportedResources:flag DeleteAfterEvent} RecoveryPointTags<> BackupOptions<> Index
StartRestoreJob change PUT /restore-jobs
    RecoveryPointArn@* Metadata*<> IamRoleArn IdempotencyToken:token ResourceType
    CopySourceTagsToRestoredResource:flag
PutRestoreValidationResult change PUT /restore-jobs/{restoreJobId}/validations
    RestoreJobId=restoreJobId@* ValidationStatus* ValidationStatusMessage
",
    ),
    (
        "kms",
        "
DescribeKey observe
    KeyId@* GrantTokens[]
ListKeys observe
    Limit:int Marker
ListAliases observe
    KeyId@ Limit:int Marker
ListGrants observe
    Limit:int Marker KeyId@* GrantId GranteePrincipal
GetKeyPolicy observe
    KeyId@* PolicyName
EnableKey change
    KeyId@*
DisableKey disrupt
    KeyId@*
CancelKeyDeletion change
    KeyId@*
ScheduleKeyDeletion irreversible
    KeyId@* PendingWindowInDays:int
CreateGrant change
    KeyId@* GranteePrincipal* RetiringPrincipal Operations*[] Constraints{EncryptionContextSubset<>
    EncryptionContextEquals<>} GrantTokens[] Name DryRun:flag
PutKeyPolicy disrupt
    KeyId@* PolicyName Policy* BypassPolicyLockoutSafetyCheck:flag
",
    ),
    (
        "secretsmanager",
        "
DescribeSecret observe
    SecretId@*
GetSecretValue observe hides SecretString SecretBinary
    SecretId@* VersionId VersionStage
ListSecrets observe
    IncludePlannedDeletion:flag MaxResults:int NextToken Filters[]{Key Values[]} SortOrder SortBy
ListSecretVersionIds observe
    SecretId@* MaxResults:int NextToken IncludeDeprecated:flag
RestoreSecret change
    SecretId@*
PutSecretValue disrupt
    SecretId@* ClientRequestToken:token SecretString:secret VersionStages[] RotationToken
UpdateSecretVersionStage disrupt
    SecretId@* VersionStage* RemoveFromVersionId MoveToVersionId
RotateSecret disrupt
    SecretId@* ClientRequestToken:token RotationLambdaARN RotationRules{AutomaticallyAfterDays:int Duration
    ScheduleExpression} ExternalSecretRotationMetadata[]{Key Value} ExternalSecretRotationRoleArn
    RotateImmediately:flag
ReplicateSecretToRegions change
    SecretId@* AddReplicaRegions*[]{Region KmsKeyId} ForceOverwriteReplicaSecret:flag
StopReplicationToReplica disrupt
    SecretId@*
DeleteSecret irreversible
    SecretId@* RecoveryWindowInDays:int ForceDeleteWithoutRecovery:flag
",
    ),
    (
        "sns",
        "
Publish change
    TopicArn@ TargetArn PhoneNumber Message* Subject MessageStructure MessageDeduplicationId MessageGroupId
",
    ),
];
