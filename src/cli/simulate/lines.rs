//! Requests in a file, one per line.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::Path;

use rayon::prelude::*;

use super::mistake;
use crate::cli::{exit, terminal};
use crate::report;
use crate::simulate::{self, Expectation, Request, Simulators, Unanswered};

/// The most bytes read at a time. Complete lines are answered before more are read.
const BLOCK: usize = 1 << 20;

/// The number of lines that a thread answers at a time.
const CHUNK: usize = 256;

/// Answers a file of questions, one per line. The answer to an invalid line is an error.
pub(super) fn answer_lines(
    simulators: &Simulators<'_>,
    requests: &Path,
    expected: &[Expectation],
) -> Result<u8, String> {
    let failure = |error: io::Error| format!("cannot read `{}`: {error}", requests.display());
    let input: Box<dyn Read> = if requests.as_os_str() == "-" {
        Box::new(io::stdin().lock())
    } else {
        Box::new(std::fs::File::open(requests).map_err(failure)?)
    };
    let mut input = BufReader::with_capacity(BLOCK, input);
    let mut status = exit::DONE;
    let mut failed = None;
    let mut answers = Answers::default();
    terminal::write(|out| {
        let mut rest = Vec::new();
        loop {
            let block = match input.fill_buf() {
                Ok(block) => block,
                Err(error) => {
                    failed = Some(failure(error));
                    return Ok(());
                }
            };
            if block.is_empty() {
                status = status.max(answers.of_block(simulators, &rest, expected, out)?);
                return out.flush();
            }
            let taken = block.len();
            match block.iter().rposition(|byte| *byte == b'\n') {
                Some(end) if rest.is_empty() => {
                    status = status.max(answers.of_block(simulators, &block[..=end], expected, out)?);
                    rest.extend_from_slice(&block[end + 1..]);
                }
                Some(end) => {
                    rest.extend_from_slice(&block[..=end]);
                    status = status.max(answers.of_block(simulators, &rest, expected, out)?);
                    rest.clear();
                    rest.extend_from_slice(&block[end + 1..]);
                }
                None => rest.extend_from_slice(block),
            }
            input.consume(taken);
            out.flush()?;
        }
    })?;
    failed.map_or(Ok(status), Err)
}

/// The answers to a block of lines, by chunks. The memory is used again for the next block.
#[derive(Default)]
struct Answers {
    chunks: Vec<Vec<u8>>,
}

impl Answers {
    /// Answers whole lines in parallel. The answers are in the order of the questions.
    fn of_block(
        &mut self,
        simulators: &Simulators<'_>,
        block: &[u8],
        expected: &[Expectation],
        out: &mut dyn Write,
    ) -> io::Result<u8> {
        let block = block.strip_suffix(b"\n").unwrap_or(block);
        if block.is_empty() {
            return Ok(exit::DONE);
        }
        let lines: Vec<&[u8]> = block.split(|byte| *byte == b'\n').collect();
        let chunks = lines.len().div_ceil(CHUNK);
        if self.chunks.len() < chunks {
            self.chunks.resize_with(chunks, Vec::new);
        }
        let answer = |(lines, text): (&[&[u8]], &mut Vec<u8>)| {
            text.clear();
            let statuses = lines.iter().map(|line| answer_line(simulators, line, expected, text));
            statuses.max().unwrap_or(exit::DONE)
        };
        let status = lines.par_chunks(CHUNK).zip(&mut self.chunks).map(answer).max();
        self.chunks[..chunks].iter().try_for_each(|text| out.write_all(text))?;
        Ok(status.unwrap_or(exit::DONE))
    }
}

/// Answers a line. Returns the exit status for it.
fn answer_line(simulators: &Simulators<'_>, line: &[u8], expected: &[Expectation], out: &mut Vec<u8>) -> u8 {
    let result = match Request::from_json(line) {
        Ok(question) => simulators.simulate_in_one(&question),
        Err(_) => Err(Unanswered::new(id_of(line), mistake::of(line))),
    };
    let difference = simulate::difference(&result, expected);
    report::json::answer_line(&result, difference.as_ref(), out).expect("answers can be written as JSON");
    match &result {
        Err(_) => exit::FAILED,
        Ok(_) if difference.is_some() => exit::FOUND,
        Ok(_) => exit::DONE,
    }
}

/// The id of a line that is JSON but not a valid question.
fn id_of(line: &[u8]) -> serde_json::Value {
    let value: serde_json::Value = serde_json::from_slice(line).unwrap_or_default();
    value.get("id").cloned().unwrap_or_default()
}
