//! What can't be run is refused with its place and the next step, and leaves nothing.

use super::support::{Home, Said, said};

/// A runbook that is sound but for `fence`, and would leave a file if anything of it ran.
fn runbook(front: &str, fence: &str) -> String {
    format!(
        "---\ntitle: T\nscenario: region-failure\n{front}---\n# T\n## One\n```sh {{ impact=observe }}\ntouch \
         executed\n```\n{fence}\n"
    )
}

/// The ways to be wrong: name, front matter, fence, then what the answer has to hold: place, source line, message.
const WRONG: &[(&str, &str, &str, [&str; 3])] = &[
    ("language", "", "```bsh\nls\n```", [":10:4", "```bsh", "there is no language `bsh`"]),
    ("unset", "", "```http\nGET http://${HOST}/\n```", [":11:12", "GET http://${HOST}/", "nothing sets `HOST`"]),
    (
        "duplicate",
        "",
        "```sh { name=a }\ntrue\n```\n```sh { name=a }\ntrue\n```",
        [":13:14", "```sh { name=a }", "another fence has the name `a` already"],
    ),
    (
        "attribute",
        "",
        "```sh { name=\"x }\ntrue\n```",
        [":10:14", "```sh { name=\"x }", "the value of `name` has no closing quote"],
    ),
    ("unknown", "", "```sh { impct=observe }\ntrue\n```", [":10:9", "impct=observe", "there is no attribute `impct`"]),
    (
        "link",
        "",
        "See [there](#nowhere-at-all).",
        [
            ":10:5",
            "See [there](#nowhere-at-all).",
            "this link leads to `#nowhere-at-all`, and no heading has that anchor",
        ],
    ),
    (
        "jump",
        "",
        "```sh { on-failure=#nowhere }\ntrue\n```",
        [":10:20", "on-failure=#nowhere", "this jump leads to `#nowhere`, and no heading has that anchor"],
    ),
    ("duration", "", "```sh { timeout=10min }\ntrue\n```", [":10:17", "timeout=10min", "`10min` is not a duration"]),
    (
        "operation",
        "",
        "```aws\naws rds promote-replicas\n```",
        [":11:5", "aws rds promote-replicas", "lifeboat does not know the operation `aws rds promote-replicas`"],
    ),
    (
        "recovered",
        "recovered_when: chekc\n",
        "",
        [":4:17", "recovered_when: chekc", "`recovered_when` names `chekc`, and no fence has that name"],
    ),
    (
        "terminal",
        "",
        "```sh { interactive expect=ok }\necho ok\n```",
        [":10:28", "interactive expect=ok", "`expect` and `interactive` exclude each other"],
    ),
    (
        "later",
        "",
        "```sh { background }\ntrue\n```",
        [":10:9", "background", "the attribute `background` is not supported yet"],
    ),
    ("yaml", "service: a: b\n", "", [":4:11", "service: a: b", "the front matter cannot be read"]),
];

fn refused(home: &Home, said: &Said, code: i32) {
    assert_eq!(said.code, Some(code), "{said:?}");
    assert!(home.runs().is_empty(), "{:?}", home.runs());
    assert!(!home.path("executed").exists());
}

#[test]
fn a_runbook_with_errors_is_refused_by_run_drill_and_check() {
    for (name, front, fence, expected) in WRONG {
        let home = Home::new();
        home.write("wrong.md", runbook(front, fence));
        for command in [&["run", "--unattended"][..], &["drill", "--unattended"], &["check"]] {
            let said = home.run(&[command, &["wrong.md"]].concat());
            let human = format!("{}{}", said.out, said.err);
            for words in expected {
                assert!(human.contains(words), "{name} {command:?}: `{words}` is not in {human}");
            }
            assert!(human.contains("--> wrong.md:") && human.contains("= help: "), "{name}: {human}");
            refused(&home, &said, if command[0] == "check" { 1 } else { 3 });
            if command[0] != "check" {
                assert!(said.err.contains("nothing was executed"), "{name}: {said:?}");
            }
        }
        let json = home.run(&["check", "--format", "json", "wrong.md"]);
        assert_eq!(json.code, Some(1), "{json:?}");
        let told: serde_json::Value = serde_json::from_str(&json.out).unwrap();
        let problems = told[0]["problems"].as_array().unwrap();
        let problem = problems.iter().find(|problem| problem["message"].as_str().unwrap().contains(expected[2]));
        let problem = problem.unwrap_or_else(|| panic!("{name}: {told:#}"));
        let place = format!(":{}:{}", problem["line"], problem["column"]);
        assert_eq!(place, expected[0], "{name}");
        assert!(!problem["help"].as_str().unwrap().is_empty(), "{name}: {problem}");
    }
}

#[test]
fn a_broken_front_matter_is_one_error() {
    let home = Home::new();
    let inputs = "inputs:\n  A: { default: x: y }\n";
    home.write("wrong.md", runbook(inputs, "```http\nGET http://${A}/${A}/${B}\n```\n```sh\necho \"$A\"\n```"));
    let said = home.run(&["check", "wrong.md"]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.out.ends_with("1 error, 0 warnings\n"), "{}", said.out);
}

