//! RDS.

use aws_sdk_rds::types::{
    AutomationMode, CloudwatchLogsExportConfiguration, DatabaseInsightsMode, Filter, MasterUserAuthenticationType,
    ProcessorFeature, ReplicaMode, SourceType, Tag,
};

use crate::exec::aws::bind::{operations, record, words};

words!(AutomationMode, DatabaseInsightsMode, MasterUserAuthenticationType, ReplicaMode, SourceType);
record!(Filter { "Name" set_name, "Values" set_values });
record!(Tag { "Key" set_key, "Value" set_value });
record!(ProcessorFeature { "Name" set_name, "Value" set_value });
record!(CloudwatchLogsExportConfiguration {
    "EnableLogTypes" set_enable_log_types, "DisableLogTypes" set_disable_log_types,
});

operations! { aws_sdk_rds;
    describe_db_instances { set_db_instance_identifier, set_filters, set_max_records, set_marker }
    describe_db_snapshots {
        set_db_instance_identifier, set_db_snapshot_identifier, set_snapshot_type, set_filters,
        set_max_records, set_marker, set_include_shared, set_include_public, set_dbi_resource_id
    }
    describe_events {
        set_source_identifier, set_source_type, set_start_time, set_end_time, set_duration,
        set_event_categories, set_filters, set_max_records, set_marker
    }
    describe_db_instance_automated_backups {
        set_dbi_resource_id, set_db_instance_identifier, set_filters, set_max_records, set_marker,
        set_db_instance_automated_backups_arn
    }
    promote_read_replica { set_db_instance_identifier, set_backup_retention_period, set_preferred_backup_window }
    modify_db_instance {
        set_db_instance_identifier, set_allocated_storage, set_db_instance_class, set_db_subnet_group_name,
        set_db_security_groups, set_vpc_security_group_ids, set_apply_immediately,
        set_db_parameter_group_name, set_backup_retention_period, set_preferred_backup_window,
        set_preferred_maintenance_window, set_multi_az, set_engine_version, set_allow_major_version_upgrade,
        set_auto_minor_version_upgrade, set_license_model, set_iops, set_storage_throughput,
        set_option_group_name, set_new_db_instance_identifier, set_storage_type, set_tde_credential_arn,
        set_ca_certificate_identifier, set_domain, set_domain_fqdn, set_domain_ou, set_domain_auth_secret_arn,
        set_domain_dns_ips, set_disable_domain, set_copy_tags_to_snapshot, set_monitoring_interval,
        set_db_port_number, set_publicly_accessible, set_monitoring_role_arn, set_domain_iam_role_name,
        set_promotion_tier, set_enable_iam_database_authentication, set_database_insights_mode,
        set_enable_performance_insights, set_performance_insights_kms_key_id,
        set_performance_insights_retention_period, set_cloudwatch_logs_export_configuration,
        set_processor_features, set_use_default_processor_features, set_deletion_protection,
        set_max_allocated_storage, set_certificate_rotation_restart, set_replica_mode, set_automation_mode,
        set_resume_full_automation_mode_minutes, set_enable_customer_owned_ip, set_network_type,
        set_aws_backup_recovery_point_arn, set_manage_master_user_password, set_rotate_master_user_password,
        set_master_user_secret_kms_key_id, set_multi_tenant, set_dedicated_log_volume, set_engine,
        set_db_capacity_reservation_identifier, set_master_user_authentication_type,
        set_engine_lifecycle_support
    }
    reboot_db_instance { set_db_instance_identifier, set_force_failover }
    delete_db_instance {
        set_db_instance_identifier, set_skip_final_snapshot, set_final_db_snapshot_identifier,
        set_delete_automated_backups
    }
    create_db_snapshot { set_db_snapshot_identifier, set_db_instance_identifier, set_tags }
    start_db_instance_automated_backups_replication {
        set_source_db_instance_arn, set_backup_retention_period, set_kms_key_id, set_tags
    }
}
