//! Real manifests, if a folder of them lies next to the checkout.

use super::*;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

fn corpus() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    ["../shared/corpus", "../../shared/corpus"].iter().map(|path| root.join(path)).find(|path| path.is_dir())
}

#[test]
fn real_files_are_read() {
    let Some(corpus) = corpus() else {
        println!("skipped: no corpus");
        return;
    };
    let (mut files, mut documents, mut bytes, mut broken, mut problems) = (0, 0, 0, 0, 0);
    let mut time = Duration::ZERO;
    let verbose = std::env::var_os("MESH_CORPUS_PROBLEMS").is_some();
    for entry in walkdir::WalkDir::new(corpus).sort_by_file_name().into_iter().filter_map(Result::ok) {
        let extension = entry.path().extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        if !["yaml", "yml", "json"].contains(&extension) {
            continue;
        }
        let Ok(text) = std::fs::read_to_string(entry.path()) else { continue };
        let started = Instant::now();
        let read: Vec<_> = if extension == "json" {
            vec![parse_json(file(), &text)]
        } else {
            split(file(), &text).iter().map(|chunk| parse(chunk, &text)).collect()
        };
        time += started.elapsed();
        files += 1;
        bytes += text.len();
        documents += read.len();
        for document in &read {
            check_spans(document, &text);
            broken += usize::from(!document.problems.is_empty() && document.root.is_none());
            problems += document.problems.len();
            for problem in document.problems.iter().filter(|_| verbose) {
                let line = text[..problem.span.start as usize].lines().count();
                println!("{}:{line} {}", entry.path().display(), problem.message);
            }
        }
    }
    let speed = bytes as f64 / 1e6 / time.as_secs_f64().max(1e-9);
    println!(
        "{files} files, {documents} documents ({broken} broken), {problems} problems, {bytes} bytes, {speed:.0} MB/s"
    );
}
