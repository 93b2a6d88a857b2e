//! AWS credentials that are over are renewed from the environment of the screen that holds control, if they lead to the
//! account in which the run began. They stay in memory.

use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use super::hub::Hub;
use super::identity::{self, Identity};
use crate::engine::{Input, Notice};
use crate::exec::aws::{self, Aws, Credentials};
use crate::kernel::{SafeText, Secret};

/// Holds credentials on their way from a screen to its engine.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keys {
    id: String,
    secret: String,
    token: Option<String>,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Keys({}, •••)", self.id)
    }
}

/// Resolves credentials in this process's environment, as a real run does. It blocks.
///
/// # Errors
/// Why there are none, in words.
pub fn resolve(profile: Option<&str>) -> Result<Keys, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|e| e.to_string())?;
    let Credentials { id, secret, token } = runtime.block_on(aws::credentials(profile))?;
    Ok(Keys { id, secret: secret.reveal().clone(), token: token.map(|token| token.reveal().clone()) })
}

/// Says what renewed credentials have to lead to.
#[derive(Clone, Debug)]
pub struct Renewal {
    /// What calls AWS in this run.
    pub aws: Aws,
    /// The account; `None` where none was known when the run began.
    pub account: Option<String>,
    /// The region in which STS is asked.
    pub region: String,
}

impl Renewal {
    /// Takes what screens send, as long as there are any, and says in the log what came of it.
    pub fn attend(self, hub: &Hub, inbox: mpsc::UnboundedSender<Input>) {
        let mut sent = hub.renewals();
        let hub = hub.clone();
        tokio::spawn(async move {
            while let Some((by, keys)) = sent.recv().await {
                let by = SafeText::line(&by).into_string();
                let said = match self.renew(keys).await {
                    Ok(Identity { account, arn }) => {
                        hub.has_keys();
                        format!("AWS credentials were renewed from the screen of {by}: {arn}, account {account}.")
                    }
                    Err(why) => format!("AWS credentials from the screen of {by} were not taken: {why}."),
                };
                // A host that ended needs none.
                drop(inbox.send(Input::Host(Notice::Remark(said))));
            }
        });
    }

    /// Uses these credentials from now on, if they lead to the right account.
    ///
    /// # Errors
    /// Why not, in words.
    pub async fn renew(&self, keys: Keys) -> Result<Identity, String> {
        let Keys { id, secret, token } = keys;
        let keys = Credentials { id, secret: Secret::new(secret), token: token.map(Secret::new) };
        let renewed = self.aws.with(keys);
        let found = identity::resolve(&renewed, &self.region).await?;
        if let Some(account) = self.account.as_ref().filter(|account| **account != found.account) {
            return Err(format!("they lead to account {}, and the run is in {account}", found.account));
        }
        self.aws.take(&renewed);
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::exec::aws::{AwsContext, Reach};

    /// Answers as STS does for an account, and keeps the ids of the access keys that asked.
    fn sts() -> (String, Arc<Mutex<Vec<String>>>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let ids = Arc::clone(&asked);
        // It ends with the test's process.
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (mut stream, mut bytes, mut buffer) = (stream.unwrap(), Vec::new(), [0; 4096]);
                while !bytes.ends_with(b"Version=2011-06-15") {
                    let read = stream.read(&mut buffer).unwrap();
                    bytes.extend_from_slice(&buffer[..read]);
                }
                let text = String::from_utf8_lossy(&bytes).into_owned();
                let (_, id) = text.split_once("Credential=").unwrap();
                ids.lock().unwrap().push(id.split('/').next().unwrap().to_owned());
                let body = "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\
                    <GetCallerIdentityResult><Arn>arn:aws:iam::999999999999:user/x</Arn><UserId>U</UserId>\
                    <Account>999999999999</Account></GetCallerIdentityResult></GetCallerIdentityResponse>";
                let head = "HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nConnection: close\r\n";
                write!(stream, "{head}Content-Length: {}\r\n\r\n{body}", body.len()).unwrap();
            }
        });
        (url, asked)
    }

    fn keys(id: &str) -> Keys {
        Keys { id: id.to_owned(), secret: "secret".to_owned(), token: Some("token".to_owned()) }
    }

    #[test]
    fn credentials_of_another_account_are_refused_and_change_nothing() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (url, asked) = sts();
        let old = Credentials { id: "OLD".to_owned(), secret: Secret::new("s".to_owned()), token: None };
        runtime.block_on(async {
            let context = AwsContext {
                endpoint_url: Some(url),
                credentials: Some(old),
                reach: Reach::LoopbackOnly,
                ..AwsContext::default()
            };
            let aws = Aws::new(context);
            let renewal = |account: &str| Renewal {
                aws: aws.clone(),
                account: Some(account.to_owned()),
                region: "us-west-2".to_owned(),
            };
            let refused = renewal("000000000000").renew(keys("NEW")).await.unwrap_err();
            assert_eq!(refused, "they lead to account 999999999999, and the run is in 000000000000");
            identity::resolve(&aws, "us-west-2").await.unwrap();
            assert_eq!(renewal("999999999999").renew(keys("NEW")).await.unwrap().account, "999999999999");
            identity::resolve(&aws, "us-west-2").await.unwrap();
        });
        assert_eq!(*asked.lock().unwrap(), ["NEW", "OLD", "NEW", "NEW"]);
        assert!(!format!("{:?}", keys("NEW")).contains("secret"));
    }
}
