//! Holds that every dependency may be shipped under the project's own terms: asks Cargo for what this platform builds.

use std::process::Command;

use serde_json::Value;

/// Licences that ask for no more than their text being passed on, as SPDX writes them.
const FREE: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "BSD-1-Clause",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "MPL-2.0",
    "Unicode-3.0",
    "Unicode-DFS-2016",
    "Unlicense",
    "Zlib",
];

/// Says whether an SPDX expression leaves a choice of free licences. `/` is how it was written before SPDX.
///
/// One of what stands between `OR`s is enough, all of what stands between `AND`s is needed; `AND` binds more tightly.
fn is_free(expression: &str) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = words.as_slice();
    either(&mut rest) && rest.is_empty()
}

fn either(rest: &mut &[&str]) -> bool {
    let mut free = all(rest);
    while let Some(("OR", after)) = next(rest) {
        *rest = after;
        free |= all(rest);
    }
    free
}

fn all(rest: &mut &[&str]) -> bool {
    let mut free = one(rest);
    while let Some(("AND", after)) = next(rest) {
        *rest = after;
        free &= one(rest);
    }
    free
}

fn one(rest: &mut &[&str]) -> bool {
    match next(rest) {
        Some(("(", after)) => {
            *rest = after;
            let free = either(rest);
            let Some((")", after)) = next(rest) else { return false };
            *rest = after;
            free
        }
        Some((name, after)) => {
            *rest = after;
            // An exception permits more, never less.
            if let Some(("WITH", after)) = next(rest) {
                *rest = after.split_first().map_or(after, |(_, after)| after);
            }
            FREE.contains(&name)
        }
        None => false,
    }
}

fn next<'a, 'w>(rest: &&'a [&'w str]) -> Option<(&'w str, &'a [&'w str])> {
    rest.split_first().map(|(first, after)| (*first, after))
}

#[test]
fn expressions_are_read_as_spdx_means_them() {
    for free in [
        "MIT",
        "MIT/Apache-2.0",
        "Apache-2.0 / MIT",
        "MIT OR Apache-2.0 OR LGPL-2.1-or-later",
        "(Apache-2.0 OR GPL-3.0-only) AND BSD-3-Clause",
        "Apache-2.0 WITH LLVM-exception",
        "GPL-2.0-only OR Apache-2.0 AND ISC",
    ] {
        assert!(is_free(free), "{free}");
    }
    for bound in
        ["", "GPL-3.0-only", "MIT AND AGPL-3.0", "(MIT OR Apache-2.0) AND LGPL-3.0-only", "LicenseRef-x", "(MIT"]
    {
        assert!(!is_free(bound), "{bound}");
    }
}

#[test]
fn every_dependency_is_free() {
    let rustc = Command::new("rustc").arg("-vV").output().unwrap();
    let said = String::from_utf8(rustc.stdout).unwrap();
    let host = said.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    let asked = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked", "--filter-platform", host])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(asked.status.success(), "{}", String::from_utf8_lossy(&asked.stderr));
    let metadata: Value = serde_json::from_slice(&asked.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    assert!(packages.len() > 100, "this is not the whole tree: {} packages", packages.len());
    let bound: Vec<String> = packages
        .iter()
        .filter(|package| !package["license"].as_str().is_some_and(is_free))
        .map(|package| format!("{} {}: {}", package["name"], package["version"], package["license"]))
        .collect();
    assert!(bound.is_empty(), "not free, or not said in SPDX:\n{}", bound.join("\n"));
}
