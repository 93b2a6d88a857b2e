//! HTTP and DNS actions against small servers on loopback.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test says what it expects")]

use std::net::{Ipv4Addr, SocketAddr};
use std::str::FromStr as _;
use std::time::Duration;

use hickory_proto::op::{Message, ResponseCode};
use hickory_proto::rr::rdata::{A, CNAME, MX, NS, SOA, SRV, TXT};
use hickory_proto::rr::{Name, RData, Record, RecordType};
use lifeboat::engine::Outcome;
use lifeboat::exec::dns::DnsContext;
use lifeboat::exec::http::HttpContext;
use lifeboat::exec::{Reach, Reply, dns, http};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, UdpSocket};

fn name(text: &str) -> Name {
    Name::from_str(text).unwrap()
}

/// Is one server's knowledge: what it answers about a name, and whether it is the zone's own.
fn answer(query: &Message, authoritative: bool) -> Message {
    let question = query.queries.first().unwrap().clone();
    let asked = question.name().to_ascii();
    let mut reply = Message::response(query.metadata.id, query.metadata.op_code);
    reply.add_query(question.clone());
    reply.metadata.authoritative = authoritative;
    let mut say = |owner: &str, data: RData| {
        reply.add_answer(Record::from_rdata(name(owner), 60, data));
    };
    let local = |last| RData::A(A(Ipv4Addr::new(127, 0, 0, last)));
    match (asked.as_str(), question.query_type()) {
        ("shop.test.", RecordType::A) => [2, 1].map(|last| say("shop.test.", local(last))).into_iter().collect(),
        ("www.shop.test.", RecordType::A) => {
            say("www.shop.test.", RData::CNAME(CNAME(name("shop.test."))));
            say("shop.test.", local(1));
        }
        ("www.shop.test.", RecordType::CNAME) => say(&asked, RData::CNAME(CNAME(name("shop.test.")))),
        ("shop.test.", RecordType::TXT) => {
            say(&asked, RData::TXT(TXT::new(vec!["v=spf1 ".to_owned(), "-all".to_owned()])));
        }
        ("shop.test.", RecordType::MX) => say(&asked, RData::MX(MX::new(10, name("mail.shop.test.")))),
        ("shop.test.", RecordType::SRV) => say(&asked, RData::SRV(SRV::new(1, 2, 443, name("shop.test.")))),
        ("shop.test.", RecordType::NS) => say(&asked, RData::NS(NS(name("ns.shop.test.")))),
        ("ns.shop.test.", RecordType::A) => say(&asked, local(53)),
        ("shop.test.", RecordType::SOA) => {
            say(&asked, RData::SOA(SOA::new(name("ns.shop.test."), name("root.shop.test."), 7, 1, 2, 3, 4)));
        }
        ("far.test.", RecordType::A) => say(&asked, RData::A(A(Ipv4Addr::new(192, 0, 2, 1)))),
        ("broken.test.", _) => reply.metadata.response_code = ResponseCode::ServFail,
        ("big.test.", RecordType::TXT) => {
            for number in 0..100 {
                say(&asked, RData::TXT(TXT::new(vec![format!("{number:03} {}", "x".repeat(50))])));
            }
        }
        ("shop.test." | "www.shop.test." | "ns.shop.test." | "big.test." | "test." | "far.test.", _) => {}
        _ => reply.metadata.response_code = ResponseCode::NXDomain,
    }
    reply
}

/// Serves UDP and TCP at one address until the test ends.
async fn serve(at: SocketAddr, authoritative: bool) -> SocketAddr {
    let tcp = TcpListener::bind(at).await.unwrap();
    let at = tcp.local_addr().unwrap();
    let udp = UdpSocket::bind(at).await.unwrap();
    tokio::spawn(async move {
        let mut buffer = [0; 4096];
        loop {
            let (length, peer) = udp.recv_from(&mut buffer).await.unwrap();
            let query = Message::from_vec(&buffer[..length]).unwrap();
            let mut bytes = answer(&query, authoritative).to_vec().unwrap();
            if bytes.len() > 1232 {
                bytes = answer(&query, authoritative).truncate().to_vec().unwrap();
            }
            // Somebody else's answer first: it has to be passed over.
            let mut forged = bytes.clone();
            forged[0] ^= 1;
            udp.send_to(&forged, peer).await.unwrap();
            udp.send_to(&bytes, peer).await.unwrap();
        }
    });
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = tcp.accept().await.unwrap();
            let length = stream.read_u16().await.unwrap();
            let mut query = vec![0; usize::from(length)];
            stream.read_exact(&mut query).await.unwrap();
            let bytes = answer(&Message::from_vec(&query).unwrap(), authoritative).to_vec().unwrap();
            stream.write_u16(bytes.len().try_into().unwrap()).await.unwrap();
            stream.write_all(&bytes).await.unwrap();
        }
    });
    at
}

