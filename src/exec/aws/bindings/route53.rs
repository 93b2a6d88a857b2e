//! Route 53.

use aws_sdk_route53::types::{
    AliasTarget, Change, ChangeAction, ChangeBatch, CidrRoutingConfig, Coordinates, GeoLocation, GeoProximityLocation,
    HealthCheckRegion, InsufficientDataHealthStatus, ResettableElementName, ResourceRecord, ResourceRecordSet,
    ResourceRecordSetFailover, ResourceRecordSetRegion, RrType,
};

use crate::exec::aws::bind::{operations, record, words};

words!(
    ChangeAction,
    HealthCheckRegion,
    InsufficientDataHealthStatus,
    ResettableElementName,
    ResourceRecordSetFailover,
    ResourceRecordSetRegion,
    RrType,
);
record!(checked ChangeBatch { "Comment" set_comment, "Changes" set_changes });
record!(checked Change { "Action" set_action, "ResourceRecordSet" set_resource_record_set });
record!(checked ResourceRecordSet {
    "Name" set_name, "Type" set_type, "SetIdentifier" set_set_identifier, "Weight" set_weight, "Region" set_region,
    "GeoLocation" set_geo_location, "Failover" set_failover, "MultiValueAnswer" set_multi_value_answer, "TTL" set_ttl,
    "ResourceRecords" set_resource_records, "AliasTarget" set_alias_target, "HealthCheckId" set_health_check_id,
    "TrafficPolicyInstanceId" set_traffic_policy_instance_id, "CidrRoutingConfig" set_cidr_routing_config,
    "GeoProximityLocation" set_geo_proximity_location,
});
record!(checked ResourceRecord { "Value" set_value });
record!(checked AliasTarget {
    "HostedZoneId" set_hosted_zone_id, "DNSName" set_dns_name, "EvaluateTargetHealth" set_evaluate_target_health,
});
record!(GeoLocation {
    "ContinentCode" set_continent_code, "CountryCode" set_country_code, "SubdivisionCode" set_subdivision_code,
});
record!(checked CidrRoutingConfig { "CollectionId" set_collection_id, "LocationName" set_location_name });
record!(GeoProximityLocation {
    "AWSRegion" set_aws_region, "LocalZoneGroup" set_local_zone_group, "Coordinates" set_coordinates, "Bias" set_bias,
});
record!(checked Coordinates { "Latitude" set_latitude, "Longitude" set_longitude });

operations! { aws_sdk_route53;
    get_health_check { set_health_check_id }
    get_health_check_status { set_health_check_id }
    list_resource_record_sets {
        set_hosted_zone_id, set_start_record_name, set_start_record_type, set_start_record_identifier
    }
    list_hosted_zones_by_name { set_dns_name, set_hosted_zone_id }
    get_change { set_id }
    change_resource_record_sets { set_hosted_zone_id, set_change_batch }
    update_health_check {
        set_health_check_id, set_health_check_version, set_ip_address, set_port, set_resource_path,
        set_fully_qualified_domain_name, set_search_string, set_failure_threshold, set_inverted, set_disabled,
        set_health_threshold, set_child_health_checks, set_enable_sni, set_regions,
        set_insufficient_data_health_status, set_reset_elements
    }
}
