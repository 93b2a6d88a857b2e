//! The configuration as people meet it: listed, wrong, with keys of one's own; what shells and `man` get.

use serde_json::Value;

use crate::support::{Home, said};

const CONFIG: &str = "operator = \"alice\"\n[profile.prod]\naccount = \"012345678901\"\n[profile.prod.inputs]\nDB_PASSWORD = \
                      \"hush\"\nREPLICA_ID = \"west\"\n";

#[test]
fn every_file_and_every_setting_is_listed_with_its_source() {
    let home = Home::new();
    home.write("config/lifeboat/config.toml", CONFIG);
    let listed = home.run(&["config", "--profile", "prod"]);
    assert_eq!(listed.code, Some(0), "{listed:?}");
    for line in [
        "config    there        ",
        "keymap    not there    ",
        "operator           alice  (the file, for all)",
        "account            012345678901  (the profile)",
        "inputs.DB_PASSWORD  (hidden)  (the profile)",
        "inputs.REPLICA_ID  west  (the profile)",
        "key                -  (not set)",
    ] {
        let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(plain(&listed.out).contains(&plain(line)), "{line}\n{}", listed.out);
    }
    assert!(!listed.out.contains("hush"));
    let json = home.run(&["config", "--profile", "prod", "--format", "json"]);
    let json: Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(json["profiles"], serde_json::json!(["prod"]));
    assert_eq!(home.run(&["config", "--profile", "prd"]).code, Some(2));
    let schema: Value = serde_json::from_str(&home.run(&["config", "schema"]).out).unwrap();
    assert_eq!(schema["properties"]["profile"]["additionalProperties"]["properties"]["account"]["type"], "string");
}

#[test]
fn what_is_wrong_is_said_and_what_is_good_still_counts() {
    let home = Home::new();
    let file = "operater = \"bob\"\nlog_dir = \"/logs\"\n[profile.prod]\nacount = \"012345678901\"\n";
    let path = home.write("config/lifeboat/config.toml", file).display().to_string();
    home.write("config/lifeboat/keymap.toml", "[keys]\nstop = \"n\"\n");
    let listed = home.run(&["config"]);
    assert_eq!(listed.code, Some(1), "{listed:?}");
    for text in
        ["config.toml:1:1", "did you mean `operator`?", "/logs", "keymap.toml:2:8", "`n` is a key of `note` already"]
    {
        assert!(listed.out.contains(text), "{text}\n{}", listed.out);
    }
    // Half a profile is no profile: a real run does not begin.
    home.write("plain.md", "# Plain\n\n- [ ] Done\n");
    let run = home.run(&["run", "plain.md", "--unattended"]);
    assert_eq!(run.code, Some(2), "{run:?}");
    assert!(home.runs().is_empty());
    // Whoever is called at night reads where all of it is, what it should be, and how to go on at once.
    for text in [
        format!("{path}:1:1"),
        "did you mean `operator`?".to_owned(),
        format!("{path}:4:1"),
        "did you mean `account`?".to_owned(),
        format!("next: nothing was begun; correct these 2 places, the first in line 1 of {path}"),
        "LIFEBOAT_CONFIG=FILE before the command".to_owned(),
    ] {
        assert!(run.err.contains(&text), "{text}\n{}", run.err);
    }
    let without = |file: &str| {
        let state = home.path(if file == "/dev/null" { "none" } else { "other" });
        let mut command = home.command(&["run", "plain.md", "--unattended"]);
        said(command.env("LIFEBOAT_CONFIG", file).env("XDG_STATE_HOME", state))
    };
    let other = home.write("other.toml", "operator = \"bob\"\n");
    for (file, by) in [("/dev/null", "tester@"), (other.to_str().unwrap(), "by bob")] {
        let run = without(file);
        assert!(run.code == Some(13) && run.out.contains(by), "{file}: {run:?}");
    }
    let none = without("nowhere.toml");
    assert!(none.code == Some(2) && none.err.contains("LIFEBOAT_CONFIG names it: unset that"), "{none:?}");
    // A drill goes nowhere but to its own estate: it says what is wrong, and goes on to what else it was given.
    let drill = home.run(&["drill", "instance-failure", "--plain", "--facilitate=nowhere.toml"]);
    let told = format!("{}{}", drill.out, drill.err);
    assert!(told.contains("did you mean `operator`?") && told.contains("nowhere.toml can't be read"), "{drill:?}");
    let mut doctor = home.command(&["doctor"]);
    doctor.env("AWS_ENDPOINT_URL", "http://127.0.0.1:9").env("AWS_EC2_METADATA_DISABLED", "true");
    assert!(said(&mut doctor).out.contains("Log folder"), "the doctor did not look");
}

#[test]
fn shells_and_man_get_what_they_want() {
    let home = Home::new();
    for (shell, word) in [("bash", "_lifeboat()"), ("zsh", "#compdef lifeboat"), ("fish", "complete -c lifeboat")] {
        let completions = home.run(&["completions", shell]);
        assert!(completions.code == Some(0) && completions.out.contains(word), "{shell}");
    }
    assert!(home.run(&["man"]).out.contains(".TH lifeboat"));
    let folder = home.path("man");
    assert_eq!(home.run(&["man", "--out", folder.to_str().unwrap()]).code, Some(0));
    let page = std::fs::read_to_string(folder.join("lifeboat-drill.1")).unwrap();
    assert!(page.contains("practice estate"));
    assert!(!folder.join("lifeboat-__engine.1").exists(), "what is hidden has a page");
}
