//! What `lifeboat doctor` sees, and that it leaves nothing behind.

use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;

use crate::support::{Home, key_pair, log, of_kind, said};

fn findings(home: &Home, arguments: &[&str]) -> (Option<i32>, Vec<Value>) {
    findings_on(home, arguments, &std::env::var("PATH").unwrap())
}

fn findings_on(home: &Home, arguments: &[&str], path: &str) -> (Option<i32>, Vec<Value>) {
    let mut command = home.command(&[&["doctor", "--format", "json"], arguments].concat());
    // Nothing listens there: as without a network, and nothing leaves this machine.
    command.env("AWS_ENDPOINT_URL", "http://127.0.0.1:9").env("AWS_EC2_METADATA_DISABLED", "true");
    command.env("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE").env("AWS_SECRET_ACCESS_KEY", "example");
    let said = said(command.env("PATH", path));
    let found: Value = serde_json::from_str(&said.out).unwrap_or_else(|error| panic!("{error}: {said:?}"));
    (said.code, found.get("findings").and_then(Value::as_array).unwrap().clone())
}

fn of<'f>(found: &'f [Value], part: &str, name: &str) -> &'f Value {
    found.iter().find(|one| one["part"] == part && one["name"] == name).unwrap_or_else(|| panic!("{part} {name}"))
}

#[test]
fn without_a_key_it_fails_and_says_what_to_do() {
    let home = Home::new();
    let (code, found) = findings(&home, &[]);
    assert_eq!(code, Some(1));
    let key = of(&found, "signing", "key");
    assert_eq!(key["grade"], "fail");
    assert!(key["next"].as_str().unwrap().contains("ssh-add"), "{key}");
    assert_eq!(of(&found, "terminal", "terminal")["grade"], "warn");
    assert_eq!(of(&found, "aws", "without a profile")["grade"], "warn");
    assert_eq!(of(&found, "postgresql", "programs")["grade"], "warn");
    for one in &found {
        assert_eq!(one["grade"] == "ok", one["next"].is_null(), "{one}");
    }
}

#[test]
fn a_profile_is_looked_at_with_its_key_its_signers_and_its_account() {
    let home = Home::new();
    let (public, key) = (key_pair(&home, "key"), home.path("key"));
    let config = |signers: &str| {
        home.write("signers", signers);
        let text = format!(
            "key = \"{}\"\noperator = \"alice\"\nallowed_signers = \"{}\"\nlog_dir = \"{}\"\n[profile.prod]\naccount = \
             \"012345678901\"\nregion = \"us-west-2\"\n",
            key.display(),
            home.path("signers").display(),
            home.path("logs").display(),
        );
        home.write("config/lifeboat/config.toml", text);
    };
    config("");
    let (code, found) = findings(&home, &["--profile", "prod"]);
    let listed = of(&found, "signing", "allowed signers");
    assert_eq!((code, &listed["grade"]), (Some(1), &Value::from("fail")));
    assert!(listed["next"].as_str().unwrap().contains(public.split(' ').nth(1).unwrap()), "{listed}");
    assert_eq!(of(&found, "aws", "profile prod, us-west-2")["grade"], "fail");
    config(&format!("alice {public}"));
    let (_, found) = findings(&home, &["--profile", "prod"]);
    assert_eq!(of(&found, "signing", "key")["grade"], "ok");
    assert_eq!(of(&found, "signing", "allowed signers")["grade"], "ok");
    let log = of(&found, "log", home.path("logs").to_str().unwrap());
    assert!(log["says"].as_str().unwrap().contains("ms to be on the disk"), "{log}");
    assert!(!home.path("logs").exists() && !home.path("state").exists(), "something was written");
}

#[test]
fn what_runbooks_call_is_looked_for_on_the_path() {
    let home = Home::new();
    home.write("runbooks/mine.md", "# Mine\n\n```sh\nsh -c true; no-such-program-here --now | cat\n```\n");
    let (_, found) = findings(&home, &[]);
    let missing = of(&found, "tools", "no-such-program-here");
    assert_eq!(missing["grade"], "warn");
    assert!(missing["says"].as_str().unwrap().contains("mine"), "{missing}");
    let there = of(&found, "tools", "on the path");
    assert!(there["says"].as_str().unwrap().split(", ").any(|name| name == "cat"), "{there}");
}

/// Puts a program on a path of the home's own.
fn program(home: &Home, name: &str, prints: &str, code: u8) {
    let path = home.path("bin").join(name);
    home.write(&format!("bin/{name}"), format!("#!/bin/sh\nprintf '%s\\n' '{prints}'\nexit {code}\n"));
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn doctor_and_log_say_alike_whether_a_time_server_keeps_the_clock() {
    let chrony = |leap: &str| format!("7F7F0101,time,10,1.0,0,0,0,0,0,0,0,0,1.0,{leap}");
    for (timedatectl, chronyc, word) in [
        ("yes", String::new(), "synced"),
        ("no", chrony("Normal"), "unsynced"),
        ("", chrony("Normal"), "synced"),
        ("", chrony("Not synchronised"), "unsynced"),
        ("", String::new(), ""),
    ] {
        let home = Home::new();
        program(&home, "timedatectl", timedatectl, u8::from(timedatectl.is_empty()));
        program(&home, "chronyc", &chronyc, u8::from(chronyc.is_empty()));
        let path = format!("{}:{}", home.path("bin").display(), std::env::var("PATH").unwrap());
        let (_, found) = findings_on(&home, &[], &path);
        let clock = of(&found, "clock", "clock");
        home.write("runbook.md", "# R\n\n## S\n\n```sh { impact=observe }\ntrue\n```\n");
        let ran = said(home.command(&["run", "runbook.md", "--unattended"]).env("PATH", &path));
        assert_eq!(ran.code, Some(0), "{ran:?}");
        let log = log(&home.the_run());
        let recorded = of_kind(&log, "open")[0]["clock"].as_str().unwrap();
        // Without either program a file of systemd's may say it.
        assert!(recorded == word || word.is_empty() && recorded != "unsynced", "{recorded} for {word}");
        let (says, grade) = match recorded {
            "synced" => ("kept by a time server", "ok"),
            "unsynced" => ("kept by no time server", "warn"),
            _ => ("not known to be kept", "warn"),
        };
        assert!(clock["says"].as_str().unwrap().starts_with(says) && clock["grade"] == grade, "{recorded}: {clock}");
        assert_eq!(ran.out.contains("NO TIME SERVER KEEPS THIS MACHINE'S CLOCK"), recorded == "unsynced", "{ran:?}");
        let verified = home.run(&["log", "verify", home.the_run().to_str().unwrap()]);
        let told = "the wall clock was kept by no time server, as the machine said once";
        assert_eq!(verified.out.contains(told), recorded == "unsynced", "{verified:?}");
    }
}
