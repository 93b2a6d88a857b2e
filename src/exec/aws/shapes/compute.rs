//! The shapes of what runs applications and leads to them. `tests/aws_shapes.py` prints them.

use super::{EMPTY, Table};

/// The members of route53.
pub(super) const ROUTE53: Table = Table {
    lists: "\
        CheckerIpRanges ChildHealthChecks CidrBlocks CidrCollections CidrLocations DelegationSets Dimensions \
        GeoLocationDetailsList HealthCheckObservations HealthChecks HostedZoneSummaries HostedZones \
        KeySigningKeys NameServers QueryLoggingConfigs RecordData Regions ResourceRecordSetProtections \
        ResourceRecordSets ResourceRecords ResourceTagSets Tags TrafficPolicies TrafficPolicyInstances \
        TrafficPolicySummaries VPCs",
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
    headers: "location=Location:texts",
    ..EMPTY
};

/// The members of ec2.
pub(super) const EC2: Table = Table {
    lists: "\
        StartInstances/instancesSet StopInstances/instancesSet associatedKmsKeySet associationSet \
        attachedApplianceSet attachmentSet availabilityZoneInfo blockDeviceMapping cidrBlockAssociationSet \
        details elasticGpuAssociationSet elasticInferenceAcceleratorAssociationSet entrySet eventsSet \
        geographySet groupSet groups instanceStatusSet instancesSet instancesSet/groupSet ipPermissions \
        ipPermissionsEgress ipRanges ipv4PrefixSet ipv6AddressesSet ipv6CidrBlockAssociationSet \
        ipv6PrefixSet ipv6Ranges licenseSet messageSet metricCategoryIdSet natGatewayAddressSet \
        natGatewaySet networkAclSet networkInterfaceSet prefixListIds privateIpAddressSet \
        privateIpAddressesSet productCodes propagatingVgwSet regionInfo reservationSet \
        reservationSet/instancesSet revokedSecurityGroupRuleSet routeSet routeTableSet secondaryInterfaceSet \
        securityGroupInfo securityGroupRuleSet snapshotSet subGeographySet subnetSet tagSet \
        unknownIpPermissionSet volumeSet vpcSet",
    structures: "\
        apiGatewayV2 applicationStatus association associationState attachedEbsStatus attachment \
        blockPublicAccessStates capacityReservationSpecification capacityReservationTarget cidrBlockState \
        connectionTrackingConfiguration cpuOptions currentState ebs egressOnlyInternetGateway \
        elasticFileSystem enaSrdSpecification enaSrdUdpSpecification enclaveOptions encryptionControl \
        globalAccelerator hibernationOptions iamInstanceProfile icmpTypeCode instanceState instanceStatus \
        instanceStatusSet/instanceState internetGateway ipv6CidrBlockState lambda maintenanceOptions \
        metadataOptions monitoring natGateway networkPerformanceOptions operator performanceStatus placement \
        portRange previousState privateDnsNameOptions privateDnsNameOptionsOnLaunch provisionedBandwidth \
        referencedGroupInfo resourceExclusions stateReason systemStatus virtualPrivateGateway vpcLattice \
        vpcPeering",
    integers: "\
        amiLaunchIndex availableIpAddressCount code completionDurationMinutes coreCount deviceIndex \
        ebsCardIndex enaQueueCount enableLniAtDeviceIndex from fromPort fullSnapshotSizeInBytes \
        httpPutResponseHopLimit icmpTypeCode/type iops networkCardIndex partitionNumber ruleNumber size \
        tcpEstablishedTimeout threadsPerCore throughput to toPort udpStreamTimeout udpTimeout \
        volumeInitializationRate volumeSize",
    booleans: "\
        assignIpv6AddressOnCreation configured default defaultForAz deleteOnTermination ebsOptimized egress \
        enaSrdEnabled enaSrdUdpEnabled enaSupport enableDns64 enableResourceNameDnsAAAARecord \
        enableResourceNameDnsARecord enabled encrypted fastRestored hiddenByDefault ipv6Native isDefault \
        isEgress isPrimary isPrimaryIpv6 main managed mapCustomerOwnedIpOnLaunch mapPublicIpOnLaunch \
        multiAttachEnabled primary return sourceDestCheck",
    times: "\
        attachTime completionTime createTime deleteTime elasticInferenceAcceleratorAssociationTime \
        impairedSince launchTime notAfter notBefore notBeforeDeadline provisionTime requestTime \
        restoreExpiryTime startTime usageOperationUpdateTime",
    texts: "\
        CreateSnapshot/status CreateSnapshot/statusMessage attachmentSet/status eventsSet/code \
        productCodes/type routeSet/ipAddress snapshotSet/status snapshotSet/statusMessage stateReason/code \
        volumeSet/status",
    names: "\
        CreateSnapshot/status=State CreateSnapshot/statusMessage=StateMessage \
        StartInstances/instancesSet=StartingInstances StopInstances/instancesSet=StoppingInstances \
        associatedKmsKeySet=AssociatedKmsKeys associationSet=Associations \
        attachedApplianceSet=AttachedAppliances attachmentSet/status=State attachmentSet=Attachments \
        availabilityZoneInfo=AvailabilityZones blockDeviceMapping=BlockDeviceMappings default=IsDefault \
        dnsName=PublicDnsName elasticGpuAssociationSet=ElasticGpuAssociations \
        elasticInferenceAcceleratorAssociationSet=ElasticInferenceAcceleratorAssociations entrySet=Entries \
        eventsSet=Events geographySet=Geography groupDescription=Description groupSet=Groups \
        groups=UserIdGroupPairs instanceState=State instanceStatusSet/instanceState=InstanceState \
        instanceStatusSet=InstanceStatuses instancesSet/groupSet=SecurityGroups \
        instancesSet=TerminatingInstances ipAddress=PublicIpAddress ipv4PrefixSet=Ipv4Prefixes \
        ipv6AddressesSet=Ipv6Addresses ipv6PrefixSet=Ipv6Prefixes licenseSet=Licenses messageSet=Messages \
        metricCategoryIdSet=MetricCategoryIds natGatewayAddressSet=NatGatewayAddresses \
        natGatewaySet=NatGateways networkAclSet=NetworkAcls networkInterfaceSet=NetworkInterfaces \
        privateIpAddressSet=PrivateIpAddresses privateIpAddressesSet=PrivateIpAddresses \
        productCode=ProductCodeId productCodes/type=ProductCodeType propagatingVgwSet=PropagatingVgws \
        reason=StateTransitionReason regionEndpoint=Endpoint regionInfo=Regions \
        reservationSet/instancesSet=Instances reservationSet=Reservations \
        revokedSecurityGroupRuleSet=RevokedSecurityGroupRules routeSet/ipAddress=IpAddress routeSet=Routes \
        routeTableSet=RouteTables secondaryInterfaceSet=SecondaryInterfaces securityGroupInfo=SecurityGroups \
        securityGroupRuleSet=SecurityGroupRules snapshotSet/status=State \
        snapshotSet/statusMessage=StateMessage snapshotSet=Snapshots subGeographySet=SubGeography \
        subnetSet=Subnets tagSet=Tags unknownIpPermissionSet=UnknownIpPermissions volumeSet/status=State \
        volumeSet=Volumes vpcSet=Vpcs zoneState=State",
    ..EMPTY
};

