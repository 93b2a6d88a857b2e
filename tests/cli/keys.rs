//! What `lifeboat keys` says of the keys at hand.

use crate::support::{Home, key_pair, said};

fn keys(home: &Home) -> String {
    let said = said(&mut home.command(&["keys"]));
    assert_eq!(said.code, Some(0), "{said:?}");
    said.out
}

#[test]
fn without_any_key_it_says_what_that_means_and_what_to_do() {
    let home = Home::new();
    let out = keys(&home);
    assert!(out.contains("No key would sign a real run: it would be UNSIGNED"), "{out}");
    assert!(out.contains("start ssh-agent and ssh-add a key, or name a key file"), "{out}");
    assert!(out.contains("name one under `allowed_signers`"), "{out}");
}

#[test]
fn a_key_is_shown_with_what_it_signs_and_for_whom_it_counts() {
    let home = Home::new();
    let public = key_pair(&home, "key");
    let configure = |signers: &str, revoked: &str| {
        let text = format!(
            "operator = \"alice\"\nkey = \"{}\"\nallowed_signers = \"{}\"\nrevoked_keys = \"{}\"\n",
            home.path("key").display(),
            home.write("signers", signers).display(),
            home.write("revoked", revoked).display(),
        );
        home.write("config/lifeboat/config.toml", text);
        keys(&home)
    };
    let out = configure("", "");
    assert!(out.starts_with("SHA256:") && out.contains("ssh-ed25519 in the configuration"), "{out}");
    assert!(out.contains("signs real runs and drills as alice"), "{out}");
    let line = format!("counts for nobody; so that it does, add this to the allowed signers: alice {}", public.trim());
    assert!(out.contains(&line), "{out}");
    for (signers, says) in [
        (format!("alice {public}"), "counts as alice for sessions, seals, approvals, additions, countersignatures"),
        (format!("bob namespaces=\"approve@lifeboat\" {public}"), "counts as bob for approvals\n"),
        (format!("alice namespaces=\"git\" {public}"), "is listed for alice and counts for nothing: its namespaces"),
        (format!("alice valid-before=\"20200101Z\" {public}"), "counts for nothing: it is not valid at this time"),
        (
            format!("alice valid-before=\"20200101\" {public}"),
            "line 1 of the allowed signers has the time `20200101` without",
        ),
    ] {
        let out = configure(&signers, "");
        assert!(out.contains(says), "{signers}: {out}");
    }
    let out = configure(&format!("alice {public}"), &public);
    assert!(out.contains("is REVOKED") && !out.contains("counts as"), "{out}");
}

#[test]
fn a_key_of_drills_is_told_apart() {
    let home = Home::new();
    let drill =
        said(&mut home.command(&["drill", "instance-failure", "--unattended", "--speed", "60", "--data", "modelled"]));
    assert_eq!(drill.code, Some(0), "{drill:?}");
    let out = keys(&home);
    assert!(out.contains("made by a drill on this machine (lifeboat practice key)"), "{out}");
    assert!(out.contains("  signs drills\n  counts as practice@lifeboat for sessions, seals, additions\n"), "{out}");
    assert!(out.contains("No key would sign a real run"), "{out}");
}