fn drill(resolver: SocketAddr) -> DnsContext {
    DnsContext { timeout: Duration::from_secs(10), resolver: Some(resolver), reach: Reach::LoopbackOnly }
}

fn said(reply: &Reply) -> &str {
    assert_eq!(reply.outcome, Outcome::Answered { status: None }, "{}", String::from_utf8_lossy(&reply.stderr));
    std::str::from_utf8(&reply.stdout).unwrap()
}

#[tokio::test]
async fn dns_answers_of_every_kind() {
    let cx = drill(serve("127.0.0.1:0".parse().unwrap(), true).await);
    for (query, answer) in [
        ("shop.test A", "127.0.0.1\n127.0.0.2\n"),
        ("SHOP.test. a", "127.0.0.1\n127.0.0.2\n"),
        ("www.shop.test A", "127.0.0.1\n"),
        ("www.shop.test CNAME", "shop.test.\n"),
        ("shop.test TXT", "v=spf1 -all\n"),
        ("shop.test MX", "10 mail.shop.test.\n"),
        ("shop.test SRV", "1 2 443 shop.test.\n"),
        ("shop.test NS", "ns.shop.test.\n"),
        ("shop.test SOA", "ns.shop.test. root.shop.test. 7 1 2 3 4\n"),
        ("shop.test AAAA", ""),
    ] {
        assert_eq!(said(&dns::query(&cx, query).await), answer, "{query}");
    }
    let big = dns::query(&cx, "big.test TXT").await;
    assert_eq!(said(&big).lines().count(), 100);
    assert!(said(&big).starts_with("000 x"));
}

#[tokio::test]
async fn dns_failures_are_plain() {
    let cx = drill(serve("127.0.0.1:0".parse().unwrap(), true).await);
    let closed = UdpSocket::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    for (query, word) in [
        ("nowhere.test A".to_owned(), "NXDOMAIN"),
        ("broken.test A".to_owned(), "SERVFAIL"),
        (format!("shop.test A @{closed}"), "no name server listens"),
    ] {
        let Outcome::Unreachable { error } = dns::query(&cx, &query).await.outcome else { panic!("{query}") };
        assert!(error.contains(word), "{error}");
    }
    for query in ["shop.test A @192.0.2.1", "shop.test A @far.test", "shop.test"] {
        let reply = dns::query(&cx, query).await;
        assert!(matches!(reply.outcome, Outcome::Unusable { .. }), "{query}: {:?}", reply.outcome);
    }
    // A server that never answers: the limit holds.
    let silent = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let cx = DnsContext { timeout: Duration::from_millis(100), ..cx };
    let reply = dns::query(&cx, &format!("shop.test A @{}", silent.local_addr().unwrap())).await;
    assert!(matches!(reply.outcome, Outcome::Unreachable { .. }));
}

#[tokio::test]
async fn without_a_server_the_zone_s_own_is_asked() {
    // The resolver only knows from hearsay; the zone's server listens at the address that its name has.
    let resolver = serve("127.0.0.1:0".parse().unwrap(), false).await;
    let own = serve(SocketAddr::new(Ipv4Addr::new(127, 0, 0, 53).into(), resolver.port()), true).await;
    let cx = drill(resolver);
    assert_eq!(said(&dns::query(&cx, "shop.test A").await), "127.0.0.1\n127.0.0.2\n");
    assert_eq!(said(&dns::query(&cx, "www.shop.test CNAME").await), "shop.test.\n");
    assert_eq!(
        said(&dns::query(&cx, &format!("shop.test MX @ns.shop.test:{}", own.port())).await),
        "10 mail.shop.test.\n"
    );
    // One that should know and does not is no authority.
    let lame = serve("127.0.0.1:0".parse().unwrap(), false).await;
    let _other = serve(SocketAddr::new(Ipv4Addr::new(127, 0, 0, 53).into(), lame.port()), false).await;
    let Outcome::Unreachable { error } = dns::query(&drill(lame), "shop.test A").await.outcome else { panic!() };
    assert!(error.contains("lame"), "{error}");
}