/// The members of autoscaling.
pub(super) const AUTOSCALING: Table = Table {
    lists: "\
        AcceleratorManufacturers AcceleratorNames AcceleratorTypes Activities AllowedInstanceTypes \
        AutoScalingGroups AutoScalingInstances AvailabilityZoneIds AvailabilityZones CapacityReservationIds \
        CapacityReservationResourceGroupArns CpuManufacturers DistributionSegments EnabledMetrics \
        ExcludedInstanceTypes InstanceGenerations Instances LoadBalancerNames LocalStorageTypes Overrides \
        Processes Reference SuspendedProcesses Tags TargetCapacityTypes TargetGroupARNs TerminationPolicies \
        TrafficSources",
    structures: "\
        AcceleratorCount AcceleratorTotalMemoryMiB Activity AvailabilityZoneDistribution \
        AvailabilityZoneImpairmentPolicy BaselineEbsBandwidthMbps BaselinePerformanceFactors \
        CapacityReservationSpecification CapacityReservationTarget Cpu InstanceLifecyclePolicy \
        InstanceMaintenancePolicy InstanceRequirements InstanceReusePolicy InstancesDistribution \
        LaunchTemplate LaunchTemplateSpecification MemoryGiBPerVCpu MemoryMiB MixedInstancesPolicy \
        NetworkBandwidthGbps NetworkInterfaceCount Operator RetentionTriggers TotalLocalStorageGB VCpuCount \
        WarmPoolConfiguration",
    integers: "\
        DefaultCooldown DefaultInstanceWarmup DesiredCapacity HealthCheckGracePeriod Max \
        MaxGroupPreparedCapacity MaxHealthyPercentage MaxInstanceLifetime MaxSize \
        MaxSpotPriceAsPercentageOfOptimalOnDemandPrice Min MinHealthyPercentage MinSize OnDemandBaseCapacity \
        OnDemandMaxPricePercentageOverLowestPrice OnDemandPercentageAboveBaseCapacity PredictedCapacity \
        Progress SpotInstancePools SpotMaxPricePercentageOverLowestPrice WarmPoolSize",
    floats: "\
        MemoryGiBPerVCpu/Max MemoryGiBPerVCpu/Min NetworkBandwidthGbps/Max NetworkBandwidthGbps/Min \
        TotalLocalStorageGB/Max TotalLocalStorageGB/Min",
    booleans: "\
        CapacityRebalance NewInstancesProtectedFromScaleIn PropagateAtLaunch ProtectedFromScaleIn \
        RequireHibernateSupport ReuseOnScaleIn ZonalShiftEnabled",
    times: "CreatedTime EndTime StartTime",
    names: "Reference=References",
    ..EMPTY
};

