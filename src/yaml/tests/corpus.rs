//! Real manifests, if a directory of them is beside the checkout.

#![allow(clippy::disallowed_methods, reason = "tests measure time")]

use super::*;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

fn corpus() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    ["../shared/corpus", "../../shared/corpus"].iter().map(|path| root.join(path)).find(|path| path.is_dir())
}

/// The paths and texts of the corpus.
fn files() -> Vec<(PathBuf, String)> {
    let Some(corpus) = corpus() else {
        skip::skip("no corpus beside the checkout");
        return Vec::new();
    };
    let paths = walkdir::WalkDir::new(corpus).sort_by_file_name().into_iter().filter_map(Result::ok);
    let wanted =
        |path: &Path| path.extension().is_some_and(|found| ["yaml", "yml", "json"].iter().any(|e| found == *e));
    paths
        .map(walkdir::DirEntry::into_path)
        .filter(|path| wanted(path))
        .filter_map(|path| std::fs::read_to_string(&path).ok().map(|text| (path, text)))
        .collect()
}

fn read_file(path: &Path, text: &str) -> Vec<Document> {
    if path.extension().is_some_and(|extension| extension == "json") {
        vec![parse_json(file(), text)]
    } else {
        split(file(), text).iter().map(|chunk| parse(chunk, text)).collect()
    }
}

/// Every document that libyaml reads is read here too, with the same strings in the same places.
#[test]
fn real_documents_agree_with_another_parser() {
    let (mut same, mut other) = (0, 0);
    for (path, text) in files() {
        for chunk in split(file(), &text) {
            let document = parse(&chunk, &text);
            let theirs = serde_yaml::from_str::<serde_yaml::Value>(&text[chunk.span.range()]);
            match (document.root, theirs) {
                (Some(root), Ok(value)) if document.problems.is_empty() => {
                    same += usize::from(super::differential::same_structure(&root, &value));
                    other += usize::from(!super::differential::same_structure(&root, &value));
                    assert!(super::differential::same_structure(&root, &value), "{}", path.display());
                }
                (None, Ok(value)) => assert!(value.is_null(), "{}: {:?}", path.display(), document.problems),
                _ => {}
            }
        }
    }
    println!("{same} documents alike, {other} not");
}

/// Measures the reader, and the events of the parser alone: `cargo test --release speed -- --ignored --nocapture`.
#[test]
#[ignore = "a measurement"]
fn speed() {
    let files = files();
    let bytes: usize = files.iter().map(|(_, text)| text.len()).sum();
    let mut options =
        granit_parser::options! { emit_unresolved_aliases: true, block_scalar_eof_without_line_feed: true };
    options.set_emit_comments(false);
    let report = |what: &str, best: Duration| {
        println!("{what}: {:.1} MB/s of {bytes} bytes", bytes as f64 / 1e6 / best.as_secs_f64().max(1e-9));
    };
    let best = |run: &dyn Fn() -> usize| {
        let once = |_| {
            let started = Instant::now();
            std::hint::black_box(run());
            started.elapsed()
        };
        (0..7).map(once).min().unwrap_or_default()
    };
    report("split", best(&|| files.iter().map(|(_, text)| split(file(), text).len()).sum()));
    report(
        "events",
        best(&|| {
            let events = |text: &str, chunk: &Chunk| {
                granit_parser::Parser::new_from_str_with_options(&text[chunk.span.range()], options.clone()).count()
            };
            files
                .iter()
                .map(|(_, text)| split(file(), text).iter().map(|chunk| events(text, chunk)).sum::<usize>())
                .sum()
        }),
    );
    report("tree", best(&|| files.iter().map(|(path, text)| read_file(path, text).len()).sum()));
}

#[test]
fn real_files_are_read() {
    let (mut documents, mut bytes, mut broken, mut problems) = (0, 0, 0, 0);
    let files = files();
    let verbose = std::env::var_os("MESH_CORPUS_PROBLEMS").is_some();
    for (path, text) in &files {
        bytes += text.len();
        for document in read_file(path, text) {
            check_spans(&document, text);
            documents += 1;
            broken += usize::from(!document.problems.is_empty() && document.root.is_none());
            problems += document.problems.len();
            for problem in document.problems.iter().filter(|_| verbose) {
                let line = text[..problem.span.start as usize].matches('\n').count() + 1;
                println!("{}:{line} {}", path.display(), problem.message);
            }
        }
    }
    println!("{} files, {documents} documents ({broken} broken), {problems} problems, {bytes} bytes", files.len());
}
