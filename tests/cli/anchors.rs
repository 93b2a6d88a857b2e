//! A log anchored in the practice estate's S3: once, as an object that nobody can change, and never as another one.

use std::time::Duration;

use lifeboat::engine::Outcome;
use lifeboat::exec::aws::{Aws, AwsContext, Credentials, Reach};
use lifeboat::kernel::Secret;

use super::estate::{Estate, WHO};
use super::support::{Home, said};

/// Lets objects of the bucket be locked.
fn lockable(estate: &Estate, bucket: &str) {
    let env =
        |wanted: &str| estate.env.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.clone()).unwrap();
    let (id, secret) = (env("AWS_ACCESS_KEY_ID"), Secret::new(env("AWS_SECRET_ACCESS_KEY")));
    let context = AwsContext {
        endpoint_url: Some(env("AWS_ENDPOINT_URL")),
        region: Some("us-west-2".to_owned()),
        credentials: Some(Credentials { id, secret, token: None }),
        reach: Reach::LoopbackOnly,
        ..AwsContext::default()
    };
    let words = ["s3api", "put-object-lock-configuration", "--bucket", bucket, "--object-lock-configuration"];
    let words: Vec<_> = words.into_iter().chain([r#"{"ObjectLockEnabled":"Enabled"}"#]).map(str::to_owned).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let reply = runtime.block_on(async { Aws::new(context).call(&words, Duration::from_secs(20)).await });
    assert!(matches!(reply.outcome, Outcome::Answered { .. }), "{reply:?}");
}

#[test]
fn a_log_is_anchored_in_s3_once_and_another_one_in_its_name_is_refused() {
    let home = Home::new();
    let estate = Estate::up(&home);
    lockable(&estate, "shop-latch-us-west-2");
    home.write("who.md", WHO);
    home.write(
        "config/lifeboat/config.toml",
        "[anchor]\ns3 = \"s3://shop-latch-us-west-2/anchors\"\nregion = \"us-west-2\"\ndays = 1\n",
    );
    let lifeboat = |arguments: &[&str]| {
        let mut command = home.command(arguments);
        said(command.envs(estate.aws()))
    };
    let ran = lifeboat(&["run", "who.md", "--unattended"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.out.contains("anchor Line ") && ran.out.contains("is anchored in s3://"), "{ran:?}");
    let run = home.the_run();
    let name = run.to_str().unwrap();
    let receipts = || {
        let entries = std::fs::read_dir(run.join("anchors")).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    };
    let before = receipts();
    let again = lifeboat(&["log", "anchor", name]);
    assert_eq!((again.code, again.out.as_str()), (Some(0), "nothing waits: the log is anchored as it stands\n"));

    // The answer was lost: what is there is the same.
    let kept = |name: &&String| std::path::Path::new(name).extension().is_some_and(|ending| ending == "s3");
    let last = before.iter().rfind(kept).unwrap();
    std::fs::remove_file(run.join("anchors").join(last)).unwrap();
    let again = lifeboat(&["log", "anchor", name]);
    assert_eq!(again.code, Some(0), "{again:?}");
    assert_eq!(receipts(), before);
    // Another statement of the same line: somebody anchored another log.
    let text = run.join("anchors").join(last.replace(".s3", ".txt"));
    let said_before = std::fs::read_to_string(&text).unwrap();
    let (head, _) = said_before.rsplit_once("head ").unwrap();
    std::fs::write(&text, format!("{head}head {}\n", "ab".repeat(32))).unwrap();
    std::fs::remove_file(run.join("anchors").join(last)).unwrap();
    let another = lifeboat(&["log", "anchor", name]);
    assert_eq!(another.code, Some(20), "{another:?}");
    assert!(another.err.contains("it says something else of this line"), "{another:?}");
    let verified = home.run(&["log", "verify", name]);
    assert_eq!(verified.code, Some(5), "{verified:?}");
}
