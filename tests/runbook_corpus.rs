//! Parses every Markdown file under `$LIFEBOAT_CORPUS`, if that is set: no panic, every fence accounted for.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use lifeboat::runbook::{FenceUse, parse};
use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag};

fn markdown(folder: &Path, found: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            markdown(&path, found)?;
        } else if path.extension().is_some_and(|extension| extension == "md" || extension == "markdown") {
            found.push(path);
        }
    }
    Ok(())
}

#[test]
fn every_file_of_the_corpus_parses() {
    let Ok(corpus) = std::env::var("LIFEBOAT_CORPUS") else { return };
    let mut files = Vec::new();
    markdown(Path::new(&corpus), &mut files).unwrap();
    assert!(!files.is_empty(), "no Markdown under {corpus}");
    let (mut fences, mut actions, mut plans, mut steps) = (0, 0, 0, 0);
    let mut took = Duration::ZERO;
    let mut kinds = std::collections::BTreeMap::<(&str, &str), usize>::new();
    for file in &files {
        let bytes = std::fs::read(file).unwrap();
        let begun = Instant::now();
        let parsed = parse(&file.display().to_string(), &bytes);
        took += begun.elapsed();
        let text = parsed.source.text();
        let options =
            Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS | Options::ENABLE_GFM;
        // Front matter is no Markdown: a fence can stand in none of the corpus's.
        let counted = Parser::new_ext(text, options)
            .filter(|event| matches!(event, Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(_)))))
            .count();
        assert_eq!(parsed.fences.len(), counted, "{}", file.display());
        fences += counted;
        actions += parsed.fences.iter().filter(|fence| matches!(fence.used, FenceUse::Action(_))).count();
        plans += usize::from(parsed.plan.is_some());
        steps += parsed.plan.as_ref().map_or(0, |plan| plan.steps.len());
        for problem in &parsed.problems {
            *kinds.entry((problem.severity.word(), problem.code)).or_default() += 1;
        }
        if std::env::var_os("LIFEBOAT_CORPUS_SAY").is_some() {
            print!("{}", parsed.errors().map(|problem| parsed.source.render(problem)).collect::<String>());
        }
    }
    println!("{} files, {plans} plans, {steps} steps, {fences} fences, {actions} actions, {took:?}", files.len());
    println!("{kinds:#?}");
}
