//! Real runs with nobody at the keyboard: they observe, and stop where a person is needed.

use std::io::Write as _;
use std::process::Stdio;

use super::support::{Home, heard, key_pair, log, of_kind, said};

const OBSERVES_THEN_CHANGES: &str = "\
# Small
## Look
```sh { name=look impact=observe }
echo seen
```
## Change
```sh { name=change }
touch executed
```
";

#[test]
fn it_stops_at_the_first_confirmation() {
    let home = Home::new();
    home.write("small.md", OBSERVES_THEN_CHANGES);
    let said = home.run(&["run", "small.md", "--unattended"]);
    assert_eq!(said.code, Some(13), "{said:?}");
    assert!(said.err.contains("step 2 `Change` needs a person, and nobody is at the keyboard"), "{said:?}");
    assert!(said.err.contains("next: work the runbook in a terminal"), "{said:?}");
    assert!(!home.path("executed").exists());
    let run = home.the_run();
    assert_eq!(std::fs::read_to_string(run.join("output/1.1.out")).unwrap(), "seen\n");
    let log = log(&run);
    assert_eq!(of_kind(&log, "confirmation-asked").len(), 1);
    assert_eq!(of_kind(&log, "confirmed").len(), 0);
    let ended = of_kind(&log, "ended")[0];
    assert_eq!((&ended["how"], &ended["by"]), (&"waiting".into(), &"unattended".into()));

    for flag in ["--yes", "--force", "-y", "--confirm", "--no-confirm", "--speed=60"] {
        let said = home.run(&["run", "small.md", "--unattended", flag]);
        assert_eq!(said.code, Some(2), "{flag}: {said:?}");
    }
    assert_eq!(home.runs().len(), 1);
}

#[test]
fn without_a_key_it_goes_on_unsigned_and_says_so() {
    for socket in [None, Some("/nowhere/agent")] {
        let home = Home::new();
        home.write("small.md", OBSERVES_THEN_CHANGES);
        let mut command = home.command(&["run", "small.md", "--unattended"]);
        if let Some(socket) = socket {
            command.env("SSH_AUTH_SOCK", socket);
        }
        let said = said(&mut command);
        assert_eq!(said.code, Some(13), "{said:?}");
        assert!(said.out.starts_with("UNSIGNED: "), "{}", said.out);
        assert!(said.out.contains("log   OPEN, not sealed: UNSIGNED: "), "{}", said.out);
        let why = socket.map_or("SSH_AUTH_SOCK is not set", |_| "the key agent at /nowhere/agent cannot be reached");
        assert!(said.out.contains(why), "{}", said.out);
        let run = home.the_run();
        let verified = home.run(&["log", "verify", run.to_str().unwrap()]);
        assert_eq!((verified.code, verified.out.lines().next()), (Some(4), Some("UNTRUSTED")), "{verified:?}");
    }
}

#[test]
fn an_agent_that_refuses_does_not_hold_up_a_run() {
    let home = Home::new();
    home.write("small.md", OBSERVES_THEN_CHANGES);
    let socket = home.path("agent");
    let agent = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    // SSH_AGENT_FAILURE to whatever is asked. The thread ends with the test's process.
    std::thread::spawn(move || {
        for asked in agent.incoming() {
            asked.unwrap().write_all(&[0, 0, 0, 1, 5]).unwrap();
        }
    });
    let said = said(home.command(&["run", "small.md", "--unattended"]).env("SSH_AUTH_SOCK", &socket));
    assert_eq!(said.code, Some(13), "{said:?}");
    assert!(said.out.starts_with("UNSIGNED: the key agent refused"), "{}", said.out);
    let verified = home.run(&["log", "verify", home.the_run().to_str().unwrap()]);
    assert_eq!(verified.code, Some(4), "{verified:?}");
}

