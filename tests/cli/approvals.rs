//! A second person's approval, from the request on one screen to the signature on another.

use std::time::{Duration, Instant};

use super::screens::Screen;
use super::support::{Home, eventually, key_pair, log, of_kind, said};

const GUARDED: &str = "\
---
roles: [operator, approver]
---
# Guarded
## Change
```sh { name=change impact=irreversible approvals=1 approvers=approver }
touch executed
```
";

fn configured() -> Home {
    let home = Home::new();
    home.write("guarded.md", GUARDED);
    let (alice, bob) = (key_pair(&home, "alice"), key_pair(&home, "bob"));
    let signers = home.write("signers", format!("alice@example.com {alice}bob@example.com {bob}"));
    let text = format!(
        "operator = \"alice@example.com\"\nkey = \"{}\"\nallowed_signers = \"{}\"\n",
        home.path("alice").display(),
        signers.display()
    );
    home.write("config/lifeboat/config.toml", text);
    home
}

/// Opens the run's screen, and its only step's confirmation.
fn asked(home: &Home) -> Screen {
    let mut screen = Screen::open(home, &["run", "guarded.md"]);
    screen.wait("r run");
    // Keys that are pressed before a step could be read are not taken.
    let mut pressed = Instant::now();
    screen.press("r");
    eventually("it is asked", || {
        if pressed.elapsed() > Duration::from_millis(500) {
            screen.press("r");
            pressed = Instant::now();
        }
        screen.seen().contains("1 missing")
    });
    // What is typed before the question could be read is not taken either.
    eventually("it takes keys", || {
        if pressed.elapsed() > Duration::from_millis(500) {
            screen.press("x");
            pressed = Instant::now();
        }
        screen.seen().contains("> x")
    });
    screen.press("\u{15}");
    eventually("they are taken back", || !screen.seen().contains("> x"));
    screen
}

fn approve(home: &Home, arguments: &[&str]) -> String {
    let mut approver = Screen::open(home, &[&["approve"], arguments].concat());
    approver.wait("Type approve to sign it");
    let shown = approver.seen();
    assert!(shown.contains("| touch executed") && shown.contains("You sign as bob@example.com"), "{shown}");
    approver.press("approve\r");
    assert_eq!(approver.code(), 0, "{}", approver.seen());
    approver.wait("-----END SSH SIGNATURE-----");
    approver.seen()
}

fn confirm(home: &Home, mut screen: Screen) {
    screen.wait("bob@example.com (signed)");
    screen.wait("To run it, type");
    let phrase = screen.seen().split_once("To run it, type").unwrap().1.split_whitespace().next().unwrap().to_owned();
    screen.press(&(phrase + "\r"));
    screen.wait("SEALED");
    assert!(home.path("executed").exists());
    screen.press("q");
    assert_eq!(screen.code(), 0);
    let run = home.the_run();
    let lines = log(&run);
    assert_eq!(of_kind(&lines, "approved").first().unwrap()["approver"], "bob@example.com");
    let verified = home.run(&["log", "verify", "--require", "sealed,approvals", run.to_str().unwrap()]);
    assert_eq!(verified.code, Some(0), "{verified:?}");
    assert!(verified.out.contains("approvals  1 of 1 confirmations"), "{verified:?}");
}

#[test]
fn a_request_is_signed_on_another_screen_and_pasted_back() {
    let home = configured();
    let mut screen = asked(&home);
    let request = home.run(&["approve", "--request", "last"]);
    assert_eq!(request.code, Some(0), "{request:?}");
    home.write("request", format!("please:\n\n{}", request.out));
    let answer = approve(&home, &["request", "--by", "bob@example.com", "--key", "bob"]);
    let (_, answer) = answer.split_once("lifeboat approval\n").unwrap();
    screen.press(&format!("\u{1b}[200~{answer}\u{1b}[201~"));
    confirm(&home, screen);
    let none = home.run(&["approve", "--request", "last"]);
    assert_eq!((none.code, none.err.contains("waits for nobody")), (Some(1), true), "{none:?}");
}

#[test]
fn what_stock_tools_sign_is_handed_in_by_its_file_and_the_operator_s_own_is_not() {
    let home = configured();
    let mut screen = asked(&home);
    let request = home.run(&["approve", "--request", "last"]);
    home.write("request", &request.out);
    let sign = |key: &str| {
        let mut command = std::process::Command::new("ssh-keygen");
        command.current_dir(home.path("")).args(["-Y", "sign", "-q", "-n", "approve@lifeboat", "-f", key, "request"]);
        assert_eq!(said(&mut command).code, Some(0));
        std::fs::rename(home.path("request.sig"), home.path(&format!("{key}.sig"))).unwrap();
    };
    sign("alice");
    sign("bob");
    screen.press("alice.sig\r");
    screen.wait("who operates this run");
    screen.press("nobody.sig\r");
    screen.wait("nobody.sig can't be read");
    screen.press("bob.sig\r");
    confirm(&home, screen);
}

#[test]
fn who_is_not_asked_signs_nothing() {
    let home = configured();
    for (text, why) in [
        ("hello", "there is no request in it"),
        ("lifeboat approval request 1\nrun x\ncommand-sha256 00\n| rm -rf /\n", "does not fit the digest"),
    ] {
        home.write("request", text);
        let said = home.run(&["approve", "request"]);
        assert_eq!((said.code, said.out.as_str()), (Some(2), ""), "{said:?}");
        assert!(said.err.contains(why), "{said:?}");
    }
    let said = home.run(&["run", "guarded.md", "--unattended"]);
    assert_eq!(said.code, Some(13), "{said:?}");
    assert!(
        said.err.contains("nobody is at the keyboard; somebody else has to sign for it, of the role approver"),
        "{said:?}"
    );
    let log = log(&home.the_run());
    let asked = &of_kind(&log, "confirmation-asked")[0]["approval"]["request"];
    assert_eq!(asked["attempt"], "1.1");
    let verified = home.run(&["log", "verify", "--require", "approvals", home.the_run().to_str().unwrap()]);
    assert_eq!(verified.code, Some(0), "nothing was confirmed: {verified:?}");
}
