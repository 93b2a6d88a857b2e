//! Anchors in moto's S3: a bucket with Object Lock that the AWS CLI made, a log that lifeboat anchors there, and what the
//! AWS CLI finds and may do.
//!
//! What moto (5.2) does not have and AWS has: `GetObjectRetention` (`HeadObject` says the same); a put that races another
//! one is not refused (`ConditionalRequestConflict`); a COMPLIANCE retention can be shortened. None is relied on.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::peer::{Peer, moto, place};

const RUNBOOK: &str = "# R\n\n## Look\n\n```sh { impact=observe }\ntrue\n```\n";

/// Is a home for lifeboat, with a key that counts.
struct Home<'p> {
    folder: &'p Path,
    endpoint: String,
}

impl Home<'_> {
    fn lifeboat(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lifeboat"));
        command.args(arguments).env_clear().current_dir(self.folder);
        for (name, value) in [
            ("HOME", self.folder.to_str().unwrap()),
            ("PATH", &std::env::var("PATH").unwrap()),
            ("XDG_STATE_HOME", self.folder.join("state").to_str().unwrap()),
            ("XDG_CONFIG_HOME", self.folder.join("config").to_str().unwrap()),
            ("AWS_CONFIG_FILE", self.folder.join("aws").to_str().unwrap()),
            ("AWS_ACCESS_KEY_ID", "AKIDPRACTICE"),
            ("AWS_SECRET_ACCESS_KEY", "s"),
            ("USER", "alice"),
        ] {
            command.env(name, value);
        }
        let output = command.output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code(), text(&output.stdout) + &text(&output.stderr))
    }

    /// Has logs be anchored in a bucket.
    fn anchor_in(&self, bucket: &str) {
        let aws = format!("[profile keeper]\nregion = eu-west-1\nendpoint_url = {}\n", self.endpoint);
        std::fs::write(self.folder.join("aws"), aws).unwrap();
        let config = self.folder.join("config/lifeboat");
        std::fs::create_dir_all(&config).unwrap();
        let (key, signers) = (self.folder.join("key"), self.folder.join("signers"));
        let text = format!(
            "operator = \"alice\"\nkey = \"{}\"\nallowed_signers = \"{}\"\n[anchor]\ns3 = \"s3://{bucket}/logs\"\nregion = \
             \"eu-west-1\"\naws_profile = \"keeper\"\ndays = 1\n",
            key.display(),
            signers.display()
        );
        std::fs::write(config.join("config.toml"), text).unwrap();
    }

    fn run(&self) -> PathBuf {
        let runs = self.folder.join("state/lifeboat/runs");
        std::fs::read_dir(runs).unwrap().next().unwrap().unwrap().path()
    }
}

fn key(folder: &Path) {
    let made =
        Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(folder.join("key")).status();
    assert!(made.unwrap().success());
    let public = std::fs::read_to_string(folder.join("key.pub")).unwrap();
    std::fs::write(folder.join("signers"), format!("alice {public}")).unwrap();
}

/// Runs a call by the AWS CLI that has to work.
fn cli(peer: &Peer, line: &str) -> Value {
    let (code, out, err) = peer.cli(line);
    assert_eq!(code, 0, "{line}: {err}");
    if out.trim().is_empty() { Value::Null } else { serde_json::from_str(&out).unwrap() }
}

