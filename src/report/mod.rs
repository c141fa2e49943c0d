//! Bytes out: what the engines return, written for people and for programs. Nothing here knows the terminal; how
//! output is to look is said by [`Style`].

pub mod json;
mod style;
pub mod text;

pub use style::Style;
