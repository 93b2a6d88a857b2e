//! The rows of Route 53.

/// Lists services and their rows.
pub(super) const ROWS: &[(&str, &str)] = &[(
    "route53",
    "
GetHostedZone observe
    Id@*
ListHostedZones observe
    Marker MaxItems DelegationSetId HostedZoneType
ListHostedZonesByName observe
    DNSName@ HostedZoneId MaxItems
ListResourceRecordSets observe
    HostedZoneId@* StartRecordName StartRecordType StartRecordIdentifier MaxItems
TestDNSAnswer observe
    HostedZoneId@* RecordName* RecordType* ResolverIP EDNS0ClientSubnetIP EDNS0ClientSubnetMask
GetChange observe
    Id@*
GetHealthCheck observe
    HealthCheckId@*
GetHealthCheckStatus observe
    HealthCheckId@*
GetHealthCheckLastFailureReason observe
    HealthCheckId@*
ListHealthChecks observe
    Marker MaxItems
CreateHostedZone change
    Name@* VPC{} CallerReference* HostedZoneConfig{} DelegationSetId
ChangeResourceRecordSets disrupt
    HostedZoneId@* ChangeBatch*{}
CreateHealthCheck change
    CallerReference* HealthCheckConfig*{}
UpdateHealthCheck disrupt
    HealthCheckId@* HealthCheckVersion:int IPAddress Port:int ResourcePath FullyQualifiedDomainName SearchString
    FailureThreshold:int Inverted:flag Disabled:flag HealthThreshold:int ChildHealthChecks[] EnableSNI:flag
    Regions[] AlarmIdentifier{} InsufficientDataHealthStatus ResetElements[]
DeleteHealthCheck disrupt
    HealthCheckId@*
wait resource-record-sets-changed = GetChange
",
)];
