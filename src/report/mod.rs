//! The bytes that commands print: what [`crate::lint`] found, for people and for programs.
//!
//! Everything here is a function from a result, the [`crate::source::Sources`] it points into and,
//! for people, a [`Style`], to bytes. Nothing looks at the terminal, the environment or the clock, so
//! that the same result gives the same bytes everywhere; whoever calls decides about colour and width.
//!
//! * [`json`] writes the machine interface. Its shape is a promise, so it has structs of its own and
//!   does not follow when the structs of other modules change.
//! * [`text`] writes what a person reads. That may change at any time for the better.
//!
//! Both write in small pieces: the writer should be buffered.
//!
//! Both are careful about size. A manifest may be a hundred megabytes on one line, and one mistake in
//! a template may give ten thousand findings: positions are found by binary search, an excerpt never
//! holds more than a few short lines, and the text says the tail of a long list in numbers.

pub mod json;
mod positions;
mod style;
pub mod text;

#[cfg(test)]
mod sample;

pub use style::Style;