#[test]
fn a_file_that_is_no_runbook_is_refused() {
    let home = Home::new();
    home.write("empty.md", "");
    home.write("blank.md", "\n \n\t\n");
    home.write("latin.md", b"# Caf\xe9\n\xff\n");
    std::fs::File::create(home.path("huge.md")).unwrap().set_len(100 * 1024 * 1024).unwrap();
    std::fs::create_dir(home.path("folder.md")).unwrap();
    let cases: [(&str, i32, &[&str]); 6] = [
        ("missing.md", 2, &["there is no runbook `missing.md`", "next: give the path", "region-failure"]),
        ("folder.md", 2, &["folder.md could not be read", "next: check the path"]),
        ("huge.md", 2, &["huge.md has 104857600 bytes; a runbook has at most 4194304", "next: "]),
        ("empty.md", 3, &["--> empty.md", "the file is empty", "= help: "]),
        ("blank.md", 3, &["--> blank.md", "the file is empty"]),
        ("latin.md", 3, &["--> latin.md:1:6", "1 | # Caf", "the file is not UTF-8", "iconv"]),
    ];
    for (name, code, expected) in cases {
        for command in [&["run", "--unattended"][..], &["drill", "--unattended"], &["check"]] {
            let said = home.run(&[command, &[name]].concat());
            let code = if command[0] == "check" && code == 3 { 1 } else { code };
            refused(&home, &said, code);
            let human = format!("{}{}", said.out, said.err);
            for words in expected {
                assert!(human.contains(words), "{name} {command:?}: `{words}` is not in {human}");
            }
        }
    }
}

#[test]
fn a_drill_plays_what_the_estate_can_play() {
    let home = Home::new();
    home.write("other.md", "---\nscenario: other\n---\n# T\n## S\n```sh\ntouch executed\n```\n");
    home.write("plain.md", "# T\n## S\n```sh\ntouch executed\n```\n");
    for (name, scenario) in [("other.md", "`other`"), ("plain.md", "not given")] {
        let said = home.run(&["drill", name, "--unattended"]);
        refused(&home, &said, 3);
        let sentence = format!(
            "{name} can't be drilled: its scenario is {scenario}, and the practice estate plays instance-failure, "
        );
        assert!(said.err.contains(&sentence) && said.err.contains("next: "), "{said:?}");
        assert!(!said.err.contains("raising"), "{said:?}");
    }
}

#[test]
fn without_a_terminal_nothing_opens() {
    let home = Home::new();
    home.write("ok.md", "# T\n## S\n```sh\ntouch executed\n```\n");
    for arguments in [&[][..], &["drill", "region-failure"], &["run", "ok.md"]] {
        let said = home.run(arguments);
        refused(&home, &said, 2);
        assert!(said.err.contains("there is no terminal") && said.err.contains("next: "), "{said:?}");
    }
}

#[test]
fn a_state_folder_that_cannot_be_written_is_named() {
    let home = Home::new();
    home.write("ok.md", "# T\n## S\n```sh\ntouch executed\n```\n");
    let file = home.write("file", "in the way");
    let file = file.to_str().unwrap();
    for command in [&["run", "ok.md", "--unattended"][..], &["drill", "region-failure", "--unattended"]] {
        for (state, words) in [("/proc/x", "/proc/x/lifeboat/runs"), (file, "a part of the path is a file")] {
            let said = said(home.command(command).env("XDG_STATE_HOME", state));
            refused(&home, &said, 20);
            assert!(said.err.contains(words) && said.err.contains("--runs DIR"), "{said:?}");
        }
        let homeless = said(home.command(command).env_remove("HOME").env_remove("XDG_STATE_HOME"));
        refused(&home, &homeless, 20);
        assert!(homeless.err.contains("neither XDG_STATE_HOME nor HOME"), "{homeless:?}");
    }
    for (command, words) in [(&["log", "verify", "last"][..], "no place for runs"), (&["estate", "up"], "--dir DIR")] {
        let homeless = said(home.command(command).env_remove("HOME").env_remove("XDG_STATE_HOME"));
        refused(&home, &homeless, 2);
        assert!(homeless.err.contains(words), "{homeless:?}");
    }
    let folder = home.path("elsewhere/runs");
    let said = home.run(&["run", "ok.md", "--unattended", "--runs", folder.to_str().unwrap()]);
    assert_eq!(said.code, Some(13), "{said:?}");
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), 1);
}

#[test]
fn inputs_onset_and_profile_are_checked_before_anything_runs() {
    let home = Home::new();
    home.write(
        "ok.md",
        "---\ninputs:\n  DB: { default: shop, pattern: '[a-z]+', description: The database }\n---\n# T\n## S\n```sh { \
         impact=observe }\ntouch executed\n```\n",
    );
    let cases: [(&[&str], i32, &[&str]); 6] = [
        (&["--set", "DBX=a"], 3, &["`--set DBX=…`: the runbook has no such input; it has DB", "nothing was executed"]),
        (&["--set", "DB=1"], 3, &["DB has to match `[a-z]+`, and `1` does not", "next: ", "nothing was executed"]),
        (&["--set", "DB"], 2, &["`--set DB`: write NAME=VALUE"]),
        (&["--onset", "2026-11-22T03:14:00"], 2, &["--onset: `2026-11-22T03:14:00` is not a time", "-12m"]),
        (&["--profile", "prod"], 2, &["there is no profile `prod`", "[profile.prod]"]),
        (&["--unknown"], 2, &["--unknown", "--help"]),
    ];
    for (options, code, expected) in cases {
        let said = home.run(&[&["run", "ok.md", "--unattended"], options].concat());
        refused(&home, &said, code);
        for words in expected {
            assert!(said.err.contains(words), "{options:?}: `{words}` is not in {}", said.err);
        }
    }
    let drill = home.run(&["drill", "region-failure", "--unattended", "--set", "NOBODY=1"]);
    refused(&home, &drill, 3);
    assert!(drill.err.contains("`--set NOBODY=…`"), "{drill:?}");
}
