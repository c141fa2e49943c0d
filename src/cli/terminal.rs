//! Output to the terminal: styles, messages and results.

use std::io::{self, IsTerminal, Write};

use anstream::{AutoStream, ColorChoice};

use super::args::{Color, Common};
use super::guard::Guard;
use crate::report::{self, Style};

/// The width of output that does not go to a terminal.
const DEFAULT_WIDTH: usize = 80;

/// The longest lines on a wide terminal. Longer ones are hard to read.
const WIDEST: usize = 120;

/// The tone of a message to the user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// A failure.
    Error,
    /// A possible mistake.
    Warning,
}

/// The style of results on standard output.
pub fn style(common: &Common) -> Style {
    let stdout = io::stdout();
    let color = use_color(common, &stdout);
    let width = terminal_size::terminal_size_of(&stdout).map_or(DEFAULT_WIDTH, |(width, _)| usize::from(width.0));
    Style {
        color,
        unicode: speaks_unicode(),
        width: width.min(WIDEST),
        wraps_tables: stdout.is_terminal(),
        docs: true,
        links: directory_url(&stdout).filter(|_| color),
    }
}

/// Whether standard output is a terminal.
pub fn is_terminal() -> bool {
    io::stdout().is_terminal()
}

/// The URL of the working directory, if standard output is a terminal that shows links. The process uses one, so that it may
/// live as long.
fn directory_url(stdout: &io::Stdout) -> Option<&'static str> {
    let shows = stdout.is_terminal() && supports_hyperlinks::on(supports_hyperlinks::Stream::Stdout);
    let here = shows.then(std::env::current_dir)?.ok()?;
    Some(Box::leak(report::directory_url(&here.to_string_lossy()).into_boxed_str()))
}

/// Prints a message on standard error.
pub fn say(common: &Common, tone: Tone, message: &str) {
    let stderr = io::stderr();
    let (word, start) = match tone {
        Tone::Error => ("error", "\x1b[1;31m"),
        Tone::Warning => ("warning", "\x1b[1;33m"),
    };
    let (start, end) = if use_color(common, &stderr) { (start, "\x1b[0m") } else { ("", "") };
    let first = format!("{start}{word}:{end} ");
    let text = match terminal_size::terminal_size_of(&stderr) {
        Some((width, _)) => report::text::message(&first, message, usize::from(width.0).min(WIDEST)),
        None => report::text::plain_message(&first, message),
    };
    let _ = stderr.lock().write_all(text.as_bytes());
}

/// Writes what explains a result to standard error. No line begins with a command of a CI system.
pub fn tell(body: impl FnOnce(&mut dyn Write) -> io::Result<()>) {
    let mut out = Guard::new(io::BufWriter::new(io::stderr().lock()));
    // Nobody misses it if standard error is closed.
    let _ = body(&mut out).and_then(|()| out.flush());
}

/// Writes results to standard output. No line begins with a command of a CI system. A reader such as `head` may close it
/// early.
pub fn write(body: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), String> {
    write_through(Guard::new(io::BufWriter::new(io::stdout().lock())), body)
}

/// Clears the screen, if standard output is a terminal.
pub fn clear() -> Result<(), String> {
    match io::stdout().is_terminal() {
        true => write_through(io::stdout().lock(), |out| out.write_all(b"\x1b[2J\x1b[3J\x1b[H")),
        false => Ok(()),
    }
}

/// Writes commands of a CI system to standard output.
pub fn write_commands(body: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), String> {
    write_through(io::BufWriter::new(io::stdout().lock()), body)
}

fn write_through(mut out: impl Write, body: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), String> {
    match body(&mut out).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(format!("cannot write the result: {error}")),
        _ => Ok(()),
    }
}

fn use_color<S: anstream::stream::RawStream + IsTerminal>(common: &Common, stream: &S) -> bool {
    match common.color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => AutoStream::choice(stream) != ColorChoice::Never,
    }
}

/// Whether box-drawing characters are safe: the locale is UTF-8, or not set, as on macOS and Windows.
fn speaks_unicode() -> bool {
    let locale =
        ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|name| std::env::var(name).ok().filter(|it| !it.is_empty()));
    locale.is_none_or(|locale| {
        let locale = locale.to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    })
}