#[tokio::test]
async fn a_log_is_anchored_once_under_lock_and_verifies_by_what_the_bucket_holds() {
    let Some(peer) = moto("anchors") else { return };
    let Some(place) = place("anchors", "LIFEBOAT_MOTO", "moto_server") else { return };
    let folder = tempfile::tempdir().unwrap();
    let home = Home { folder: folder.path(), endpoint: format!("http://{place}") };
    for bucket in ["kept-logs", "taken-logs"] {
        cli(
            &peer,
            &format!(
                "s3api create-bucket --bucket {bucket} --object-lock-enabled-for-bucket --create-bucket-configuration LocationConstraint=eu-west-1"
            ),
        );
    }
    key(folder.path());
    home.anchor_in("kept-logs");
    std::fs::write(folder.path().join("r.md"), RUNBOOK).unwrap();
    let (code, said) = home.lifeboat(&["run", "r.md", "--unattended"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("is anchored in s3://kept-logs/logs/"), "{said}");
    let run = home.run();
    let (name, id) = (run.to_str().unwrap(), run.file_name().unwrap().to_str().unwrap().to_owned());

    // What is there is one version each, locked for a day, and can't be deleted.
    let listed = cli(&peer, &format!("s3api list-object-versions --bucket kept-logs --prefix logs/{id}/"));
    let versions = listed["Versions"].as_array().unwrap();
    let last = versions.iter().max_by_key(|version| version["Key"].as_str().unwrap()).unwrap();
    let (last, version) = (last["Key"].as_str().unwrap(), last["VersionId"].as_str().unwrap());
    let held = cli(&peer, &format!("s3api head-object --bucket kept-logs --key {last}"));
    assert_eq!(held["ObjectLockMode"], "COMPLIANCE", "{held}");
    let until = held["ObjectLockRetainUntilDate"].as_str().unwrap();
    let until = chrono::DateTime::parse_from_rfc3339(until).unwrap().to_utc() - chrono::Utc::now();
    assert!((23..=24).contains(&until.num_hours()), "{held}");
    let (code, _, refused) = peer.cli(&format!(
        "s3api delete-object --bucket kept-logs --key {last} --version-id {version} --bypass-governance-retention"
    ));
    assert!(code != 0 && refused.contains("AccessDenied"), "{refused}");

    // An answer that was lost: the same is put again, and makes no second version.
    let statement = run.join("anchors").join(Path::new(last).file_name().unwrap());
    let receipt = statement.with_extension("s3");
    std::fs::remove_file(&receipt).unwrap();
    assert_eq!(home.lifeboat(&["log", "anchor", name]).0, Some(0));
    assert!(receipt.exists());
    let again = cli(&peer, &format!("s3api list-object-versions --bucket kept-logs --prefix logs/{id}/"));
    assert_eq!(again["Versions"].as_array().unwrap().len(), versions.len(), "{again}");

    // What the bucket holds vouches for the log.
    let fetched = folder.path().join("fetched");
    cli(&peer, &format!("s3api get-object --bucket kept-logs --key {last} {}", fetched.display()));
    assert_eq!(std::fs::read(&fetched).unwrap(), std::fs::read(&statement).unwrap());
    let verify = |anchor: &Path| {
        home.lifeboat(&["log", "verify", name, "--require", "sealed,anchored", "--anchor", anchor.to_str().unwrap()])
    };
    let (code, said) = verify(&fetched);
    assert!(code == Some(0) && said.contains("ANCHORED"), "{code:?} {said}");

    // Another head stands where this one is to stand: nothing is overwritten, and that is said.
    let text = std::fs::read_to_string(&statement).unwrap();
    let (before, _) = text.rsplit_once("head ").unwrap();
    let forged = folder.path().join("forged");
    std::fs::write(&forged, format!("{before}head {}\n", "ab".repeat(32))).unwrap();
    cli(&peer, &format!("s3api put-object --bucket taken-logs --key {last} --body {}", forged.display()));
    home.anchor_in("taken-logs");
    std::fs::remove_file(&receipt).unwrap();
    let (code, said) = home.lifeboat(&["log", "anchor", name]);
    assert_eq!(code, Some(20), "{said}");
    for words in ["taken-logs/logs/", "another statement about this run is there", "anchored another log in its name"] {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert!(!receipt.exists());
    let taken = cli(&peer, &format!("s3api list-object-versions --bucket taken-logs --prefix {last}"));
    assert_eq!(taken["Versions"].as_array().unwrap().len(), 1, "{taken}");
    let (code, said) = verify(&forged);
    assert_eq!(code, Some(5), "{said}");
}
