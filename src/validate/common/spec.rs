//! Where a spec stands.

use crate::source::Span;
use crate::validate::violation::Found;

/// The place of a spec. One that is not there has that of the whole resource; the name says which one it is.
pub fn whole(spec: Span, found: &Found<'_>) -> Span {
    if spec == found.resource.span { found.resource.name_span() } else { spec }
}
