//! The practice estate by itself, and a real run against it.

use std::process::{Child, Stdio};

use super::support::{Home, eventually, heard, log, of_kind, said};

/// Is an estate that stands until the test ends.
pub(crate) struct Estate {
    child: Option<Child>,
    pub(crate) env: Vec<(String, String)>,
}

impl Estate {
    pub(crate) fn up(home: &Home) -> Self {
        let told = home.path("exports");
        let out = std::fs::File::create(&told).unwrap();
        let mut command = home.command(&["estate", "up", "--speed", "60"]);
        let child = command.stdout(out).stderr(Stdio::piped()).spawn().unwrap();
        let read = || std::fs::read_to_string(&told).unwrap();
        eventually("the estate stands", || read().contains("# it stands in"));
        let env = read()
            .lines()
            .filter_map(|line| line.strip_prefix("export ")?.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.trim_matches('\'').to_owned()))
            .collect();
        Self { child: Some(child), env }
    }

    pub(crate) fn aws(&self) -> Vec<(String, String)> {
        self.env.iter().filter(|(name, _)| name.starts_with("AWS_")).cloned().collect()
    }
}

impl Drop for Estate {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().ok();
            child.wait().ok();
        }
    }
}

pub(crate) const WHO: &str = "\
---
inputs: {}
---
# Who
## See
```aws { name=who }
aws sts get-caller-identity --region us-west-2 --query Account --output text
```
";

#[test]
fn an_estate_is_raised_broken_and_ended() {
    let home = Home::new();
    let mut estate = Estate::up(&home);
    assert!(
        estate.env.iter().any(|(name, value)| name == "AWS_ENDPOINT_URL" && value.starts_with("http://127.0.0.1:"))
    );

    let second = home.run(&["estate", "up"]);
    assert_eq!(second.code, Some(2), "{second:?}");
    assert!(second.err.contains("one is standing there already") && second.err.contains("estate down"), "{second:?}");
    assert_eq!(second.out, "", "it tells nothing of another's estate");

    let unknown = home.run(&["estate", "fault", "earthquake"]);
    assert_eq!(unknown.code, Some(2), "{unknown:?}");
    assert!(unknown.err.contains("no fault `earthquake`; there are instance-failure"), "{unknown:?}");
    let broken = home.run(&["estate", "inject", "region-failure"]);
    assert_eq!((broken.code, broken.out.as_str()), (Some(0), "region-failure is under way\n"), "{broken:?}");

    let down = home.run(&["estate", "down"]);
    assert_eq!(down.code, Some(0), "{down:?}");
    let up = heard(estate.child.take().unwrap());
    assert_eq!((up.code, up.err.as_str()), (Some(0), ""), "{up:?}");
    for command in [["estate", "down", "--dir"], ["estate", "inject", "--dir"]] {
        let mut arguments = command.to_vec();
        arguments.push("nowhere");
        if command[1] == "inject" {
            arguments.push("region-failure");
        }
        let none = home.run(&arguments);
        assert_eq!(none.code, Some(2), "{none:?}");
        assert!(
            none.err.contains("no practice estate stands in nowhere") && none.err.contains("estate up"),
            "{none:?}"
        );
    }
}

#[test]
fn an_estate_that_was_killed_is_no_estate() {
    let home = Home::new();
    drop(Estate::up(&home));
    let down = home.run(&["estate", "down"]);
    assert_eq!(down.code, Some(2), "{down:?}");
    assert!(down.err.contains("is gone") && down.err.contains("estate up"), "{down:?}");
}

#[test]
fn a_taken_port_is_named() {
    let home = Home::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let said = home.run(&["estate", "up", "--port", &port]);
    assert_eq!(said.code, Some(2), "{said:?}");
    assert!(said.err.contains(&format!("127.0.0.1:{port}")) && said.err.contains("free the port"), "{said:?}");
}

#[test]
fn a_pinned_account_that_is_another_one_is_refused_and_the_right_one_runs() {
    let home = Home::new();
    let estate = Estate::up(&home);
    home.write("who.md", WHO);
    home.write(
        "config/lifeboat/config.toml",
        "[profile.right]\naccount = \"000000000000\"\n[profile.wrong]\naccount = \"123456789012\"\n",
    );
    let run =
        |profile: &str| said(home.command(&["run", "who.md", "--unattended", "--profile", profile]).envs(estate.aws()));
    let wrong = run("wrong");
    assert_eq!(wrong.code, Some(2), "{wrong:?}");
    for words in ["000000000000", "123456789012", "nothing was executed", "choose another --profile"] {
        assert!(wrong.err.contains(words), "{words}: {wrong:?}");
    }
    assert_eq!(home.runs().len(), 0);

    let right = run("right");
    assert_eq!(right.code, Some(0), "{right:?}");
    let folder = home.the_run();
    assert_eq!(std::fs::read_to_string(folder.join("output/1.1.out")).unwrap(), "000000000000\n");
    assert_eq!(of_kind(&log(&folder), "open")[0]["account"], "000000000000");
}

/// Shell blocks get the profile's credentials, so the pin is held for them, too.
#[test]
fn a_pinned_account_is_held_where_only_shell_blocks_could_call_aws() {
    let home = Home::new();
    let estate = Estate::up(&home);
    home.write("shell.md", "# Shell\n## Touch\n```sh { impact=observe }\ntouch touched\n```\n");
    home.write("config/lifeboat/config.toml", "[profile.wrong]\naccount = \"123456789012\"\n");
    let run = |more: Vec<(String, String)>| {
        said(home.command(&["run", "shell.md", "--unattended", "--profile", "wrong"]).envs(more))
    };
    let wrong = run(estate.aws());
    assert_eq!((wrong.code, home.runs().len()), (Some(2), 0), "{wrong:?}");
    assert!(wrong.err.contains("lead to account 000000000000, and the profile pins 123456789012"), "{wrong:?}");
    assert!(!home.path("touched").exists());
    // Without credentials its blocks reach no account, and nothing is held up.
    let none = run(vec![("AWS_EC2_METADATA_DISABLED".to_owned(), "true".to_owned())]);
    assert_eq!((none.code, home.path("touched").exists()), (Some(0), true), "{none:?}");
    assert!(none.out.contains("the profile pins 123456789012: look where shell blocks go"), "{none:?}");
}

#[test]
fn an_aws_endpoint_that_never_answers_fails_the_step_in_its_time() {
    let home = Home::new();
    home.write("who.md", WHO.replace("name=who", "name=who timeout=2s"));
    // It accepts (the kernel does) and never answers.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap().to_string();
    let said = said(home.command(&["run", "who.md", "--unattended"]).envs([
        ("AWS_ENDPOINT_URL", format!("http://{address}").as_str()),
        ("AWS_ACCESS_KEY_ID", "AKIATESTTESTTEST0000"),
        ("AWS_SECRET_ACCESS_KEY", "x"),
        ("AWS_REGION", "us-west-2"),
    ]));
    assert_eq!(said.code, Some(13), "{said:?}");
    let log = log(&home.the_run());
    let end = of_kind(&log, "attempt-finished")[0];
    assert_eq!(end["outcome"]["how"], "unreachable", "{end}");
    assert!(end["outcome"]["error"].as_str().unwrap().starts_with(&format!("{address}: no answer within ")), "{end}");
    assert!(end["took_ms"].as_u64().unwrap() < 4_000, "{end}");
    assert!(said.err.contains("step 1 `See` needs a person"), "{said:?}");
}
