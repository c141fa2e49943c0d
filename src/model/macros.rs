//! Macros that describe the API: `message!` declares a message and its decoding, `enumeration!` an enum.

/// Declares a message of the API: a struct with a [`Span`](crate::source::Span) whose fields are decoded from the keys
/// of a mapping. The Rust field `match_labels` is decoded from `matchLabels`, or from `match_labels`, which protobuf
/// JSON allows too. `as "clusterIP"` gives a name that does not follow this pattern.
///
/// An `open struct` skips keys that it does not declare. It is for Kubernetes kinds with only some of their fields.
/// A `plain struct` equals another one with the same values, wherever they are written. It must keep all that its
/// fields say.
macro_rules! message {
    ($(#[$meta:meta])* open struct $name:ident { $($fields:tt)* }) => {
        message!(@declare Unknown::Ignored, $(#[$meta])* $name { $($fields)* });
    };
    ($(#[$meta:meta])* struct $name:ident { $($fields:tt)* }) => {
        message!(@declare Unknown::Reported, $(#[$meta])* $name { $($fields)* });
    };
    ($(#[$meta:meta])* plain struct $name:ident {
        $($(#[$field_meta:meta])* $field:ident $(as $json:literal)? : $type:ty),* $(,)?
    }) => {
        message! { $(#[$meta])* struct $name { $($(#[$field_meta])* $field $(as $json)? : $type),* } }

        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                true $(&& self.$field == other.$field)*
            }
        }
    };
    (@name $field:ident) => { stringify!($field) };
    (@name $field:ident $json:literal) => { $json };
    (@declare $unknown:expr, $(#[$meta:meta])* $name:ident {
        $($(#[$field_meta:meta])* $field:ident $(as $json:literal)? : $type:ty),* $(,)?
    }) => {
        $(#[$meta])*
        #[derive(Debug, Clone)]
        #[allow(missing_docs, reason = "the API reference describes the fields")]
        pub struct $name {
            /// The place of the message.
            pub span: $crate::source::Span,
            $($(#[$field_meta])* pub $field: $type,)*
        }

        impl $name {
            /// The names of the fields, in snake_case, except those given with `as`.
            pub const FIELDS: &'static [&'static str] = &[$(message!(@name $field $($json)?)),*];

            /// A message without fields, at a place.
            pub fn empty(span: $crate::source::Span) -> Self {
                Self { span, $($field: Default::default(),)* }
            }
        }

        impl $crate::model::decode::Decode for $name {
            fn decode(
                node: &$crate::yaml::Node,
                decoder: &mut $crate::model::decode::Decoder<'_>,
            ) -> Option<Self> {
                #[allow(unused_imports)]
                use $crate::model::decode::{DecodeField, Unknown};
                #[allow(unused_mut, unused_variables)]
                let mut fields = decoder.fields(node, Self::FIELDS, $unknown)?.into_iter();
                Some(Self {
                    span: node.span,
                    $($field: DecodeField::read(fields.next().flatten(), decoder),)*
                })
            }
        }
    };
}

/// Declares an enum of the API with the words and numbers that protobuf JSON accepts. The first value is the default.
macro_rules! enumeration {
    ($(#[$meta:meta])* enum $name:ident { $($(#[$variant_meta:meta])* $variant:ident = $word:literal / $number:literal),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[allow(missing_docs, reason = "the API reference describes the values")]
        pub enum $name {
            $($(#[$variant_meta])* $variant,)*
            /// A number that the API does not define. istiod's decoder accepts it.
            Undefined(i32),
        }

        impl $name {
            /// The words, in the order of the API.
            pub const WORDS: &'static [&'static str] = &[$($word),*];

            /// The word in the API.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)*
                    Self::Undefined(_) => "undefined",
                }
            }
        }

        impl $crate::model::decode::Decode for $crate::source::Spanned<$name> {
            fn decode(
                node: &$crate::yaml::Node,
                decoder: &mut $crate::model::decode::Decoder<'_>,
            ) -> Option<Self> {
                use $crate::model::decode::EnumValue;
                let value = match decoder.enum_value(node, $name::WORDS)? {
                    $(EnumValue::Word($word) | EnumValue::Number($number) => $name::$variant,)*
                    EnumValue::Number(number) => $name::Undefined(number),
                    EnumValue::Word(_) => return None,
                };
                Some($crate::source::Spanned::new(value, node.span))
            }
        }
    };
}

pub(crate) use {enumeration, message};