/// Answers every request with `answer`, and gives back the requests.
async fn web(answer: &'static str, filler: usize) -> (SocketAddr, tokio::sync::mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    let (tx, rx) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = vec![0; 64 * 1024];
            let length = stream.read(&mut request).await.unwrap();
            drop(tx.send(String::from_utf8_lossy(&request[..length]).into_owned()));
            drop(stream.write_all(answer.as_bytes()).await);
            drop(stream.write_all(&vec![b'x'; filler]).await);
        }
    });
    (at, rx)
}

fn reach(resolver: Option<SocketAddr>) -> HttpContext {
    HttpContext { timeout: Duration::from_secs(10), resolver, reach: Reach::LoopbackOnly }
}

#[tokio::test]
async fn http_by_name_through_the_estate_s_resolver() {
    let resolver = serve("127.0.0.1:0".parse().unwrap(), true).await;
    let (at, mut seen) = web("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n", 0).await;
    let cx = reach(Some(resolver));
    let text = format!("POST http://www.shop.test:{}/orders\nX-Drill: yes\n\n{{\"n\": 1}}\n", at.port());
    let reply = http::request(&cx, &text).await;
    assert_eq!((reply.outcome, reply.stdout.as_slice()), (Outcome::Answered { status: Some(200) }, &b"ok\n"[..]));
    let request = seen.recv().await.unwrap();
    assert!(request.starts_with("POST /orders HTTP/1.1\r\n"), "{request}");
    assert!(request.contains("x-drill: yes") && request.ends_with("{\"n\": 1}"), "{request}");
    assert!(request.contains(&format!("host: www.shop.test:{}", at.port())), "{request}");
    for (url, word) in [("http://nowhere.test/", "NXDOMAIN"), ("http://broken.test/", "broken.test")] {
        let Outcome::Unreachable { error } = http::request(&cx, &format!("GET {url}")).await.outcome else { panic!() };
        assert!(error.contains(word), "{error}");
    }
    for url in ["http://far.test/", "http://192.0.2.1/", "https://8.8.8.8/", "http://[2001:db8::1]/"] {
        let Outcome::Unusable { error } = http::request(&cx, &format!("GET {url}")).await.outcome else { panic!() };
        assert!(error.contains("drill"), "{error}");
    }
}

#[tokio::test]
async fn http_answers_of_every_kind() {
    let (at, _seen) = web("HTTP/1.1 302 Found\r\nLocation: http://192.0.2.1/\r\nContent-Length: 0\r\n\r\n", 0).await;
    let reply = http::request(&reach(None), &format!("GET http://{at}/")).await;
    assert_eq!(reply.outcome, Outcome::Answered { status: Some(302) });
    let (at, _seen) = web("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\ndown", 0).await;
    let reply = http::request(&reach(None), &format!("GET http://localhost:{}/", at.port())).await;
    assert_eq!((reply.outcome, reply.stdout.as_slice()), (Outcome::Answered { status: Some(503) }, &b"down"[..]));

    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let (broken, _seen) = web("HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\nhalf", 0).await;
    let (nonsense, _seen) = web("SSH-2.0-OpenSSH_9\r\n", 0).await;
    for (at, word) in [(closed, "refused the connection"), (broken, "broke"), (nonsense, "no usable answer")] {
        let Outcome::Unreachable { error } = http::request(&reach(None), &format!("GET http://{at}/")).await.outcome
        else {
            panic!("{word}")
        };
        assert!(error.contains(word) && error.contains(&at.to_string()) && error.len() < 150, "{error}");
    }
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let hasty = HttpContext { timeout: Duration::from_millis(100), ..reach(None) };
    let reply = http::request(&hasty, &format!("GET http://{}/", silent.local_addr().unwrap())).await;
    let Outcome::Unreachable { error } = reply.outcome else { panic!() };
    assert!(error.contains("within 100 ms"), "{error}");
    let (flood, _seen) = web("HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n", 20 * 1024 * 1024).await;
    let Outcome::Unusable { error } = http::request(&reach(None), &format!("GET http://{flood}/")).await.outcome else {
        panic!()
    };
    assert!(error.contains("16 MiB"), "{error}");
}
