//! Route 53.

use aws_sdk_route53::types::{
    AlarmIdentifier, AliasTarget, Change, ChangeAction, ChangeBatch, CidrRoutingConfig, CloudWatchRegion, Coordinates,
    GeoLocation, GeoProximityLocation, HealthCheckConfig, HealthCheckRegion, HealthCheckType, HostedZoneConfig,
    HostedZoneType, InsufficientDataHealthStatus, ResettableElementName, ResourceRecord, ResourceRecordSet,
    ResourceRecordSetFailover, ResourceRecordSetRegion, RrType, Vpc, VpcRegion,
};

use crate::exec::aws::bind::{operations, record, words};

words!(
    ChangeAction,
    CloudWatchRegion,
    HealthCheckRegion,
    HealthCheckType,
    HostedZoneType,
    InsufficientDataHealthStatus,
    RrType,
    ResettableElementName,
    ResourceRecordSetFailover,
    ResourceRecordSetRegion,
    VpcRegion
);
record!(Vpc { "VPCRegion" set_vpc_region, "VPCId" set_vpc_id });
record!(HostedZoneConfig { "Comment" set_comment, "PrivateZone" set_private_zone });
record!(checked ChangeBatch { "Comment" set_comment, "Changes" set_changes });
record!(checked Change { "Action" set_action, "ResourceRecordSet" set_resource_record_set });
record!(checked ResourceRecordSet { "Name" set_name, "Type" set_type, "SetIdentifier" set_set_identifier, "Weight" set_weight, "Region" set_region, "GeoLocation" set_geo_location, "Failover" set_failover, "MultiValueAnswer" set_multi_value_answer, "TTL" set_ttl, "ResourceRecords" set_resource_records, "AliasTarget" set_alias_target, "HealthCheckId" set_health_check_id, "TrafficPolicyInstanceId" set_traffic_policy_instance_id, "CidrRoutingConfig" set_cidr_routing_config, "GeoProximityLocation" set_geo_proximity_location });
record!(GeoLocation { "ContinentCode" set_continent_code, "CountryCode" set_country_code, "SubdivisionCode" set_subdivision_code });
record!(checked ResourceRecord { "Value" set_value });
record!(checked AliasTarget { "HostedZoneId" set_hosted_zone_id, "DNSName" set_dns_name, "EvaluateTargetHealth" set_evaluate_target_health });
record!(checked CidrRoutingConfig { "CollectionId" set_collection_id, "LocationName" set_location_name });
record!(GeoProximityLocation { "AWSRegion" set_aws_region, "LocalZoneGroup" set_local_zone_group, "Coordinates" set_coordinates, "Bias" set_bias });
record!(checked Coordinates { "Latitude" set_latitude, "Longitude" set_longitude });
record!(checked HealthCheckConfig { "IPAddress" set_ip_address, "Port" set_port, "Type" set_type, "ResourcePath" set_resource_path, "FullyQualifiedDomainName" set_fully_qualified_domain_name, "SearchString" set_search_string, "RequestInterval" set_request_interval, "FailureThreshold" set_failure_threshold, "MeasureLatency" set_measure_latency, "Inverted" set_inverted, "Disabled" set_disabled, "HealthThreshold" set_health_threshold, "ChildHealthChecks" set_child_health_checks, "EnableSNI" set_enable_sni, "Regions" set_regions, "AlarmIdentifier" set_alarm_identifier, "InsufficientDataHealthStatus" set_insufficient_data_health_status, "RoutingControlArn" set_routing_control_arn });
record!(checked AlarmIdentifier { "Region" set_region, "Name" set_name });

operations! { aws_sdk_route53;
    get_hosted_zone { set_id }
    list_hosted_zones { set_marker, set_max_items, set_delegation_set_id, set_hosted_zone_type }
    list_hosted_zones_by_name { set_dns_name, set_hosted_zone_id, set_max_items }
    list_resource_record_sets {
        set_hosted_zone_id, set_start_record_name, set_start_record_type, set_start_record_identifier,
        set_max_items
    }
    test_dns_answer {
        set_hosted_zone_id, set_record_name, set_record_type, set_resolver_ip, set_edns0_client_subnet_ip,
        set_edns0_client_subnet_mask
    }
    get_change { set_id }
    get_health_check { set_health_check_id }
    get_health_check_status { set_health_check_id }
    get_health_check_last_failure_reason { set_health_check_id }
    list_health_checks { set_marker, set_max_items }
    create_hosted_zone { set_name, set_vpc, set_caller_reference, set_hosted_zone_config, set_delegation_set_id }
    change_resource_record_sets { set_hosted_zone_id, set_change_batch }
    create_health_check { set_caller_reference, set_health_check_config }
    update_health_check {
        set_health_check_id, set_health_check_version, set_ip_address, set_port, set_resource_path,
        set_fully_qualified_domain_name, set_search_string, set_failure_threshold, set_inverted,
        set_disabled, set_health_threshold, set_child_health_checks, set_enable_sni, set_regions,
        set_alarm_identifier, set_insufficient_data_health_status, set_reset_elements
    }
    delete_health_check { set_health_check_id }
}
