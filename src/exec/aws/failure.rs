//! What went wrong with a call, as an outcome and in a sentence.

use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::{ConnectorError, SdkError};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use super::answer;
use super::capture::{Answer, Kept};
use crate::engine::Outcome;

/// Codes by which AWS says that it did nothing yet and wants to be asked again.
const THROTTLES: &[&str] = &[
    "BandwidthLimitExceeded",
    "EC2ThrottledException",
    "PriorRequestNotComplete",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "SlowDown",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
];

/// Codes of failures that pass, though AWS may have acted.
const PASSING: &[&str] = &["InternalError", "InternalFailure", "RequestTimeout", "RequestTimeoutException"];

/// Codes by which AWS says that credentials are over.
const EXPIRED: &[&str] = &["ExpiredToken", "ExpiredTokenException", "RequestExpired"];

/// Tells whether a call failed since its credentials are over or not to be had.
pub(super) fn is_for_credentials(outcome: &Outcome) -> bool {
    match outcome {
        Outcome::AwsRefused { code, .. } => EXPIRED.contains(&code.as_str()),
        Outcome::Unusable { error } => error.contains(NO_CREDENTIALS) || error.contains(SLOW_CREDENTIALS),
        _ => false,
    }
}

/// What an operator reads who has no credentials.
pub(super) const NO_CREDENTIALS: &str = "no AWS credentials are to be found; set a profile, export \
    `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`, or log in with `aws sso login`";
/// What an operator reads whose credentials don't come.
pub(super) const SLOW_CREDENTIALS: &str =
    "the source of the AWS credentials did not answer in time; log in again or export keys";

/// Says whether a request went out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sent {
    /// No connection came about, so that AWS can't have acted.
    No,
    /// It may have.
    Perhaps,
}

/// Is what went wrong with a call, whatever the operation.
#[derive(Clone, Debug)]
pub(super) enum Trouble {
    /// The call could not be built; nothing was sent.
    Unbuilt(String),
    /// There are no credentials, or they can't be had.
    Credentials(String),
    /// No complete answer came.
    Lost {
        /// Why.
        why: String,
        /// Whether the request went out.
        sent: Sent,
    },
    /// AWS answered with an error.
    Refused {
        /// The code, if the SDK found one.
        code: Option<String>,
        /// The message.
        message: Option<String>,
    },
}

impl<E> From<SdkError<E, HttpResponse>> for Trouble
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    fn from(error: SdkError<E, HttpResponse>) -> Self {
        if let SdkError::ServiceError(error) = &error {
            let (code, message) = (error.err().code(), error.err().message());
            return Self::Refused { code: code.map(str::to_owned), message: message.map(str::to_owned) };
        }
        if let Some(said) = credentials(&error) {
            return Self::Credentials(said);
        }
        match error {
            SdkError::ConstructionFailure(_) => Self::Unbuilt(innermost(&error)),
            SdkError::TimeoutError(_) => Self::Lost { why: "no answer in time".to_owned(), sent: Sent::Perhaps },
            SdkError::DispatchFailure(ref failure) => {
                let why = failure.as_connector_error().map_or_else(|| innermost(&error), connector);
                let sent = if never_connected(&error) { Sent::No } else { Sent::Perhaps };
                Self::Lost { why, sent }
            }
            _ => Self::Lost { why: format!("the answer broke off: {}", innermost(&error)), sent: Sent::Perhaps },
        }
    }
}

/// The HTTP client says so only in words, and does not give its type away.
fn never_connected(error: &(dyn Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if error.to_string().starts_with("client error (Connect)") {
            return true;
        }
        next = error.source();
    }
    false
}

fn connector(error: &ConnectorError) -> String {
    if error.is_timeout() { "no answer in time".to_owned() } else { innermost(error) }
}

/// Returns the last cause of a chain: the SDK's outer layers say only that a dispatch failed.
fn innermost(error: &(dyn Error + 'static)) -> String {
    let mut last = error;
    while let Some(source) = last.source() {
        last = source;
    }
    last.to_string()
}

/// Finds out that there are no credentials, and says why.
pub(super) fn credentials(error: &(dyn Error + 'static)) -> Option<String> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(error) = error.downcast_ref::<CredentialsError>() {
            return Some(match error {
                CredentialsError::CredentialsNotLoaded(_) => NO_CREDENTIALS.to_owned(),
                CredentialsError::ProviderTimedOut(_) => SLOW_CREDENTIALS.to_owned(),
                other => format!("the AWS credentials can't be had: {}; check the profile", innermost(other)),
            });
        }
        next = error.source();
    }
    None
}

/// Says whether AWS certainly did not act, so that even a call that acts may be sent again.
pub(super) fn is_throttle(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Throttled { code, .. } if is_throttled(code))
}

