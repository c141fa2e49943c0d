//! A page of the documentation, for a terminal.

use std::io;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use super::theme::Theme;
use super::words::push_hanging;
use crate::lint::{Rule, Severity};
use crate::report::{Style, links};

/// Writes the page of a rule: paragraphs wrapped, code and headings set off, links as the name of the rule that they lead to.
pub fn page(rule: &Rule, style: &Style, out: &mut dyn io::Write) -> io::Result<()> {
    let mut page = Page { theme: Theme::new(*style), text: String::new(), blocks: Vec::new(), line: String::new() };
    let events = Parser::new_ext(rule.page, Options::ENABLE_TABLES);
    events.for_each(|event| page.add(event));
    let url = links::page(rule);
    let lead = format!("{} ", page.theme.accent("page:"));
    page.text.push('\n');
    page.text.push_str(&format!("{lead}{}\n", style.link(&url, &url)));
    out.write_all(page.text.as_bytes())
}

/// The page so far.
struct Page {
    theme: Theme,
    text: String,
    /// The blocks around the text that is being read.
    blocks: Vec<Block>,
    /// The text of the paragraph, heading, item or cell that is being read.
    line: String,
}

/// A block that contains text.
enum Block {
    Heading(bool),
    Paragraph,
    Code,
    /// An item of a list: its depth, and its number if it has one.
    Item {
        depth: usize,
        marker: String,
    },
    List(Option<u64>),
    /// A row of a table, with its cells.
    Row {
        cells: Vec<String>,
        is_head: bool,
    },
}

impl Page {
    fn add(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(end) => self.end(end),
            Event::Text(text) if matches!(self.blocks.last(), Some(Block::Code)) => {
                for line in text.lines() {
                    let line = format!("    {line}\n");
                    self.text.push_str(&self.theme.accent(line.trim_end()));
                    self.text.push('\n');
                }
            }
            Event::Text(text) => self.line.push_str(&text),
            Event::Code(code) => self.line.push_str(&format!("`{code}`")),
            Event::SoftBreak | Event::HardBreak => self.line.push(' '),
            _ => {}
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Heading { level, .. } => self.open(Block::Heading(level as usize == 1)),
            Tag::Paragraph => self.open(Block::Paragraph),
            Tag::CodeBlock(_) => {
                self.break_line();
                self.open(Block::Code);
            }
            Tag::List(first) => {
                self.flush_item();
                self.open(Block::List(first));
            }
            Tag::Item => {
                let depth = self.blocks.iter().filter(|block| matches!(block, Block::List(_))).count();
                let list = self.blocks.iter_mut().rev().find_map(|block| match block {
                    Block::List(next) => Some(next),
                    _ => None,
                });
                let marker = match list {
                    Some(Some(number)) => {
                        *number += 1;
                        format!("{}. ", *number - 1)
                    }
                    _ => "- ".to_owned(),
                };
                self.open(Block::Item { depth, marker });
            }
            Tag::TableHead => self.open(Block::Row { cells: Vec::new(), is_head: true }),
            Tag::TableRow => self.open(Block::Row { cells: Vec::new(), is_head: false }),
            _ => {}
        }
    }

    fn open(&mut self, block: Block) {
        if !matches!(block, Block::Paragraph) || !matches!(self.blocks.last(), Some(Block::Item { .. })) {
            self.line.clear();
        }
        self.blocks.push(block);
    }

    fn end(&mut self, end: TagEnd) {
        match end {
            TagEnd::TableCell => {
                let cell = std::mem::take(&mut self.line);
                if let Some(Block::Row { cells, .. }) = self.blocks.last_mut() {
                    cells.push(cell.trim().to_owned());
                }
            }
            TagEnd::Item => {
                self.flush_item();
                self.blocks.pop();
            }
            TagEnd::Heading(_)
            | TagEnd::Paragraph
            | TagEnd::CodeBlock
            | TagEnd::List(_)
            | TagEnd::TableHead
            | TagEnd::TableRow => {
                // The text of an item ends with the item, or before a list in it.
                let in_item = matches!(self.blocks.iter().rev().nth(1), Some(Block::Item { .. }));
                match self.blocks.pop() {
                    Some(Block::Heading(is_title)) => self.push_heading(is_title),
                    Some(Block::Paragraph) if in_item => self.flush_item(),
                    Some(Block::Paragraph) => {
                        self.break_line();
                        let text = std::mem::take(&mut self.line);
                        push_hanging(&mut self.text, "", 0, &text, self.theme.style.columns());
                    }
                    Some(Block::Row { cells, is_head: false }) => self.push_row(&cells),
                    Some(Block::Row { .. }) => self.break_line(),
                    _ => {}
                }
            }
            _ => {}
        }
    }

    fn push_heading(&mut self, is_title: bool) {
        self.break_line();
        let text = std::mem::take(&mut self.line);
        let severity = if is_title { Severity::Error } else { Severity::Info };
        match is_title {
            true => self.text.push_str(&text),
            false => self.text.push_str(&self.theme.severity(severity, &text)),
        }
        self.text.push('\n');
    }

    /// Appends the text of the item that is being read.
    fn flush_item(&mut self) {
        let item = self.blocks.iter_mut().rev().find_map(|block| match block {
            Block::Item { depth, marker } => Some((*depth, marker)),
            _ => None,
        });
        let Some((depth, marker)) = item else { return };
        if self.line.trim().is_empty() {
            return;
        }
        let indent = " ".repeat(2 * depth - 2);
        let lead = format!("{indent}{marker}");
        // A second paragraph of the item has no marker.
        *marker = " ".repeat(marker.len());
        if depth == 1 && !lead.trim().is_empty() && !self.text.ends_with("\n\n") && !self.is_in_list() {
            self.text.push('\n');
        }
        let text = std::mem::take(&mut self.line);
        push_hanging(&mut self.text, &lead, lead.len(), text.trim(), self.theme.style.columns());
    }

    /// Whether the last line is one of a list.
    fn is_in_list(&self) -> bool {
        self.text.lines().last().is_some_and(|line| line.starts_with("- ") || line.starts_with("  "))
    }

    /// A row of a table as a line: the first cell, and the others after it.
    fn push_row(&mut self, cells: &[String]) {
        let Some((first, others)) = cells.split_first() else { return };
        let others: Vec<&str> = others.iter().map(String::as_str).filter(|cell| !cell.is_empty()).collect();
        let lead = format!("  {} ", self.theme.accent(first));
        push_hanging(&mut self.text, &lead, 4, &others.join(" · "), self.theme.style.columns());
    }

    /// An empty line between blocks.
    fn break_line(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
    }
}
