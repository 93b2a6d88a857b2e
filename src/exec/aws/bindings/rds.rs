//! RDS and Aurora.

use aws_sdk_rds::types::{
    AdditionalStorageVolume, ApplyMethod, AutomationMode, CloudwatchLogsExportConfiguration, ClusterScalabilityType,
    DatabaseInsightsMode, Filter, MasterUserAuthenticationType, ModifyAdditionalStorageVolume, Parameter,
    ProcessorFeature, RdsCustomClusterConfiguration, ReplicaMode, ScalingConfiguration,
    ServerlessV2ScalingConfiguration, SourceType, Tag, TagSpecification,
};

use crate::exec::aws::bind::{operations, record, words};

words!(
    ApplyMethod,
    AutomationMode,
    ClusterScalabilityType,
    DatabaseInsightsMode,
    MasterUserAuthenticationType,
    ReplicaMode,
    SourceType
);
record!(Filter { "Name" set_name, "Values" set_values });
record!(Tag { "Key" set_key, "Value" set_value });
record!(ProcessorFeature { "Name" set_name, "Value" set_value });
record!(AdditionalStorageVolume { "VolumeName" set_volume_name, "AllocatedStorage" set_allocated_storage, "IOPS" set_iops, "MaxAllocatedStorage" set_max_allocated_storage, "StorageThroughput" set_storage_throughput, "StorageType" set_storage_type });
record!(TagSpecification { "ResourceType" set_resource_type, "Tags" set_tags });
record!(CloudwatchLogsExportConfiguration { "EnableLogTypes" set_enable_log_types, "DisableLogTypes" set_disable_log_types });
record!(ModifyAdditionalStorageVolume { "VolumeName" set_volume_name, "AllocatedStorage" set_allocated_storage, "IOPS" set_iops, "MaxAllocatedStorage" set_max_allocated_storage, "StorageThroughput" set_storage_throughput, "StorageType" set_storage_type, "SetForDelete" set_set_for_delete });
record!(Parameter { "ParameterName" set_parameter_name, "ParameterValue" set_parameter_value, "Description" set_description, "Source" set_source, "ApplyType" set_apply_type, "DataType" set_data_type, "AllowedValues" set_allowed_values, "IsModifiable" set_is_modifiable, "MinimumEngineVersion" set_minimum_engine_version, "ApplyMethod" set_apply_method, "SupportedEngineModes" set_supported_engine_modes });
record!(ScalingConfiguration { "MinCapacity" set_min_capacity, "MaxCapacity" set_max_capacity, "AutoPause" set_auto_pause, "SecondsUntilAutoPause" set_seconds_until_auto_pause, "TimeoutAction" set_timeout_action, "SecondsBeforeTimeout" set_seconds_before_timeout });
record!(RdsCustomClusterConfiguration { "InterconnectSubnetId" set_interconnect_subnet_id, "TransitGatewayMulticastDomainId" set_transit_gateway_multicast_domain_id, "ReplicaMode" set_replica_mode });
record!(ServerlessV2ScalingConfiguration { "MinCapacity" set_min_capacity, "MaxCapacity" set_max_capacity, "SecondsUntilAutoPause" set_seconds_until_auto_pause });

