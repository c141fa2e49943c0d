//! The tree of a document, built from the parser's events.

use super::mapping::MappingBuilder;
use super::message;
use super::place::Places;
use super::scalar;
use super::{Chunk, Document, Key, Node, Value, YamlProblem};
use crate::source::Span;
use granit_parser::{ErrorKind, Event, Parser, ScalarStyle, ScanError, Tag};
use std::borrow::Cow;
use std::collections::HashMap;

/// The deepest nesting of collections, including those that aliases expand to. It keeps every recursion
/// over a tree (drop, clone, compare, …) within a small stack.
const MAX_DEPTH: usize = 500;
/// The total weight that aliases of one document may expand to. A node weighs 1, and 1 more for each 64
/// bytes of text.
const ALIAS_BUDGET: usize = 100_000;
/// The total weight of nodes kept for aliases: more than [`ALIAS_BUDGET`], since anchors may be unused.
const ANCHOR_BUDGET: usize = 1_000_000;

/// The limits that differ between YAML and JSON files.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// The longest key, in characters.
    key_length: usize,
}

impl Limits {
    /// The limit of YAML itself.
    const YAML: Self = Self { key_length: 1024 };
    /// JSON has no limit.
    pub(super) const JSON: Self = Self { key_length: usize::MAX };
}

/// Parses one document; `text` is the whole text of the file that `chunk` was cut from.
///
/// Like Kubernetes, this reads only the first YAML document of the chunk and ignores what follows a `...`
/// line. If the separator of the chunk is a problem, its consequences are not reported.
pub fn parse(chunk: &Chunk, text: &str) -> Document {
    read(chunk.span, text, chunk.problem.clone(), Limits::YAML)
}

pub(super) fn read(span: Span, text: &str, chunk_problem: Option<YamlProblem>, limits: Limits) -> Document {
    let mut document = Document { span, root: None, problems: Vec::new() };
    let Some(content) = text.get(span.range()) else { return document };
    let mut options = granit_parser::options! {
        // go-yaml gives this value to a block scalar at the end.
        block_scalar_eof_without_line_feed: true,
        // An alias without an anchor is a problem, but does not end the document.
        emit_unresolved_aliases: true,
        simple_key_max_lookahead: limits.key_length,
        // `MAX_DEPTH` limits flow and block collections together.
        flow_nesting_limit: MAX_DEPTH,
        block_nesting_limit: MAX_DEPTH,
    };
    // Long runs of comments would count against the parser's buffer.
    options.set_emit_comments(false);
    let mut builder = TreeBuilder::new(Places { text, document: span });
    let done = builder.run(Parser::new_from_str_with_options(content, options));
    document.problems = builder.problems;
    document.problems.sort_by_key(|problem| problem.span.start);
    match (done, chunk_problem) {
        (Ok(()), None) => document.root = builder.root,
        (Ok(()), Some(problem)) => {
            document.root = builder.root;
            document.problems.insert(0, problem);
        }
        (Err(problem), None) => {
            // A template is reported twice: as a mapping in place of a key, and as the error that stops the parser.
            if document.problems.iter().all(|other| other.message != problem.message) {
                document.problems.push(problem);
            }
        }
        (Err(_), Some(problem)) => document.problems.insert(0, problem),
    }
    document
}

/// A tree under construction.
struct TreeBuilder<'text> {
    places: Places<'text>,
    frames: Vec<Frame>,
    root: Option<Node>,
    problems: Vec<YamlProblem>,
    anchors: HashMap<usize, Anchored>,
    anchor_budget: usize,
    alias_budget: usize,
    /// Whether the exhausted alias budget is already reported.
    exhausted: bool,
    /// The place of the last scalar, for messages about an error after it.
    last_scalar: Option<Span>,
}

/// An open collection.
struct Frame {
    content: Content,
    start: usize,
    /// The end of the last descendant so far.
    end: usize,
    /// A flow collection without brackets: the mapping of `[a: b]`.
    pair: bool,
    flow: bool,
    anchor: usize,
    size: Size,
}

enum Content {
    Sequence(Vec<Node>),
    Mapping(MappingBuilder, Option<Pending>),
}

/// A key without its value.
enum Pending {
    /// An ordinary key. `plain`: it is a plain scalar.
    Key { key: Key, plain: bool },
    /// A merge key.
    Merge(Span),
    /// A value that cannot be a key. It is already reported, and its value is dropped.
    Rejected(Span),
}

