//! The output of commands, for people and for programs.
//!
//! Everything here is a function from a result, the [`crate::source::Sources`] that it refers to and, for people, a
//! [`Style`], to bytes. Nothing reads the terminal, the environment or the clock, so the same result gives the same
//! bytes everywhere; the caller decides about colour and width.
//!
//! * [`json`] writes the machine interface. Its shape is a promise, so it has separate structs and does not follow
//!   changes of other modules.
//! * [`ci`] writes findings in the formats of CI systems.
//! * [`text`] writes the output for people. It can change at any time.
//!
//! Both write in small pieces: the writer should be buffered.
//!
//! Both bound their size. A manifest can be a hundred megabytes on one line, and one mistake in a template can give ten
//! thousand findings: positions are found by binary search, an excerpt holds only a few short lines, and the text
//! output only counts the tail of a long list.

mod asked;
pub mod ci;
mod comparison;
mod effect;
pub mod json;
pub mod junit;
mod links;
pub mod markdown;
mod positions;
mod style;
pub mod text;
mod visible;
mod xml;

#[cfg(test)]
mod sample;

pub use comparison::Comparison;
pub use links::directory_url;
pub use style::Style;
