//! STS.

use crate::exec::aws::bind::operations;

operations! { aws_sdk_sts;
    get_caller_identity {}
}
