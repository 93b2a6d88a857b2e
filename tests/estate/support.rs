//! An estate served for a test, and the unmodified clients that act on it: the AWS SDK, HTTP, DNS.

use std::future::Future;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::str::FromStr as _;
use std::sync::Once;
use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_smithy_types::timeout::TimeoutConfig;
use hickory_proto::op::{Message, Query};
use hickory_proto::rr::{Name, RData, RecordType};
use lifeboat::estate::{EstateError, EstateRecord, Options, serve};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

/// Longer than anything here takes, so that what hangs fails instead.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Waits until `look` finds something, looking again every 10 ms.
pub(crate) async fn until<T, F: Future<Output = Option<T>>>(what: &str, mut look: impl FnMut() -> F) -> T {
    let mut beats = tokio::time::interval(Duration::from_millis(10));
    let found = tokio::time::timeout(PATIENCE, async {
        loop {
            beats.tick().await;
            if let Some(found) = look().await {
                return found;
            }
        }
    });
    found.await.unwrap_or_else(|_| panic!("waited in vain for {what}"))
}

/// Is an estate that stands in this process.
pub(crate) struct Estate {
    pub(crate) record: EstateRecord,
    served: JoinHandle<Result<(), EstateError>>,
    pub(crate) http: reqwest::Client,
}

impl Estate {
    pub(crate) async fn stand(dir: &Path, seed: u64, speed: u32) -> Self {
        static PROVIDER: Once = Once::new();
        PROVIDER.call_once(|| rustls::crypto::ring::default_provider().install_default().unwrap());
        let served = tokio::spawn(serve(Options { speed, ..Options::new(dir, seed) }));
        let record = until("estate.json", || async { EstateRecord::read(dir).unwrap() }).await;
        let http = reqwest::Client::builder().timeout(PATIENCE).no_proxy().build().unwrap();
        Self { record, served, http }
    }

    pub(crate) fn input(&self, name: &str) -> &str {
        &self.record.inputs[name]
    }

    pub(crate) async fn sdk(&self, region: &'static str, patience: Duration) -> SdkConfig {
        let (key, secret) = (&self.record.env["AWS_ACCESS_KEY_ID"], &self.record.env["AWS_SECRET_ACCESS_KEY"]);
        let timeouts = TimeoutConfig::builder().operation_attempt_timeout(patience).build();
        aws_config::defaults(BehaviorVersion::latest())
            .endpoint_url(&self.record.aws_endpoint)
            .region(Region::new(region))
            .credentials_provider(Credentials::new(key, secret, None, None, "estate.json"))
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .retry_config(aws_config::retry::RetryConfig::standard().with_max_attempts(2))
            .timeout_config(timeouts)
            .load()
            .await
    }

    pub(crate) async fn console(&self, path: &str) -> Value {
        let url = format!("{}{path}", self.record.console);
        let reply = self.http.get(url).header("x-console-token", &self.record.console_token).send().await.unwrap();
        serde_json::from_str(&reply.text().await.unwrap()).unwrap()
    }

    pub(crate) async fn inject(&self, fault: &str) -> u16 {
        let url = format!("{}/inject", self.record.console);
        let body = json!({ "fault": fault }).to_string();
        let request = self.http.post(url).header("x-console-token", &self.record.console_token).body(body);
        request.send().await.unwrap().status().as_u16()
    }

    pub(crate) async fn shop(&self, method: &str, url: &str) -> Option<(u16, Value)> {
        let request = if method == "POST" { self.http.post(url) } else { self.http.get(url) };
        let reply = request.send().await.ok()?;
        let status = reply.status().as_u16();
        Some((status, serde_json::from_str(&reply.text().await.ok()?).ok()?))
    }

    pub(crate) async fn resolve(&self, name: &str, kind: RecordType) -> Message {
        let mut query = Message::query();
        query.add_query(Query::query(Name::from_str(name).unwrap(), kind));
        let socket = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let server: SocketAddr = self.record.dns.parse().unwrap();
        socket.send_to(&query.to_vec().unwrap(), server).await.unwrap();
        let mut buffer = [0; 1500];
        let received = tokio::time::timeout(PATIENCE, socket.recv(&mut buffer)).await.unwrap().unwrap();
        Message::from_vec(&buffer[..received]).unwrap()
    }

    pub(crate) async fn service(&self) -> Ipv4Addr {
        address(&self.resolve("shop.practice.example.", RecordType::A).await).unwrap()
    }

    pub(crate) async fn down(self) {
        let url = format!("{}/down", self.record.console);
        let request = self.http.post(url).header("x-console-token", &self.record.console_token);
        assert_eq!(request.send().await.unwrap().status(), 200);
        tokio::time::timeout(PATIENCE, self.served).await.unwrap().unwrap().unwrap();
    }
}

pub(crate) fn address(message: &Message) -> Option<Ipv4Addr> {
    message.answers.iter().find_map(|record| match record.data {
        RData::A(a) => Some(a.0),
        _ => None,
    })
}