/// The members of elbv2.
pub(super) const ELBV2: Table = Table {
    lists: "\
        Actions AdditionalClaims AlpnPolicy Attributes AvailabilityZones Certificates Conditions \
        DefaultActions Listeners LoadBalancerAddresses LoadBalancerArns LoadBalancers RegexValues Rewrites \
        Rules SecurityGroups SourceNatIpv6Prefixes TargetGroups TargetHealthDescriptions Transforms Values",
    maps: "AuthenticationRequestExtraParams",
    structures: "\
        AdministrativeOverride AnomalyDetection AuthenticateCognitoConfig AuthenticateOidcConfig \
        FixedResponseConfig ForwardConfig HostHeaderConfig HostHeaderRewriteConfig HttpHeaderConfig \
        HttpRequestMethodConfig IpamPools JwtValidationConfig LoadBalancers/State Matcher \
        MutualAuthentication PathPatternConfig QueryStringConfig RedirectConfig SourceIpConfig Target \
        TargetGroupStickinessConfig TargetHealth UrlRewriteConfig",
    integers: "\
        DurationSeconds HealthCheckIntervalSeconds HealthCheckTimeoutSeconds HealthyThresholdCount Order \
        Port SessionTimeout TargetControlPort UnhealthyThresholdCount Weight",
    booleans: "Enabled HealthCheckEnabled IgnoreClientCertificateExpiry IsDefault UseExistingClientSecret",
    times: "CreatedTime",
    texts: "RedirectConfig/Port",
    ..EMPTY
};

/// The members of ecs.
pub(super) const ECS: Table = Table {
    structures: "header/value",
    integers: "thresholdConfiguration/value",
    floats: "scale/value",
    times: "createdAt stabilityStatusAt updatedAt",
    ..EMPTY
};

/// The members of arc-zonal-shift.
pub(super) const ARC_ZONAL_SHIFT: Table = Table { times: "expiryTime startTime", ..EMPTY };
