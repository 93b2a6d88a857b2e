//! Route 53 against moto.

use lifeboat::engine::Outcome;
use serde_json::json;

use super::peer::moto;

#[tokio::test]
async fn route53() {
    let Some(peer) = moto("route53") else { return };
    let (_, out, _) = peer
        .cli("route53 create-hosted-zone --name shop.example --caller-reference a --query HostedZone.Id --output text");
    let zone = out.trim().trim_start_matches("/hostedzone/").to_owned();
    let (_, out, err) = peer
        .cli("route53 create-health-check --caller-reference a --health-check-config Type=HTTP,IPAddress=127.0.0.1,Port=80,ResourcePath=/,RequestInterval=10,FailureThreshold=3 --query HealthCheck.Id --output text");
    let check = out.trim().to_owned();
    assert!(!check.is_empty(), "{err}");
    let batch = json!({"Comment": "c", "Changes": [
        {"Action": "UPSERT", "ResourceRecordSet": {"Name": "app.shop.example", "Type": "A", "SetIdentifier": "primary",
            "Failover": "PRIMARY", "TTL": 30, "ResourceRecords": [{"Value": "192.0.2.1"}], "HealthCheckId": check}},
        {"Action": "UPSERT", "ResourceRecordSet": {"Name": "app.shop.example", "Type": "A", "SetIdentifier": "secondary",
            "Failover": "SECONDARY", "TTL": 30, "ResourceRecords": [{"Value": "192.0.2.2"}]}},
        {"Action": "UPSERT", "ResourceRecordSet": {"Name": "w.shop.example", "Type": "TXT", "SetIdentifier": "w", "Weight": 7,
            "TTL": 5, "ResourceRecords": [{"Value": "\"x;y\""}, {"Value": "\"z\""}]}}]});
    std::fs::write(peer.folder.path().join("batch.json"), batch.to_string()).unwrap();
    let change = peer
        .json(&format!("route53 change-resource-record-sets --hosted-zone-id {zone} --change-batch file://batch.json"))
        .await;
    let id = change["ChangeInfo"]["Id"].as_str().unwrap().to_owned();
    let lines = [
        format!("route53 wait resource-record-sets-changed --id {id}"),
        format!("route53 get-change --id {id}"),
        format!("route53 list-resource-record-sets --hosted-zone-id {zone}"),
        format!("route53 list-resource-record-sets --hosted-zone-id {zone} --output text"),
        format!(
            "route53 list-resource-record-sets --hosted-zone-id {zone} --query \"ResourceRecordSets[?Type=='A'].[SetIdentifier,Failover,TTL,ResourceRecords[0].Value]\" --output text"
        ),
        format!("route53 list-resource-record-sets --hosted-zone-id {zone} --no-paginate"),
        format!("route53 get-health-check --health-check-id {check}"),
        format!("route53 get-health-check-status --health-check-id {check}"),
        format!("route53 get-health-check-status --health-check-id {check} --output text"),
        "route53 get-health-check --health-check-id 00000000-0000-0000-0000-000000000000".to_owned(),
        "route53 list-hosted-zones-by-name --dns-name shop.example".to_owned(),
        "route53 list-resource-record-sets --hosted-zone-id ZNOPE".to_owned(),
        format!(
            "route53 change-resource-record-sets --hosted-zone-id {zone} --change-batch '{batch}' --query ChangeInfo.Status --output text"
        ),
    ];
    peer.same(&lines.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let wrong = peer
        .reply(&format!("route53 change-resource-record-sets --hosted-zone-id {zone} --change-batch '{{\"Changes\":[{{\"Akshun\":1}}]}}'"))
        .await;
    let Outcome::Unusable { error } = wrong.outcome else { panic!("{:?}", wrong.outcome) };
    assert!(error.contains("Changes: [0]: there is no `Akshun`"), "{error}");
}

#[tokio::test]
async fn zones_and_health() {
    let Some(peer) = moto("zones_and_health") else { return };
    peer.cli("route53 create-hosted-zone --name zones.example --caller-reference z");
    let zone = "route53 list-hosted-zones-by-name --dns-name zones.example --query 'HostedZones[0].Id' --output text";
    let zone = peer.text(zone).await.trim().to_owned();
    let config = "Type=HTTPS,FullyQualifiedDomainName=a.example,Port=443,ResourcePath=/health,RequestInterval=10,FailureThreshold=3";
    peer.same(&[
        &format!("route53 get-hosted-zone --id {zone}"),
        "route53 get-hosted-zone --id ZNOPE",
        "route53 list-hosted-zones --query 'HostedZones[].Name'",
        &format!("route53 create-health-check --caller-reference ref-@@ --health-check-config {config} --query HealthCheck.HealthCheckConfig"),
        "route53 list-health-checks --query 'HealthChecks[].HealthCheckConfig.Type'",
        "route53 delete-health-check --health-check-id 00000000-0000-0000-0000-000000000000",
    ])
    .await;
    let check =
        peer.json(&format!("route53 create-health-check --caller-reference mine --health-check-config {config}")).await;
    let check = check["HealthCheck"]["Id"].as_str().unwrap().to_owned();
    let inverted = peer
        .json(&format!("route53 update-health-check --health-check-id {check} --inverted --failure-threshold 2"))
        .await;
    assert_eq!(inverted["HealthCheck"]["HealthCheckConfig"]["Inverted"], true);
    peer.text(&format!("route53 delete-health-check --health-check-id {check}")).await;
}
