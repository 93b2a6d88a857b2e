//! S3 against moto.

use serde_json::json;

use super::peer::moto;

#[tokio::test]
async fn s3() {
    let Some(peer) = moto("s3") else { return };
    peer.cli("s3api create-bucket --bucket latch --create-bucket-configuration LocationConstraint=eu-west-1");
    peer.same(&["s3api get-bucket-versioning --bucket latch"]).await;
    peer.cli("s3api put-bucket-versioning --bucket latch --versioning-configuration Status=Enabled");
    std::fs::write(peer.folder.path().join("open"), "open\n").unwrap();
    let put = peer
        .json("s3api put-object --bucket latch --key a/b --body open --content-type text/plain --cache-control no-store --metadata who=me,why=x")
        .await;
    assert!(put["ETag"].as_str().unwrap().starts_with('"') && put["VersionId"].is_string(), "{put}");
    assert!(!peer.text("s3api put-object --bucket latch --key empty").await.is_empty());
    peer.same(&[
        "s3api head-object --bucket latch --key a/b",
        "s3api head-object --bucket latch --key a/b --output text",
        "s3api head-object --bucket latch --key a/b --query '[ContentLength,ETag,Metadata.who]' --output text",
        "s3api head-object --bucket latch --key nope",
        "s3api head-object --bucket nope-nope --key nope",
        "s3api get-bucket-versioning --bucket latch",
        "s3api get-bucket-versioning --bucket latch --query Status --output text",
        "s3api get-bucket-versioning --bucket nope-nope",
        "s3api get-object-tagging --bucket latch --key a/b",
        "s3api get-object-tagging --bucket latch --key nope",
        "s3api list-object-versions --bucket latch",
        "s3api wait object-exists --bucket latch --key a/b",
        "s3api head-bucket --bucket nope-nope",
        "s3api delete-object --bucket latch --key never-there --query DeleteMarker",
    ])
    .await;
    let gone = peer.json("s3api delete-object --bucket latch --key a/b").await;
    assert_eq!(gone["DeleteMarker"], true);
}

#[tokio::test]
async fn objects_and_versions() {
    let Some(peer) = moto("objects_and_versions") else { return };
    peer.cli(
        "s3api create-bucket --bucket store --object-lock-enabled-for-bucket --create-bucket-configuration LocationConstraint=eu-west-1",
    );
    std::fs::write(peer.folder.path().join("one"), "one\n").unwrap();
    for key in ["a", "b", "c/d"] {
        peer.text(&format!("s3api put-object --bucket store --key {key} --body one")).await;
    }
    let lifecycle = r#"{"Rules":[{"ID":"dumps","Status":"Enabled","Filter":{"Prefix":"dumps/"},"Transitions":[{"Days":30,"StorageClass":"GLACIER"}],"Expiration":{"Days":2557}}]}"#;
    let lock = r#"{"ObjectLockEnabled":"Enabled","Rule":{"DefaultRetention":{"Mode":"GOVERNANCE","Days":1}}}"#;
    peer.same(&[
        "s3api list-buckets --query 'Buckets[].Name'",
        "s3api get-bucket-location --bucket store",
        "s3api list-objects-v2 --bucket store",
        "s3api list-objects-v2 --bucket store --delimiter / --query '[Contents[].Key,CommonPrefixes]'",
        "s3api get-object --bucket store --key a fetched-@@",
        "s3api get-object --bucket store --key nope fetched-@@",
        "s3api copy-object --bucket store --key copy-@@ --copy-source store/a --query CopyObjectResult.ETag",
        "s3api get-object-attributes --bucket store --key a --object-attributes ETag ObjectSize",
        "s3api put-object-tagging --bucket store --key a --tagging '{\"TagSet\":[{\"Key\":\"k\",\"Value\":\"v\"}]}' --query nothing",
        &format!("s3api put-bucket-lifecycle-configuration --bucket store --lifecycle-configuration '{lifecycle}'"),
        "s3api get-bucket-lifecycle-configuration --bucket store",
        "s3api delete-bucket-lifecycle --bucket store",
        "s3api get-bucket-lifecycle-configuration --bucket store",
        "s3api get-bucket-replication --bucket store",
        &format!("s3api put-object-lock-configuration --bucket store --object-lock-configuration '{lock}'"),
        "s3api get-object-lock-configuration --bucket store",
        // The peer answers with headers that this call has not, at AWS.
        "s3api put-object-legal-hold --bucket store --key a --legal-hold Status=ON --query nothing",
        "s3api get-object-legal-hold --bucket store --key a --query LegalHold",
        "s3api put-object-legal-hold --bucket store --key a --legal-hold Status=OFF --query nothing",
        "s3api get-bucket-tagging --bucket store",
        "s3api wait object-not-exists --bucket store --key nope",
        "s3api wait bucket-exists --bucket store",
    ])
    .await;
    assert_eq!(std::fs::read_to_string(peer.folder.path().join("fetched-ours")).unwrap(), "one\n");
    // What was deleted comes back when its marker is deleted by the marker's own version.
    for key in ["b", "c/d"] {
        peer.text(&format!("s3api delete-object --bucket store --key {key}")).await;
    }
    let markers = peer.json("s3api list-object-versions --bucket store --query 'DeleteMarkers[?IsLatest].{Key:Key,VersionId:VersionId}'").await;
    assert_eq!(markers.as_array().unwrap().len(), 2, "{markers}");
    let delete = json!({"Objects": markers, "Quiet": false});
    let deleted = peer
        .json(&format!("s3api delete-objects --bucket store --delete '{delete}' --bypass-governance-retention"))
        .await;
    assert_eq!(deleted["Deleted"].as_array().unwrap().len(), 2, "{deleted}");
    peer.same(&["s3api list-objects-v2 --bucket store --query 'Contents[].[Key,Size]' --output text"]).await;
}