/// Says whether `code` means that AWS did nothing and wants to be asked again.
pub(super) fn is_throttled(code: &str) -> bool {
    THROTTLES.contains(&code)
}

/// Says whether AWS refused because the credentials are over.
pub(super) fn is_expired(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::AwsRefused { code, .. } if EXPIRED.contains(&code.as_str()))
}

/// Turns trouble into an outcome.
pub(super) fn outcome(trouble: Trouble, kept: &Kept) -> Outcome {
    match trouble {
        Trouble::Unbuilt(why) => Outcome::Unusable { error: format!("the call can't be made: {why}") },
        Trouble::Credentials(error) => Outcome::Unusable { error },
        Trouble::Lost { why, .. } => Outcome::Unreachable { error: why },
        Trouble::Refused { code, message } => {
            let answer = kept.answer.clone().unwrap_or_default();
            let read = answer::refusal(&answer);
            let (code, message) = match (read, code) {
                (Some((code, said)), _) => (code, said),
                (None, Some(code)) if !answer.body.is_empty() => (code, message.unwrap_or_default()),
                // Like the AWS CLI: an answer without a document (to a HEAD request) is called by its status.
                _ => (answer.status.to_string(), reason(&answer)),
            };
            if THROTTLES.contains(&code.as_str()) || PASSING.contains(&code.as_str()) || passes(answer.status) {
                Outcome::Throttled { code, message }
            } else {
                Outcome::AwsRefused { code, message }
            }
        }
    }
}

/// Says whether a complete answer came that is no error. S3 sends some errors with status 200.
pub(super) fn is_success(kept: &Kept) -> bool {
    kept.answer.as_ref().is_some_and(|answer| answer.status / 100 == 2 && answer::refusal(answer).is_none())
}

fn passes(status: u16) -> bool {
    // Not implemented (501) and the version of HTTP (505) stay as they are.
    status == 429 || (status >= 500 && !matches!(status, 501 | 505))
}

fn reason(answer: &Answer) -> String {
    let reason = http::StatusCode::from_u16(answer.status).ok().and_then(|status| status.canonical_reason());
    reason.unwrap_or("no reason given").to_owned()
}

/// Writes an outcome as the AWS CLI does on standard error.
pub(super) fn said(outcome: &Outcome, operation: &str) -> String {
    match outcome {
        Outcome::AwsRefused { code, message } | Outcome::Throttled { code, message } => {
            let hint = hint(code, operation, message).map_or_else(String::new, |hint| format!("{hint}\n"));
            format!("\nAn error occurred ({code}) when calling the {operation} operation: {message}\n{hint}")
        }
        Outcome::Answered { .. } => String::new(),
        other => format!("\n{}\n", other.words()),
    }
}

/// Adds the next step where AWS's message leaves it out.
fn hint(code: &str, operation: &str, message: &str) -> Option<String> {
    let hint = match code {
        code if EXPIRED.contains(&code) => {
            "The credentials have expired: renew them (`aws sso login`, or new keys) and try again."
        }
        "InvalidClientTokenId" | "InvalidSignatureException" | "SignatureDoesNotMatch"
            if message.contains("Signature expired") || message.contains("not yet current") =>
        {
            CLOCK
        }
        "InvalidAccessKeyId"
        | "InvalidClientTokenId"
        | "InvalidSignatureException"
        | "SignatureDoesNotMatch"
        | "UnrecognizedClientException"
        | "AuthFailure" => "AWS does not accept these credentials: check the profile or the exported keys.",
        "RequestTimeTooSkewed" => CLOCK,
        "AccessDenied" if message.contains("object lock") => LOCKED,
        "AccessDenied" | "AccessDeniedException" | "UnauthorizedOperation" | "AuthorizationError" => {
            return Some(denied(operation, message));
        }
        "OptInRequired" | "InvalidRegion" => "The region is not enabled for this account: check `--region`.",
        _ => return None,
    };
    Some(hint.to_owned())
}

const CLOCK: &str = "This machine's clock is wrong: correct it and try again.";
const LOCKED: &str = "The version is locked: `aws s3api get-object-retention` and `get-object-legal-hold` say until when and how. A \
    hold can be lifted and a GOVERNANCE lock bypassed (`--bypass-governance-retention`); COMPLIANCE ends at its time alone.";

/// Names the permission that is missing. Most services say it in the message; S3 says no more than "Access Denied".
fn denied(operation: &str, message: &str) -> String {
    let said = message.split_once("not authorized to perform: ").and_then(|(_, rest)| rest.split_whitespace().next());
    let named = said.map(|action| action.trim_matches(|c: char| !c.is_ascii_alphanumeric()).to_owned());
    let action = named.or_else(|| Some(format!("s3:{}", s3_action(operation)?)));
    match action {
        Some(action) if message.contains("explicit deny") => {
            format!("A policy denies `{action}`: ask for it to be lifted, or work as a role that it does not name.")
        }
        Some(action) => format!(
            "The permission `{action}` is missing (or a policy of the resource or the organisation denies it): ask for \
             it, or work as a role that has it."
        ),
        None => "A permission is missing: ask for it, or work as a role that has it.".to_owned(),
    }
}

