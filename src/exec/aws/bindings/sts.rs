//! STS.

use aws_sdk_sts::types::{PolicyDescriptorType, ProvidedContext, Tag};

use crate::exec::aws::bind::{operations, record};

record!(PolicyDescriptorType { "arn" set_arn });
record!(checked Tag { "Key" set_key, "Value" set_value });
record!(ProvidedContext { "ProviderArn" set_provider_arn, "ContextAssertion" set_context_assertion });

operations! { aws_sdk_sts;
    get_caller_identity {}
    assume_role {
        set_role_arn, set_role_session_name, set_policy_arns, set_policy, set_duration_seconds, set_tags,
        set_transitive_tag_keys, set_external_id, set_serial_number, set_source_identity,
        set_provided_contexts
    }
}