#[test]
fn a_key_file_signs_and_counts_for_those_who_trust_it() {
    let home = Home::new();
    home.write("small.md", OBSERVES_THEN_CHANGES);
    let (public, key) = (key_pair(&home, "key"), home.path("key"));
    home.write(
        "config/lifeboat/config.toml",
        format!("key = \"{}\"\n[profile.p]\noperator = \"alice@example.com\"\n", key.display()),
    );
    let said = home.run(&["run", "small.md", "--unattended", "--profile", "p"]);
    assert_eq!(said.code, Some(13), "{said:?}");
    assert!(said.out.contains("log   SEALED by alice@example.com"), "{}", said.out);
    let allowed = home.write("allowed", format!("alice@example.com {public}"));
    let run = home.the_run();
    let verify = ["log", "verify", run.to_str().unwrap()];
    assert_eq!(home.run(&verify).code, Some(4));
    let trusted = home.run(&[&verify[..], &["--allowed-signers", allowed.to_str().unwrap()]].concat());
    assert_eq!((trusted.code, trusted.out.lines().next()), (Some(0), Some("SEALED")), "{trusted:?}");
}

#[test]
fn a_step_that_ignores_sigterm_is_timed_out_and_the_run_stops_asking() {
    let home = Home::new();
    home.write(
        "deaf.md",
        "# Deaf\n## Listen\n```sh { impact=observe timeout=1s }\ntrap '' TERM INT HUP\necho $$ > pid\nwhile :; do sleep \
         0.05; done\n```\n",
    );
    let said = home.run(&["run", "deaf.md", "--unattended"]);
    assert_eq!(said.code, Some(13), "{said:?}");
    let log = log(&home.the_run());
    let end = of_kind(&log, "attempt-finished")[0];
    assert_eq!((&end["outcome"]["how"], &end["outcome"]["after_ms"]), (&"timed-out".into(), &1000.into()), "{end}");
    assert!(said.out.contains("timed out after 1 s"), "{}", said.out);
    let pid = std::fs::read_to_string(home.path("pid")).unwrap();
    assert!(!super::support::lives(&pid), "{pid}");
}

#[test]
fn output_that_cannot_be_recorded_ends_its_attempt_all_the_same() {
    let home = Home::new();
    // Six bytes of JSON for each of these, twice: more than a line of the log holds.
    home.write(
        "loud.md",
        "# Loud\n## Shout\n```sh { impact=observe capture=LOUD }\nhead -c 250000 /dev/zero | tr '\\0' '\\1'\n```\n",
    );
    let said = home.run(&["run", "loud.md", "--unattended"]);
    assert_eq!(said.code, Some(13), "{said:?}");
    let log = log(&home.the_run());
    let end = of_kind(&log, "attempt-finished")[0];
    assert_eq!(end["outcome"]["how"], "unusable", "{end}");
    assert!(end["outcome"]["error"].as_str().unwrap().contains("can't be recorded"), "{end}");
    assert_eq!(end["streams"]["out_bytes"], 250_000, "{end}");
}

#[test]
fn nobody_reads_the_lines_and_the_run_goes_on() {
    let home = Home::new();
    home.write("small.md", "# Small\n## Look\n```sh { impact=observe }\necho seen\n```\n");
    let mut child = home
        .command(&["run", "small.md", "--unattended"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let said = heard(child);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert_eq!(of_kind(&log(&home.the_run()), "ended")[0]["how"], "finished");

    let mut check = home.command(&["check", "small.md"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(check.stdout.take());
    assert_eq!(heard(check).code, Some(0));
}

#[test]
fn a_log_is_shown_and_followed_to_its_end() {
    let home = Home::new();
    home.write("small.md", OBSERVES_THEN_CHANGES);
    home.run(&["run", "small.md", "--unattended"]);
    let run = home.the_run();
    let id = run.file_name().unwrap().to_str().unwrap();
    let shown = home.run(&["log", "show", id]);
    assert_eq!(shown.code, Some(0), "{shown:?}");
    for sentence in ["REAL run", "1.1 look started [observe]", "1.1 passed: exited with 0", "asks for", "run ended"] {
        assert!(shown.out.contains(sentence), "{sentence}: {}", shown.out);
    }
    let json = home.run(&["log", "show", "--format", "json", "last"]);
    assert_eq!(json.code, Some(0), "{json:?}");
    assert!(json.out.lines().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()), "{}", json.out);
    let tail = home.run(&["log", "tail", "--no-follow", id]);
    assert_eq!(tail.code, Some(0), "{tail:?}");
    assert!(tail.out.contains("run ended by unattended: waiting"), "{}", tail.out);
    let none = home.run(&["log", "show", "2001"]);
    assert_eq!(none.code, Some(2), "{none:?}");
    assert!(none.err.contains("there is no run `2001`"), "{none:?}");
}