/// Returns the permission that an operation of S3 wants, where it is called otherwise than the operation.
fn s3_action(operation: &str) -> Option<&'static str> {
    Some(match operation {
        "HeadBucket" | "ListObjectsV2" => "ListBucket",
        "ListBuckets" => "ListAllMyBuckets",
        "ListObjectVersions" => "ListBucketVersions",
        "HeadObject" | "GetObject" => "GetObject",
        "GetObjectAttributes" => "GetObjectAttributes",
        "GetObjectTagging" => "GetObjectTagging",
        "GetObjectRetention" => "GetObjectRetention",
        "GetObjectLegalHold" => "GetObjectLegalHold",
        "CopyObject" | "PutObject" => "PutObject",
        "PutObjectTagging" => "PutObjectTagging",
        "PutObjectRetention" => "PutObjectRetention",
        "PutObjectLegalHold" => "PutObjectLegalHold",
        "RestoreObject" => "RestoreObject",
        "DeleteObject" | "DeleteObjects" => "DeleteObject",
        "GetBucketVersioning" => "GetBucketVersioning",
        "PutBucketVersioning" => "PutBucketVersioning",
        "GetBucketLifecycleConfiguration" => "GetLifecycleConfiguration",
        "PutBucketLifecycleConfiguration" | "DeleteBucketLifecycle" => "PutLifecycleConfiguration",
        "GetBucketReplication" => "GetReplicationConfiguration",
        "PutBucketReplication" | "DeleteBucketReplication" => "PutReplicationConfiguration",
        "GetObjectLockConfiguration" => "GetBucketObjectLockConfiguration",
        "PutObjectLockConfiguration" => "PutBucketObjectLockConfiguration",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_told_apart() {
        let table = [
            (
                400,
                "<ErrorResponse><Error><Code>Throttling</Code><Message>m</Message></Error></ErrorResponse>",
                true,
                true,
            ),
            (503, "<Error><Code>SlowDown</Code><Message>m</Message></Error>", true, true),
            (500, "<ErrorResponse><Error><Code>InternalFailure</Code></Error></ErrorResponse>", true, false),
            (502, "<html>bad gateway</html>", true, false),
            (501, "<html>no such thing</html>", false, false),
            (400, "<ErrorResponse><Error><Code>InvalidDBInstanceState</Code></Error></ErrorResponse>", false, false),
            (403, "<Error><Code>AccessDenied</Code></Error>", false, false),
        ];
        for (status, body, transient, throttle) in table {
            let answer = Answer { status, headers: Vec::new(), body: body.to_owned() };
            let kept = Kept { answer: Some(answer), ..Kept::default() };
            let found = outcome(Trouble::Refused { code: None, message: None }, &kept);
            assert_eq!((found.is_transient(), is_throttle(&found)), (transient, throttle), "{body}");
        }
    }

    #[test]
    fn expired_credentials_come_with_the_next_step() {
        let outcome = Outcome::AwsRefused { code: "ExpiredToken".to_owned(), message: "m".to_owned() };
        assert!(said(&outcome, "GetCallerIdentity").contains("renew them"));
    }

    #[test]
    fn a_missing_permission_is_named() {
        let iam = "User: arn:aws:iam::1:user/me is not authorized to perform: rds:PromoteReadReplica on resource: x";
        for (operation, message, named) in [
            ("PromoteReadReplica", iam, "`rds:PromoteReadReplica` is missing"),
            ("ListObjectVersions", "Access Denied", "`s3:ListBucketVersions` is missing"),
            (
                "DescribeKey",
                "not authorized to perform: kms:DescribeKey with an explicit deny in a policy",
                "denies `kms:DescribeKey`",
            ),
            ("DeleteObject", "Access Denied because object protected by object lock.", "The version is locked"),
            ("Elsewhere", "no", "A permission is missing"),
        ] {
            let outcome = Outcome::AwsRefused { code: "AccessDenied".to_owned(), message: message.to_owned() };
            let said = said(&outcome, operation);
            assert!(said.contains(named), "{said}");
        }
    }

    #[test]
    fn a_head_request_is_refused_by_its_status() {
        let answer = Answer { status: 404, ..Answer::default() };
        let kept = Kept { answer: Some(answer), ..Kept::default() };
        let found = outcome(Trouble::Refused { code: Some("NotFound".to_owned()), message: None }, &kept);
        assert_eq!(
            said(&found, "HeadObject"),
            "\nAn error occurred (404) when calling the HeadObject operation: Not Found\n"
        );
    }
}