/// The size of a node with its descendants.
#[derive(Debug, Clone, Copy, Default)]
struct Size {
    weight: usize,
    depth: usize,
}

/// A node with an anchor. The node is `None` if it is too large to be repeated.
struct Anchored {
    node: Option<Node>,
    size: Size,
}

/// Further facts about a complete node.
#[derive(Clone, Copy)]
struct Facts {
    /// The place of the node. For an alias, that is not the place of the node that it repeats.
    site: Span,
    size: Size,
    form: NodeForm,
}

#[derive(Clone, Copy, PartialEq)]
enum NodeForm {
    /// A plain scalar without a tag.
    Plain,
    /// A plain `<<`.
    Merge,
    /// An implicit null.
    Nothing,
    Other,
}

impl<'text> TreeBuilder<'text> {
    fn new(places: Places<'text>) -> Self {
        Self {
            places,
            frames: Vec::new(),
            root: None,
            problems: Vec::new(),
            anchors: HashMap::new(),
            anchor_budget: ANCHOR_BUDGET,
            alias_budget: ALIAS_BUDGET,
            exhausted: false,
            last_scalar: None,
        }
    }

    /// Reads the events of the first document. After an error the document has no tree.
    fn run<'input, I>(&mut self, events: I) -> Result<(), YamlProblem>
    where
        I: Iterator<Item = Result<(Event<'input>, granit_parser::Span), ScanError>>,
    {
        let mut ended = false;
        for next in events {
            let (event, span) = match next {
                Ok(next) => next,
                // An error in a later document does not concern this one.
                Err(error) if ended && *error.kind() != ErrorKind::ExpectedDocumentStart => return Ok(()),
                Err(error) => return Err(message::of_scan_error(&error, self.places, self.last_scalar)),
            };
            match event {
                Event::Scalar(text, style, anchor, tag) => self.scalar(text, style, anchor, tag.as_deref(), &span),
                Event::SequenceStart(style, anchor, _) => {
                    self.open(Content::Sequence(Vec::new()), style, anchor, &span)?;
                }
                Event::MappingStart(style, anchor, _) => {
                    self.open(Content::Mapping(MappingBuilder::default(), None), style, anchor, &span)?;
                }
                Event::SequenceEnd | Event::MappingEnd => self.close(&span),
                Event::Alias(anchor) => self.alias(anchor, &span),
                Event::UnresolvedAlias(name) => {
                    let site = self.places.span(&span);
                    let help = "define the anchor earlier in this document, or quote the value if it is text";
                    self.reject(site, format!("alias `*{name}` has no anchor"), Some(help.into()));
                    self.complete(Node { span: site, value: Value::Null }, 0, Facts::leaf(site, NodeForm::Other));
                }
                Event::DocumentEnd => {
                    let end = self.places.offset(&span.start);
                    if self.places.text[end..].starts_with("...") {
                        return Ok(());
                    }
                    ended = true;
                }
                Event::DocumentStart(..) if ended => return Ok(()),
                _ => {}
            }
        }
        Ok(())
    }

    fn reject(&mut self, span: Span, message: String, help: Option<String>) {
        self.problems.push(message::syntax(span, message, help));
    }

    fn scalar(
        &mut self,
        text: Cow<'_, str>,
        style: ScalarStyle,
        anchor: usize,
        tag: Option<&Tag>,
        span: &granit_parser::Span,
    ) {
        let mut site = self.places.span(span);
        let plain = style == ScalarStyle::Plain;
        let mut form = if plain && tag.is_none() { NodeForm::Plain } else { NodeForm::Other };
        if matches!(style, ScalarStyle::Literal | ScalarStyle::Folded) {
            site = self.places.block_scalar(site);
        } else if plain && site.is_empty() {
            form = NodeForm::Nothing;
            if anchor == 0 && tag.is_none() {
                site = self.place_of_nothing(site);
            }
        }
        let value = match tag {
            None if form == NodeForm::Nothing => Value::Null,
            None if plain => scalar::resolve(&text),
            None => Value::String(text.into_owned().into()),
            Some(tag) => {
                let text = if form == NodeForm::Nothing { "" } else { &*text };
                let resolved = tag.core_suffix().map(|suffix| scalar::resolve_tagged(suffix, text));
                match resolved.unwrap_or_else(|| Ok(Value::String(text.into()))) {
                    Ok(value) => value,
                    Err(expected) => {
                        let tag = tag.original();
                        self.reject(
                            site,
                            format!("`{}` is not {expected}, but its tag is `{tag}`", excerpt(text)),
                            None,
                        );
                        Value::String(text.into())
                    }
                }
            }
        };
        if form == NodeForm::Plain && matches!(&value, Value::String(text) if &**text == "<<") {
            form = NodeForm::Merge;
        }
        if let Value::Float(number) = value
            && !number.is_finite()
            && !self.awaits_key()
        {
            let help = "quote it if it is text; Kubernetes converts YAML to JSON, which has neither infinity nor NaN";
            self.reject(
                site,
                format!("`{}` does not exist in JSON", &self.places.text[site.range()]),
                Some(help.into()),
            );
        }
        self.last_scalar = Some(site);
        let mut facts = Facts::leaf(site, form);
        if let Value::String(text) = &value {
            facts.size.weight += text.len() / 64;
        }
        self.complete(Node { span: site, value }, anchor, facts);
    }

    /// Whether the next node is a key.
    fn awaits_key(&self) -> bool {
        matches!(self.frames.last(), Some(Frame { content: Content::Mapping(_, None), .. }))
    }

    /// The place of an implicit null: directly after its key or dash.
    fn place_of_nothing(&self, site: Span) -> Span {
        let at = match self.frames.last() {
            Some(Frame { content: Content::Mapping(_, Some(pending)), .. }) => Some(pending.span().end as usize),
            Some(frame @ Frame { content: Content::Sequence(_), flow: false, .. }) => {
                self.places.dash(frame.end, site.end as usize).map(|dash| dash + 1)
            }
            _ => None,
        };
        at.map_or(site, |at| self.places.point(at))
    }

    fn open(
        &mut self,
        content: Content,
        style: granit_parser::StructureStyle,
        anchor: usize,
        span: &granit_parser::Span,
    ) -> Result<(), YamlProblem> {
        let site = self.places.span(span);
        if self.frames.len() >= MAX_DEPTH {
            return Err(message::too_deep(site));
        }
        let flow = style == granit_parser::StructureStyle::Flow;
        let mut start = site.start as usize;
        if !flow
            && matches!(content, Content::Sequence(_))
            && let Some(Frame { content: Content::Mapping(_, Some(pending)), .. }) = self.frames.last()
        {
            // If the list is not indented deeper than its key, the parser's start is after the dash.
            let dash = self.places.dash(pending.span().end as usize, start + 1);
            start = dash.unwrap_or(start);
        }
        let end = if flow { site.end as usize } else { start };
        let size = Size { weight: 1, depth: 1 };
        self.frames.push(Frame { content, start, end, pair: flow && site.is_empty(), flow, anchor, size });
        Ok(())
    }

    fn close(&mut self, span: &granit_parser::Span) {
        let Some(mut frame) = self.frames.pop() else { return };
        if frame.flow && !frame.pair {
            frame.end = frame.end.max(self.places.offset(&span.end));
        }
        let site = Span::new(self.places.file(), frame.start, frame.end);
        let value = match frame.content {
            Content::Sequence(items) => Value::Sequence(items.into()),
            Content::Mapping(mapping, _) => Value::Mapping(mapping.finish().into()),
        };
        let node = Node { span: site, value };
        let node = if frame.pair { self.pair_or_scalar(node) } else { node };
        let facts = Facts { site: node.span, size: frame.size, form: NodeForm::Other };
        self.complete(node, frame.anchor, facts);
    }

    /// The mapping of a single pair, or the string that go-yaml reads instead in `[2001:db8::]`.
    fn pair_or_scalar(&self, mut node: Node) -> Node {
        if let Value::Mapping(entries) = &mut node.value
            && let [entry] = entries.as_mut_slice()
            && entry.value.is_null()
            && entry.value.span.is_empty()
            && entry.key.text.ends_with(':')
            && self.places.colon_ends_scalar(entry.key.span.end as usize - 1)
            && entry.value.span.start == entry.key.span.end
        {
            let Key { span, text } = entry.key.clone();
            return Node { span, value: Value::String(text) };
        }
        node
    }

    fn alias(&mut self, anchor: usize, span: &granit_parser::Span) {
        let site = self.places.span(span);
        let nothing = Node { span: site, value: Value::Null };
        let name = excerpt(&self.places.text[site.range()]).into_owned();
        let Some(Anchored { node, size }) = self.anchors.get(&anchor) else {
            self.reject(site, format!("alias `{name}` refers to a node that contains it"), None);
            return self.complete(nothing, 0, Facts::leaf(site, NodeForm::Other));
        };
        let size = *size;
        let fits = size.weight <= self.alias_budget && self.frames.len() + size.depth <= MAX_DEPTH;
        match node {
            Some(node) if fits => {
                let node = node.clone();
                self.alias_budget -= size.weight;
                self.complete(node, 0, Facts { site, size, form: NodeForm::Other });
            }
            _ => {
                if !self.exhausted {
                    self.exhausted = true;
                    let help = "write the repeated parts out; `mesh` reads this alias and all later ones as null";
                    self.reject(
                        site,
                        format!("alias `{name}` expands to more than a document may hold"),
                        Some(help.into()),
                    );
                }
                self.complete(nothing, 0, Facts::leaf(site, NodeForm::Other));
            }
        }
    }

    /// Adds a complete node to its parent.
    fn complete(&mut self, mut node: Node, anchor: usize, facts: Facts) {
        let Facts { site, size, form } = facts;
        if anchor != 0 {
            let keep = size.weight <= self.anchor_budget.min(ALIAS_BUDGET);
            if keep {
                self.anchor_budget -= size.weight;
            }
            self.anchors.insert(anchor, Anchored { node: keep.then(|| node.clone()), size });
        }
        let places = self.places;
        let Some(frame) = self.frames.last_mut() else {
            self.root = Some(node);
            return;
        };
        frame.start = frame.start.min(site.start as usize);
        frame.end = frame.end.max(site.end as usize);
        frame.size.weight += size.weight;
        frame.size.depth = frame.size.depth.max(size.depth + 1);
        match &mut frame.content {
            Content::Sequence(items) => items.push(node),
            Content::Mapping(mapping, pending) => match pending.take() {
                None => *pending = Some(key(node, site, form, places, &mut self.problems)),
                Some(Pending::Merge(span)) => mapping.merge(span, node, site, &mut self.problems),
                Some(Pending::Rejected(_)) => {}
                Some(Pending::Key { mut key, plain }) => {
                    let at = key.span.end as usize;
                    if frame.flow && plain && form == NodeForm::Nothing && places.colon_ends_scalar(at) {
                        // For go-yaml the colon belongs to the scalar, which makes it a string.
                        key.text = format!("{}:", &places.text[key.span.range()]).into();
                        key.span.end += 1;
                        node.span = places.point(at + 1);
                        frame.end = frame.end.max(at + 1);
                    }
                    mapping.insert(key, node, &mut self.problems);
                }
            },
        }
    }
}

/// Turns a node into a key.
fn key(node: Node, site: Span, form: NodeForm, places: Places<'_>, problems: &mut Vec<YamlProblem>) -> Pending {
    if form == NodeForm::Merge {
        return Pending::Merge(site);
    }
    let kind = node.value.type_name();
    let collection = matches!(node.value, Value::Sequence(_) | Value::Mapping(_));
    match scalar::key_text(node.value) {
        Some(text) => {
            return Pending::Key { key: Key { span: site, text }, plain: form == NodeForm::Plain };
        }
        None if collection => problems.push(match message::template_around(site, places) {
            Some(template) => template,
            None => message::syntax(site, format!("a key must be a scalar, found {kind}"), None),
        }),
        None => {
            let help = "quote it if it is text; Kubernetes rejects null keys";
            problems.push(message::syntax(site, "a key must not be null".into(), Some(help.into())));
        }
    }
    Pending::Rejected(site)
}

impl Pending {
    fn span(&self) -> Span {
        match self {
            Self::Key { key, .. } => key.span,
            Self::Merge(span) | Self::Rejected(span) => *span,
        }
    }
}

impl Facts {
    fn leaf(site: Span, form: NodeForm) -> Self {
        Self { site, size: Size { weight: 1, depth: 0 }, form }
    }
}

/// The start of a text, for a message.
fn excerpt(text: &str) -> Cow<'_, str> {
    const LENGTH: usize = 40;
    if text.len() <= LENGTH {
        return text.into();
    }
    format!("{}…", &text[..text.floor_char_boundary(LENGTH)]).into()
}