operations! { aws_sdk_rds;
    describe_db_instances { set_db_instance_identifier, set_filters, set_max_records, set_marker }
    describe_db_snapshots {
        set_db_instance_identifier, set_db_snapshot_identifier, set_snapshot_type, set_filters,
        set_max_records, set_marker, set_include_shared, set_include_public, set_dbi_resource_id
    }
    describe_db_snapshot_attributes { set_db_snapshot_identifier }
    describe_db_instance_automated_backups {
        set_dbi_resource_id, set_db_instance_identifier, set_filters, set_max_records, set_marker,
        set_db_instance_automated_backups_arn
    }
    describe_events {
        set_source_identifier, set_source_type, set_start_time, set_end_time, set_duration,
        set_event_categories, set_filters, set_max_records, set_marker
    }
    describe_db_log_files {
        set_db_instance_identifier, set_filename_contains, set_file_last_written, set_file_size,
        set_filters, set_max_records, set_marker
    }
    download_db_log_file_portion {
        set_db_instance_identifier, set_log_file_name, set_marker, set_number_of_lines
    }
    describe_db_parameter_groups { set_db_parameter_group_name, set_filters, set_max_records, set_marker }
    describe_db_parameters { set_db_parameter_group_name, set_source, set_filters, set_max_records, set_marker }
    describe_db_subnet_groups { set_db_subnet_group_name, set_filters, set_max_records, set_marker }
    describe_option_groups {
        set_option_group_name, set_filters, set_marker, set_max_records, set_engine_name,
        set_major_engine_version
    }
    describe_pending_maintenance_actions { set_resource_identifier, set_filters, set_marker, set_max_records }
    describe_account_attributes {}
    list_tags_for_resource { set_resource_name, set_filters }
    create_db_instance {
        set_db_name, set_db_instance_identifier, set_allocated_storage, set_db_instance_class, set_engine,
        set_master_username, set_db_security_groups, set_vpc_security_group_ids, set_availability_zone,
        set_db_subnet_group_name, set_preferred_maintenance_window, set_db_parameter_group_name,
        set_backup_retention_period, set_preferred_backup_window, set_port, set_multi_az,
        set_engine_version, set_auto_minor_version_upgrade, set_license_model, set_iops,
        set_storage_throughput, set_option_group_name, set_character_set_name, set_nchar_character_set_name,
        set_publicly_accessible, set_tags, set_db_cluster_identifier, set_storage_type,
        set_tde_credential_arn, set_storage_encrypted, set_kms_key_id, set_domain, set_domain_fqdn,
        set_domain_ou, set_domain_auth_secret_arn, set_domain_dns_ips, set_copy_tags_to_snapshot,
        set_monitoring_interval, set_monitoring_role_arn, set_domain_iam_role_name, set_promotion_tier,
        set_timezone, set_enable_iam_database_authentication, set_database_insights_mode,
        set_enable_performance_insights, set_performance_insights_kms_key_id,
        set_performance_insights_retention_period, set_enable_cloudwatch_logs_exports,
        set_processor_features, set_deletion_protection, set_max_allocated_storage,
        set_enable_customer_owned_ip, set_network_type, set_backup_target, set_custom_iam_instance_profile,
        set_db_system_id, set_ca_certificate_identifier, set_manage_master_user_password,
        set_master_user_secret_kms_key_id, set_multi_tenant, set_dedicated_log_volume,
        set_engine_lifecycle_support, set_additional_storage_volumes, set_tag_specifications,
        set_master_user_authentication_type
    }
    create_db_instance_read_replica {
        set_db_instance_identifier, set_source_db_instance_identifier, set_db_instance_class,
        set_availability_zone, set_port, set_multi_az, set_auto_minor_version_upgrade, set_iops,
        set_storage_throughput, set_option_group_name, set_db_parameter_group_name, set_publicly_accessible,
        set_tags, set_db_subnet_group_name, set_vpc_security_group_ids, set_storage_type,
        set_copy_tags_to_snapshot, set_monitoring_interval, set_monitoring_role_arn, set_kms_key_id,
        set_enable_iam_database_authentication, set_database_insights_mode, set_enable_performance_insights,
        set_performance_insights_kms_key_id, set_performance_insights_retention_period,
        set_enable_cloudwatch_logs_exports, set_processor_features, set_use_default_processor_features,
        set_deletion_protection, set_domain, set_domain_iam_role_name, set_domain_fqdn, set_domain_ou,
        set_domain_auth_secret_arn, set_domain_dns_ips, set_replica_mode, set_enable_customer_owned_ip,
        set_network_type, set_max_allocated_storage, set_backup_target, set_custom_iam_instance_profile,
        set_allocated_storage, set_source_db_cluster_identifier, set_dedicated_log_volume,
        set_upgrade_storage_config, set_ca_certificate_identifier, set_additional_storage_volumes,
        set_tag_specifications, set_pre_signed_url
    }
    promote_read_replica {
        set_db_instance_identifier, set_backup_retention_period, set_preferred_backup_window,
        set_tag_specifications
    }
    switchover_read_replica { set_db_instance_identifier }
    modify_db_instance {
        set_db_instance_identifier, set_allocated_storage, set_db_instance_class, set_db_subnet_group_name,
        set_db_security_groups, set_vpc_security_group_ids, set_apply_immediately,
        set_db_parameter_group_name, set_backup_retention_period, set_preferred_backup_window,
        set_preferred_maintenance_window, set_multi_az, set_engine_version, set_allow_major_version_upgrade,
        set_auto_minor_version_upgrade, set_license_model, set_iops, set_storage_throughput,
        set_option_group_name, set_new_db_instance_identifier, set_storage_type, set_tde_credential_arn,
        set_ca_certificate_identifier, set_domain, set_domain_fqdn, set_domain_ou,
        set_domain_auth_secret_arn, set_domain_dns_ips, set_disable_domain, set_copy_tags_to_snapshot,
        set_monitoring_interval, set_db_port_number, set_publicly_accessible, set_monitoring_role_arn,
        set_domain_iam_role_name, set_promotion_tier, set_enable_iam_database_authentication,
        set_database_insights_mode, set_enable_performance_insights, set_performance_insights_kms_key_id,
        set_performance_insights_retention_period, set_cloudwatch_logs_export_configuration,
        set_processor_features, set_use_default_processor_features, set_deletion_protection,
        set_max_allocated_storage, set_certificate_rotation_restart, set_replica_mode, set_automation_mode,
        set_resume_full_automation_mode_minutes, set_enable_customer_owned_ip, set_network_type,
        set_aws_backup_recovery_point_arn, set_manage_master_user_password, set_rotate_master_user_password,
        set_master_user_secret_kms_key_id, set_multi_tenant, set_dedicated_log_volume, set_engine,
        set_additional_storage_volumes, set_tag_specifications, set_master_user_authentication_type
    }
    reboot_db_instance { set_db_instance_identifier, set_force_failover }
    start_db_instance { set_db_instance_identifier }
    stop_db_instance { set_db_instance_identifier, set_db_snapshot_identifier }
    delete_db_instance {
        set_db_instance_identifier, set_skip_final_snapshot, set_final_db_snapshot_identifier,
        set_delete_automated_backups
    }
    restore_db_instance_to_point_in_time {
        set_source_db_instance_identifier, set_target_db_instance_identifier, set_restore_time,
        set_use_latest_restorable_time, set_db_instance_class, set_port, set_availability_zone,
        set_db_subnet_group_name, set_multi_az, set_publicly_accessible, set_auto_minor_version_upgrade,
        set_license_model, set_db_name, set_engine, set_iops, set_storage_throughput, set_option_group_name,
        set_copy_tags_to_snapshot, set_tags, set_storage_type, set_tde_credential_arn,
        set_vpc_security_group_ids, set_domain, set_domain_iam_role_name, set_domain_fqdn, set_domain_ou,
        set_domain_auth_secret_arn, set_domain_dns_ips, set_enable_iam_database_authentication,
        set_enable_cloudwatch_logs_exports, set_processor_features, set_use_default_processor_features,
        set_db_parameter_group_name, set_deletion_protection, set_source_dbi_resource_id,
        set_max_allocated_storage, set_enable_customer_owned_ip, set_network_type,
        set_source_db_instance_automated_backups_arn, set_backup_target, set_custom_iam_instance_profile,
        set_allocated_storage, set_backup_retention_period, set_preferred_backup_window,
        set_dedicated_log_volume, set_ca_certificate_identifier, set_engine_lifecycle_support,
        set_additional_storage_volumes, set_tag_specifications, set_manage_master_user_password,
        set_master_user_secret_kms_key_id
    }
    restore_db_instance_from_db_snapshot {
        set_db_instance_identifier, set_db_snapshot_identifier, set_db_instance_class, set_port,
        set_availability_zone, set_db_subnet_group_name, set_multi_az, set_publicly_accessible,
        set_auto_minor_version_upgrade, set_license_model, set_db_name, set_engine, set_iops,
        set_storage_throughput, set_option_group_name, set_tags, set_storage_type, set_tde_credential_arn,
        set_vpc_security_group_ids, set_domain, set_domain_fqdn, set_domain_ou, set_domain_auth_secret_arn,
        set_domain_dns_ips, set_copy_tags_to_snapshot, set_domain_iam_role_name,
        set_enable_iam_database_authentication, set_enable_cloudwatch_logs_exports, set_processor_features,
        set_use_default_processor_features, set_db_parameter_group_name, set_deletion_protection,
        set_enable_customer_owned_ip, set_network_type, set_backup_target, set_custom_iam_instance_profile,
        set_allocated_storage, set_db_cluster_snapshot_identifier, set_backup_retention_period,
        set_preferred_backup_window, set_dedicated_log_volume, set_ca_certificate_identifier,
        set_engine_lifecycle_support, set_additional_storage_volumes, set_tag_specifications,
        set_manage_master_user_password, set_master_user_secret_kms_key_id
    }
    create_db_snapshot { set_db_snapshot_identifier, set_db_instance_identifier, set_tags }
    copy_db_snapshot {
        set_source_db_snapshot_identifier, set_target_db_snapshot_identifier, set_kms_key_id, set_tags,
        set_copy_tags, set_option_group_name, set_target_custom_availability_zone, set_snapshot_target,
        set_copy_option_group, set_snapshot_availability_zone, set_pre_signed_url
    }
    modify_db_snapshot_attribute {
        set_db_snapshot_identifier, set_attribute_name, set_values_to_add, set_values_to_remove
    }
    delete_db_snapshot { set_db_snapshot_identifier }
    start_db_instance_automated_backups_replication {
        set_source_db_instance_arn, set_backup_retention_period, set_kms_key_id, set_tags,
        set_pre_signed_url
    }
    stop_db_instance_automated_backups_replication { set_source_db_instance_arn }
    delete_db_instance_automated_backup { set_dbi_resource_id, set_db_instance_automated_backups_arn }
    create_db_parameter_group {
        set_db_parameter_group_name, set_db_parameter_group_family, set_description, set_tags
    }
    copy_db_parameter_group {
        set_source_db_parameter_group_identifier, set_target_db_parameter_group_identifier,
        set_target_db_parameter_group_description, set_tags
    }
    modify_db_parameter_group { set_db_parameter_group_name, set_parameters }
    reset_db_parameter_group { set_db_parameter_group_name, set_reset_all_parameters, set_parameters }
    add_tags_to_resource { set_resource_name, set_tags }
    remove_tags_from_resource { set_resource_name, set_tag_keys }
    describe_db_clusters {
        set_db_cluster_identifier, set_filters, set_max_records, set_marker, set_include_shared
    }
    describe_db_cluster_snapshots {
        set_db_cluster_identifier, set_db_cluster_snapshot_identifier, set_snapshot_type, set_filters,
        set_max_records, set_marker, set_include_shared, set_include_public, set_db_cluster_resource_id
    }
    describe_db_cluster_snapshot_attributes { set_db_cluster_snapshot_identifier }
    describe_db_cluster_automated_backups {
        set_db_cluster_resource_id, set_db_cluster_identifier, set_filters, set_max_records, set_marker
    }
    describe_db_cluster_backtracks {
        set_db_cluster_identifier, set_backtrack_identifier, set_filters, set_max_records, set_marker
    }
    describe_db_cluster_endpoints {
        set_db_cluster_identifier, set_db_cluster_endpoint_identifier, set_filters, set_max_records,
        set_marker
    }
    describe_db_cluster_parameter_groups {
        set_db_cluster_parameter_group_name, set_filters, set_max_records, set_marker
    }
    describe_db_cluster_parameters {
        set_db_cluster_parameter_group_name, set_source, set_filters, set_max_records, set_marker
    }
    describe_global_clusters { set_global_cluster_identifier, set_filters, set_max_records, set_marker }
    create_db_cluster {
        set_availability_zones, set_backup_retention_period, set_character_set_name, set_database_name,
        set_db_cluster_identifier, set_db_cluster_parameter_group_name, set_vpc_security_group_ids,
        set_db_subnet_group_name, set_engine, set_engine_version, set_port, set_master_username,
        set_option_group_name, set_preferred_backup_window, set_preferred_maintenance_window,
        set_replication_source_identifier, set_tags, set_storage_encrypted, set_kms_key_id,
        set_enable_iam_database_authentication, set_backtrack_window, set_enable_cloudwatch_logs_exports,
        set_engine_mode, set_scaling_configuration, set_rds_custom_cluster_configuration,
        set_db_cluster_instance_class, set_allocated_storage, set_storage_type, set_iops,
        set_publicly_accessible, set_auto_minor_version_upgrade, set_deletion_protection,
        set_global_cluster_identifier, set_enable_http_endpoint, set_copy_tags_to_snapshot, set_domain,
        set_domain_iam_role_name, set_enable_global_write_forwarding, set_network_type,
        set_serverless_v2_scaling_configuration, set_monitoring_interval, set_monitoring_role_arn,
        set_database_insights_mode, set_enable_performance_insights, set_performance_insights_kms_key_id,
        set_performance_insights_retention_period, set_enable_limitless_database,
        set_cluster_scalability_type, set_db_system_id, set_manage_master_user_password,
        set_enable_local_write_forwarding, set_master_user_secret_kms_key_id, set_ca_certificate_identifier,
        set_engine_lifecycle_support, set_tag_specifications, set_master_user_authentication_type,
        set_with_express_configuration, set_pre_signed_url
    }
    modify_db_cluster {
        set_db_cluster_identifier, set_new_db_cluster_identifier, set_apply_immediately,
        set_backup_retention_period, set_db_cluster_parameter_group_name, set_vpc_security_group_ids,
        set_port, set_option_group_name, set_preferred_backup_window, set_preferred_maintenance_window,
        set_enable_iam_database_authentication, set_backtrack_window,
        set_cloudwatch_logs_export_configuration, set_engine_version, set_allow_major_version_upgrade,
        set_db_instance_parameter_group_name, set_domain, set_domain_iam_role_name,
        set_scaling_configuration, set_deletion_protection, set_enable_http_endpoint,
        set_copy_tags_to_snapshot, set_enable_global_write_forwarding, set_db_cluster_instance_class,
        set_allocated_storage, set_storage_type, set_iops, set_auto_minor_version_upgrade, set_network_type,
        set_serverless_v2_scaling_configuration, set_monitoring_interval, set_monitoring_role_arn,
        set_database_insights_mode, set_enable_performance_insights, set_performance_insights_kms_key_id,
        set_performance_insights_retention_period, set_manage_master_user_password,
        set_rotate_master_user_password, set_enable_local_write_forwarding,
        set_master_user_secret_kms_key_id, set_engine_mode, set_allow_engine_mode_change,
        set_aws_backup_recovery_point_arn, set_enable_limitless_database, set_ca_certificate_identifier,
        set_master_user_authentication_type
    }
    reboot_db_cluster { set_db_cluster_identifier }
    start_db_cluster { set_db_cluster_identifier }
    stop_db_cluster { set_db_cluster_identifier }
    failover_db_cluster { set_db_cluster_identifier, set_target_db_instance_identifier }
    promote_read_replica_db_cluster { set_db_cluster_identifier }
    backtrack_db_cluster {
        set_db_cluster_identifier, set_backtrack_to, set_force,
        set_use_earliest_time_on_point_in_time_unavailable
    }
    delete_db_cluster {
        set_db_cluster_identifier, set_skip_final_snapshot, set_final_db_snapshot_identifier,
        set_delete_automated_backups
    }
    restore_db_cluster_to_point_in_time {
        set_db_cluster_identifier, set_restore_type, set_source_db_cluster_identifier, set_restore_to_time,
        set_use_latest_restorable_time, set_port, set_db_subnet_group_name, set_option_group_name,
        set_vpc_security_group_ids, set_tags, set_kms_key_id, set_enable_iam_database_authentication,
        set_backtrack_window, set_enable_cloudwatch_logs_exports, set_db_cluster_parameter_group_name,
        set_deletion_protection, set_copy_tags_to_snapshot, set_domain, set_domain_iam_role_name,
        set_db_cluster_instance_class, set_storage_type, set_publicly_accessible, set_iops,
        set_network_type, set_source_db_cluster_resource_id, set_serverless_v2_scaling_configuration,
        set_scaling_configuration, set_engine_mode, set_rds_custom_cluster_configuration,
        set_monitoring_interval, set_monitoring_role_arn, set_enable_performance_insights,
        set_performance_insights_kms_key_id, set_performance_insights_retention_period,
        set_backup_retention_period, set_preferred_backup_window, set_engine_lifecycle_support,
        set_tag_specifications, set_enable_vpc_networking, set_enable_internet_access_gateway
    }
    restore_db_cluster_from_snapshot {
        set_availability_zones, set_db_cluster_identifier, set_snapshot_identifier, set_engine,
        set_engine_version, set_port, set_db_subnet_group_name, set_database_name, set_option_group_name,
        set_vpc_security_group_ids, set_tags, set_kms_key_id, set_enable_iam_database_authentication,
        set_backtrack_window, set_enable_cloudwatch_logs_exports, set_engine_mode,
        set_scaling_configuration, set_db_cluster_parameter_group_name, set_deletion_protection,
        set_copy_tags_to_snapshot, set_domain, set_domain_iam_role_name, set_db_cluster_instance_class,
        set_storage_type, set_iops, set_publicly_accessible, set_network_type,
        set_serverless_v2_scaling_configuration, set_rds_custom_cluster_configuration,
        set_monitoring_interval, set_monitoring_role_arn, set_enable_performance_insights,
        set_performance_insights_kms_key_id, set_performance_insights_retention_period,
        set_backup_retention_period, set_preferred_backup_window, set_engine_lifecycle_support,
        set_tag_specifications, set_enable_vpc_networking, set_enable_internet_access_gateway
    }
    create_db_cluster_snapshot { set_db_cluster_snapshot_identifier, set_db_cluster_identifier, set_tags }
    copy_db_cluster_snapshot {
        set_source_db_cluster_snapshot_identifier, set_target_db_cluster_snapshot_identifier,
        set_kms_key_id, set_copy_tags, set_tags, set_pre_signed_url
    }
    modify_db_cluster_snapshot_attribute {
        set_db_cluster_snapshot_identifier, set_attribute_name, set_values_to_add, set_values_to_remove
    }
    delete_db_cluster_snapshot { set_db_cluster_snapshot_identifier }
    create_global_cluster {
        set_global_cluster_identifier, set_source_db_cluster_identifier, set_engine, set_engine_version,
        set_engine_lifecycle_support, set_deletion_protection, set_database_name, set_storage_encrypted,
        set_tags
    }
    modify_global_cluster {
        set_global_cluster_identifier, set_new_global_cluster_identifier, set_deletion_protection,
        set_engine_version, set_allow_major_version_upgrade
    }
    switchover_global_cluster { set_global_cluster_identifier, set_target_db_cluster_identifier }
    failover_global_cluster {
        set_global_cluster_identifier, set_target_db_cluster_identifier, set_allow_data_loss, set_switchover
    }
    remove_from_global_cluster { set_global_cluster_identifier, set_db_cluster_identifier }
    delete_global_cluster { set_global_cluster_identifier }
}
