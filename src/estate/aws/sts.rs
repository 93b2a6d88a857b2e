//! STS: who is asking.

use super::xml::Xml;
use super::{Call, Reply, Service};
use crate::estate::model::place::ACCOUNT;

/// Answers a call.
pub(super) fn answer(call: &Call<'_>) -> Reply {
    let action = form_urlencoded::parse(&call.body).find(|(name, _)| name == "Action").map(|(_, value)| value);
    let action = action.or_else(|| call.query("Action").map(Into::into)).unwrap_or_default();
    if action != "GetCallerIdentity" {
        let message = format!("The practice estate has no STS action `{action}`.");
        return Service::Sts.error(400, "InvalidAction", &message, &call.id);
    }
    let body = Xml::document("GetCallerIdentityResponse", Service::Sts.namespace(), |xml| {
        xml.nest("GetCallerIdentityResult", |xml| {
            xml.text("Arn", format!("arn:aws:sts::{ACCOUNT}:assumed-role/practice-operator/lifeboat"))
                .text("UserId", "AROAPRACTICEESTATE000:lifeboat")
                .text("Account", ACCOUNT);
        })
        .nest("ResponseMetadata", |xml| {
            xml.text("RequestId", &call.id);
        });
    });
    Reply::xml(200, body)
}
