//! Terraform as a step of a runbook: the real program where it is installed, with a resource that needs no provider.

use std::process::Command;

use super::support::{Home, log, of_kind, said};

/// Terraform's own files, in a folder beside the runbook.
const CONFIGURATION: &str = r#"
resource "terraform_data" "database" {
  input = { IDENTIFIER = "shop-db-west", MULTI_AZ = true }
}

output "database" {
  value = terraform_data.database.output
}
"#;

/// Plans, applies, plans again, and takes what was made out of the outputs.
const RUNBOOK: &str = r#"---
scenario: instance-failure
---
# Terraform in a runbook
## Prepare
```sh { name=init impact=change timeout=60s }
cd "$INFRASTRUCTURE" && terraform init -input=false -no-color
```
## Look at what it would do
```sh { name=plan exit=0,2 timeout=60s }
cd "$INFRASTRUCTURE" && terraform plan -input=false -no-color -detailed-exitcode -out=planned
```
## Do it
```sh { name=apply impact=change when="${plan.exit} == 2" timeout=60s }
cd "$INFRASTRUCTURE" && terraform apply -input=false -no-color planned
```
### Take its outputs
```sh { name=outputs capture="IDENTIFIER,MULTI_AZ" timeout=60s }
cd "$INFRASTRUCTURE" && terraform output -json database
```
## Prove that nothing is left to do
```sh { name=settled exit=0,2 timeout=60s }
cd "$INFRASTRUCTURE" && terraform plan -input=false -no-color -detailed-exitcode
```
```sh { name=told when="${plan.exit} == 2 && ${settled.exit} == 0" expect="shop-db-west true" }
echo "$IDENTIFIER $MULTI_AZ"
```
"#;

#[test]
fn terraform_plans_applies_and_hands_its_outputs_on() {
    if !Command::new("terraform").arg("version").output().is_ok_and(|said| said.status.success()) {
        eprintln!("NOT RUN: terraform is not installed here; steps with the real program were not tested");
        return;
    }
    let home = Home::new();
    home.write("infrastructure/main.tf", CONFIGURATION);
    home.write("terraform.md", RUNBOOK);
    let mut drill = home.command(&["drill", "terraform.md", "--unattended", "--speed", "60"]);
    drill.env("INFRASTRUCTURE", home.path("infrastructure")).env("CHECKPOINT_DISABLE", "1");
    let said = said(&mut drill);
    let run = home.the_run();
    let log = log(&run);
    let ended: Vec<_> = of_kind(&log, "attempt-finished");
    assert!(of_kind(&log, "step-failed").is_empty(), "{said:?} {ended:#?}");
    let output = |name: &str| {
        let all = std::fs::read_dir(run.join("output")).unwrap().map(|entry| entry.unwrap().path());
        all.filter_map(|path| std::fs::read_to_string(path).ok()).any(|text| text.contains(name))
    };
    assert!(output("Plan: 1 to add, 0 to change, 0 to destroy."), "{said:?}");
    assert!(output("Apply complete! Resources: 1 added, 0 changed, 0 destroyed."), "{said:?}");
    assert!(output("shop-db-west true\n"), "{said:?}");
    let verified = home.run(&["log", "verify", run.to_str().unwrap()]);
    assert_eq!(verified.code, Some(0), "{verified:?}");
}
