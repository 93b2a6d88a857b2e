//! The rows of what runs applications: EC2, Auto Scaling, load balancers, containers, caches, zonal shifts.

/// Lists services and their rows.
pub(super) const ROWS: &[(&str, &str)] = &[
    (
        "ec2",
        "
DescribeAvailabilityZones observe
    ZoneNames=ZoneName[] ZoneIds=ZoneId@[] AllAvailabilityZones:flag DryRun:flag Filters=Filter[]{Name
    Values=Value[]}
DescribeRegions observe
    RegionNames=RegionName@[] AllRegions:flag DryRun:flag Filters=Filter[]{Name Values=Value[]}
DescribeInstances observe
    InstanceIds=InstanceId@[] IncludeManagedResources:flag DryRun:flag Filters=Filter[]{Name Values=Value[]}
    NextToken MaxResults:int
DescribeInstanceStatus observe
    InstanceIds=InstanceId@[] MaxResults:int NextToken IncludeManagedResources:flag DryRun:flag
    Filters=Filter[]{Name Values=Value[]} IncludeAllInstances:flag
DescribeSecurityGroups observe
    GroupIds=GroupId@[] GroupNames=GroupName[] NextToken MaxResults:int DryRun:flag Filters=Filter[]{Name
    Values=Value[]}
DescribeSubnets observe
    Filters=Filter[]{Name Values=Value[]} SubnetIds=SubnetId@[] NextToken MaxResults:int DryRun:flag
DescribeVpcs observe
    Filters=Filter[]{Name Values=Value[]} VpcIds=VpcId@[] NextToken MaxResults:int DryRun:flag
DescribeNetworkAcls observe
    NextToken MaxResults:int DryRun:flag NetworkAclIds=NetworkAclId@[] Filters=Filter[]{Name Values=Value[]}
DescribeRouteTables observe
    NextToken MaxResults:int DryRun:flag RouteTableIds=RouteTableId@[] Filters=Filter[]{Name Values=Value[]}
DescribeNatGateways observe
    DryRun:flag Filter[]{Name Values=Value[]} MaxResults:int NatGatewayIds=NatGatewayId@[] NextToken
DescribeVolumes observe
    VolumeIds=VolumeId@[] IncludeManagedResources:flag DryRun:flag Filters=Filter[]{Name Values=Value[]} NextToken
    MaxResults:int
DescribeSnapshots observe
    MaxResults:int NextToken OwnerIds=Owner[] RestorableByUserIds=RestorableBy[] SnapshotIds=SnapshotId@[]
    DryRun:flag Filters=Filter[]{Name Values=Value[]}
StartInstances change
    InstanceIds=InstanceId@*[] AdditionalInfo DryRun:flag
StopInstances disrupt
    InstanceIds=InstanceId@*[] Hibernate:flag SkipOsShutdown:flag DryRun:flag Force:flag
RebootInstances disrupt
    InstanceIds=InstanceId@*[] DryRun:flag
TerminateInstances irreversible
    InstanceIds=InstanceId@*[] Force:flag SkipOsShutdown:flag DryRun:flag
AuthorizeSecurityGroupIngress disrupt
    CidrIp FromPort:int GroupId@ GroupName IpPermissions[]{IpProtocol FromPort:int ToPort:int
    UserIdGroupPairs=Groups[]{Description UserId GroupName GroupId VpcId VpcPeeringConnectionId PeeringStatus}
    IpRanges[]{Description CidrIp} Ipv6Ranges[]{Description CidrIpv6} PrefixListIds[]{Description PrefixListId}}
    IpProtocol SourceSecurityGroupName SourceSecurityGroupOwnerId ToPort:int
    TagSpecifications=TagSpecification[]{ResourceType Tags=Tag[]{Key Value}} DryRun:flag
RevokeSecurityGroupIngress disrupt
    CidrIp FromPort:int GroupId@ GroupName IpPermissions[]{IpProtocol FromPort:int ToPort:int
    UserIdGroupPairs=Groups[]{Description UserId GroupName GroupId VpcId VpcPeeringConnectionId PeeringStatus}
    IpRanges[]{Description CidrIp} Ipv6Ranges[]{Description CidrIpv6} PrefixListIds[]{Description PrefixListId}}
    IpProtocol SourceSecurityGroupName SourceSecurityGroupOwnerId ToPort:int
    SecurityGroupRuleIds=SecurityGroupRuleId[] DryRun:flag
CreateNetworkAclEntry disrupt
    DryRun:flag NetworkAclId@* RuleNumber*:int Protocol* RuleAction* Egress*:flag CidrBlock Ipv6CidrBlock
    IcmpTypeCode=Icmp{Code:int Type:int} PortRange{From:int To:int}
DeleteNetworkAclEntry disrupt
    DryRun:flag NetworkAclId@* RuleNumber*:int Egress*:flag
ReplaceNetworkAclAssociation disrupt
    DryRun:flag AssociationId@* NetworkAclId*
ReplaceRoute disrupt
    DestinationPrefixListId VpcEndpointId LocalTarget:flag TransitGatewayId LocalGatewayId CarrierGatewayId
    CoreNetworkArn OdbNetworkArn DryRun:flag RouteTableId@* DestinationCidrBlock GatewayId DestinationIpv6CidrBlock
    EgressOnlyInternetGatewayId InstanceId NetworkInterfaceId VpcPeeringConnectionId NatGatewayId
CreateSnapshot change
    Description OutpostArn VolumeId@* TagSpecifications=TagSpecification[]{ResourceType Tags=Tag[]{Key Value}}
    Location DryRun:flag
CreateTags change
    DryRun:flag Resources=ResourceId@*[] Tags=Tag*[]{Key Value}
wait instance-running = DescribeInstances
wait instance-stopped = DescribeInstances
wait instance-terminated = DescribeInstances
wait instance-status-ok = DescribeInstanceStatus
wait system-status-ok = DescribeInstanceStatus
wait volume-available = DescribeVolumes
wait snapshot-completed = DescribeSnapshots
",
    ),
    (
        "autoscaling",
        "
DescribeAutoScalingGroups observe
    AutoScalingGroupNames@[] IncludeInstances:flag NextToken MaxRecords:int Filters[]{Name Values[]}
DescribeAutoScalingInstances observe
    InstanceIds@[] MaxRecords:int NextToken
DescribeScalingActivities observe
    ActivityIds[] AutoScalingGroupName@ IncludeDeletedGroups:flag MaxRecords:int NextToken Filters[]{Name Values[]}
DescribeScalingProcessTypes observe
SuspendProcesses change
    AutoScalingGroupName@* ScalingProcesses[]
ResumeProcesses disrupt
    AutoScalingGroupName@* ScalingProcesses[]
UpdateAutoScalingGroup disrupt
    AutoScalingGroupName@* LaunchConfigurationName LaunchTemplate{LaunchTemplateId LaunchTemplateName Version}
    MixedInstancesPolicy{LaunchTemplate{LaunchTemplateSpecification{LaunchTemplateId LaunchTemplateName Version}
    Overrides[]{InstanceType WeightedCapacity LaunchTemplateSpecification{LaunchTemplateId LaunchTemplateName
    Version} InstanceRequirements{VCpuCount*{Min*:int Max:int} MemoryMiB*{Min*:int Max:int} CpuManufacturers[]
    MemoryGiBPerVCpu{Min:float Max:float} ExcludedInstanceTypes[] InstanceGenerations[]
    SpotMaxPricePercentageOverLowestPrice:int MaxSpotPriceAsPercentageOfOptimalOnDemandPrice:int
    OnDemandMaxPricePercentageOverLowestPrice:int BareMetal BurstablePerformance RequireHibernateSupport:flag
    NetworkInterfaceCount{Min:int Max:int} LocalStorage LocalStorageTypes[] TotalLocalStorageGB{Min:float Max:float}
    BaselineEbsBandwidthMbps{Min:int Max:int} AcceleratorTypes[] AcceleratorCount{Min:int Max:int}
    AcceleratorManufacturers[] AcceleratorNames[] AcceleratorTotalMemoryMiB{Min:int Max:int}
    NetworkBandwidthGbps{Min:float Max:float} AllowedInstanceTypes[]
    BaselinePerformanceFactors{Cpu{References=Reference[item]{InstanceFamily}}}} ImageId}}
    InstancesDistribution{OnDemandAllocationStrategy OnDemandBaseCapacity:int
    OnDemandPercentageAboveBaseCapacity:int SpotAllocationStrategy SpotInstancePools:int SpotMaxPrice}} MinSize:int
    MaxSize:int DesiredCapacity:int DefaultCooldown:int AvailabilityZones[] AvailabilityZoneIds[] HealthCheckType
    HealthCheckGracePeriod:int PlacementGroup VPCZoneIdentifier TerminationPolicies[]
    NewInstancesProtectedFromScaleIn:flag ServiceLinkedRoleARN MaxInstanceLifetime:int CapacityRebalance:flag
    Context DesiredCapacityType DefaultInstanceWarmup:int InstanceMaintenancePolicy{MinHealthyPercentage:int
    MaxHealthyPercentage:int} AvailabilityZoneDistribution{CapacityDistributionStrategy}
    AvailabilityZoneImpairmentPolicy{ZonalShiftEnabled:flag ImpairedZoneHealthCheckBehavior}
    SkipZonalShiftValidation:flag CapacityReservationSpecification{CapacityReservationPreference
    CapacityReservationTarget{CapacityReservationIds[] CapacityReservationResourceGroupArns[]}}
    InstanceLifecyclePolicy{RetentionTriggers{TerminateHookAbandon}} DeletionProtection
SetDesiredCapacity disrupt
    AutoScalingGroupName@* DesiredCapacity*:int HonorCooldown:flag
SetInstanceHealth disrupt
    InstanceId@* HealthStatus* ShouldRespectGracePeriod:flag
TerminateInstanceInAutoScalingGroup disrupt
    InstanceId@* ShouldDecrementDesiredCapacity*:flag
",
    ),
    (
        "elbv2",
        "
DescribeLoadBalancers observe
    LoadBalancerArns@[] Names[] Marker PageSize:int
DescribeLoadBalancerAttributes observe
    LoadBalancerArn@*
DescribeListeners observe
    LoadBalancerArn@ ListenerArns[] Marker PageSize:int
DescribeRules observe
    ListenerArn@ RuleArns[] Marker PageSize:int
DescribeTargetGroups observe
    LoadBalancerArn TargetGroupArns@[] Names[] Marker PageSize:int
DescribeTargetGroupAttributes observe
    TargetGroupArn@*
DescribeTargetHealth observe
    TargetGroupArn@* Targets[]{Id* Port:int AvailabilityZone QuicServerId} Include[]
RegisterTargets change
    TargetGroupArn@* Targets*[]{Id* Port:int AvailabilityZone QuicServerId}
DeregisterTargets disrupt
    TargetGroupArn@* Targets*[]{Id* Port:int AvailabilityZone QuicServerId}
ModifyListener disrupt
    ListenerArn@* Port:int Protocol SslPolicy Certificates[]{CertificateArn IsDefault:flag} DefaultActions[]{Type*
    TargetGroupArn AuthenticateOidcConfig{Issuer* AuthorizationEndpoint* TokenEndpoint* UserInfoEndpoint* ClientId*
    SessionCookieName Scope SessionTimeout:int AuthenticationRequestExtraParams<> OnUnauthenticatedRequest
    UseExistingClientSecret:flag} AuthenticateCognitoConfig{UserPoolArn* UserPoolClientId* UserPoolDomain*
    SessionCookieName Scope SessionTimeout:int AuthenticationRequestExtraParams<> OnUnauthenticatedRequest}
    Order:int RedirectConfig{Protocol Port Host Path Query StatusCode*} FixedResponseConfig{MessageBody StatusCode*
    ContentType} ForwardConfig{TargetGroups[]{TargetGroupArn Weight:int} TargetGroupStickinessConfig{Enabled:flag
    DurationSeconds:int}} JwtValidationConfig{JwksEndpoint* Issuer* AdditionalClaims[]{Format* Name* Values*[]}}}
    AlpnPolicy[] MutualAuthentication{Mode TrustStoreArn IgnoreClientCertificateExpiry:flag
    TrustStoreAssociationStatus AdvertiseTrustStoreCaNames}
ModifyRule disrupt
    RuleArn@* Conditions[]{Field Values[] HostHeaderConfig{Values[] RegexValues[]} PathPatternConfig{Values[]
    RegexValues[]} HttpHeaderConfig{HttpHeaderName Values[] RegexValues[]} QueryStringConfig{Values[]{Key Value}}
    HttpRequestMethodConfig{Values[]} SourceIpConfig{Values[]} RegexValues[]} Actions[]{Type* TargetGroupArn
    AuthenticateOidcConfig{Issuer* AuthorizationEndpoint* TokenEndpoint* UserInfoEndpoint* ClientId*
    SessionCookieName Scope SessionTimeout:int AuthenticationRequestExtraParams<> OnUnauthenticatedRequest
    UseExistingClientSecret:flag} AuthenticateCognitoConfig{UserPoolArn* UserPoolClientId* UserPoolDomain*
    SessionCookieName Scope SessionTimeout:int AuthenticationRequestExtraParams<> OnUnauthenticatedRequest}
    Order:int RedirectConfig{Protocol Port Host Path Query StatusCode*} FixedResponseConfig{MessageBody StatusCode*
    ContentType} ForwardConfig{TargetGroups[]{TargetGroupArn Weight:int} TargetGroupStickinessConfig{Enabled:flag
    DurationSeconds:int}} JwtValidationConfig{JwksEndpoint* Issuer* AdditionalClaims[]{Format* Name* Values*[]}}}
    Transforms[]{Type* HostHeaderRewriteConfig{Rewrites[]{Regex* Replace*}} UrlRewriteConfig{Rewrites[]{Regex*
    Replace*}}} ResetTransforms:flag
ModifyLoadBalancerAttributes disrupt
    LoadBalancerArn@* Attributes*[]{Key Value}
ModifyTargetGroupAttributes disrupt
    TargetGroupArn@* Attributes*[]{Key Value}
wait load-balancer-available = DescribeLoadBalancers
wait target-in-service = DescribeTargetHealth
wait target-deregistered = DescribeTargetHealth
",
    ),
    (
        "ecs",
        "
DescribeClusters observe
    clusters@[] include[]
DescribeServices observe
    cluster services@*[] include[]
ListServices observe
    cluster@ nextToken maxResults:int launchType schedulingStrategy resourceManagementType
UpdateService disrupt
    cluster service@* desiredCount:int taskDefinition capacityProviderStrategy[]{capacityProvider* weight:int
    base:int} availabilityZoneRebalancing networkConfiguration{awsvpcConfiguration{subnets*[] securityGroups[]
    assignPublicIp}} placementConstraints[]{type expression} placementStrategy[]{type field} platformVersion
    forceNewDeployment:flag healthCheckGracePeriodSeconds:int deploymentController{type*} enableExecuteCommand:flag
    enableECSManagedTags:flag propagateTags
wait services-stable = DescribeServices
",
    ),
    (
        "elasticache",
        "
DescribeReplicationGroups observe
    ReplicationGroupId@ MaxRecords:int Marker
DescribeCacheClusters observe
    CacheClusterId@ MaxRecords:int Marker ShowCacheNodeInfo:flag ShowCacheClustersNotInReplicationGroups:flag
DescribeGlobalReplicationGroups observe
    GlobalReplicationGroupId@ MaxRecords:int Marker ShowMemberInfo:flag
DescribeEvents observe
    SourceIdentifier@ SourceType StartTime:time EndTime:time Duration:int MaxRecords:int Marker
ModifyReplicationGroup disrupt
    ReplicationGroupId@* ReplicationGroupDescription PrimaryClusterId SnapshottingClusterId
    AutomaticFailoverEnabled:flag MultiAZEnabled:flag NodeGroupId CacheSecurityGroupNames[CacheSecurityGroupName]
    SecurityGroupIds[SecurityGroupId] PreferredMaintenanceWindow NotificationTopicArn CacheParameterGroupName
    NotificationTopicStatus ApplyImmediately:flag Engine EngineVersion AutoMinorVersionUpgrade:flag
    SnapshotRetentionLimit:int SnapshotWindow CacheNodeType AuthTokenUpdateStrategy UserGroupIdsToAdd[]
    UserGroupIdsToRemove[] RemoveUserGroups:flag LogDeliveryConfigurations[LogDeliveryConfigurationRequest]{LogType
    DestinationType DestinationDetails{CloudWatchLogsDetails{LogGroup} KinesisFirehoseDetails{DeliveryStream}}
    LogFormat Enabled:flag} IpDiscovery TransitEncryptionEnabled:flag TransitEncryptionMode ClusterMode
TestFailover disrupt
    ReplicationGroupId@* NodeGroupId*
FailoverGlobalReplicationGroup irreversible
    GlobalReplicationGroupId@* PrimaryRegion* PrimaryReplicationGroupId*
wait replication-group-available = DescribeReplicationGroups
",
    ),
    (
        "arc-zonal-shift",
        "
ListZonalShifts observe GET /zonalshifts
    nextToken? status? maxResults?:int resourceIdentifier?
ListManagedResources observe GET /managedresources
    nextToken? maxResults?:int
GetManagedResource observe GET /managedresources/{resourceIdentifier}
    resourceIdentifier@*
StartZonalShift disrupt POST /zonalshifts
    resourceIdentifier@* awayFrom* expiresIn* comment*
UpdateZonalShift disrupt PATCH /zonalshifts/{zonalShiftId}
    zonalShiftId@* comment expiresIn
CancelZonalShift disrupt DELETE /zonalshifts/{zonalShiftId}
    zonalShiftId@*
",
    ),
];
