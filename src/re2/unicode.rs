//! Unicode as RE2 knows it: named classes and case folding.
//!
//! The tables are those of `regex-syntax`, which has a later version of Unicode. So code points that RE2's version does not
//! assign are left out, and only RE2's names are accepted.

use std::sync::LazyLock;

use regex_syntax::hir::{Class, HirKind};

use super::charset::CharSet;

/// RE2's version of Unicode.
const VERSION: &str = "15.1";

/// The general categories except `C`, which has no unassigned code points in RE2.
const CATEGORIES: [&str; 34] = [
    "Cc", "Cf", "Co", "L", "Ll", "Lm", "Lo", "Lt", "Lu", "M", "Mc", "Me", "Mn", "N", "Nd", "Nl", "No", "P", "Pc", "Pd",
    "Pe", "Pf", "Pi", "Po", "Ps", "S", "Sc", "Sk", "Sm", "So", "Z", "Zl", "Zp", "Zs",
];

/// The surrogates, which Rust's tables do not contain.
const SURROGATES: [(u32, u32); 1] = [(0xD800, 0xDFFF)];

/// The scripts of RE2's version of Unicode.
const SCRIPTS: &str = "\
Adlam Ahom Anatolian_Hieroglyphs Arabic Armenian Avestan Balinese Bamum Bassa_Vah Batak Bengali Bhaiksuki Bopomofo \
Brahmi Braille Buginese Buhid Canadian_Aboriginal Carian Caucasian_Albanian Chakma Cham Cherokee Chorasmian Common \
Coptic Cuneiform Cypriot Cypro_Minoan Cyrillic Deseret Devanagari Dives_Akuru Dogra Duployan Egyptian_Hieroglyphs \
Elbasan Elymaic Ethiopic Georgian Glagolitic Gothic Grantha Greek Gujarati Gunjala_Gondi Gurmukhi Han Hangul \
Hanifi_Rohingya Hanunoo Hatran Hebrew Hiragana Imperial_Aramaic Inherited Inscriptional_Pahlavi \
Inscriptional_Parthian Javanese Kaithi Kannada Katakana Kawi Kayah_Li Kharoshthi Khitan_Small_Script Khmer Khojki \
Khudawadi Lao Latin Lepcha Limbu Linear_A Linear_B Lisu Lycian Lydian Mahajani Makasar Malayalam Mandaic Manichaean \
Marchen Masaram_Gondi Medefaidrin Meetei_Mayek Mende_Kikakui Meroitic_Cursive Meroitic_Hieroglyphs Miao Modi \
Mongolian Mro Multani Myanmar Nabataean Nag_Mundari Nandinagari New_Tai_Lue Newa Nko Nushu Nyiakeng_Puachue_Hmong \
Ogham Ol_Chiki Old_Hungarian Old_Italic Old_North_Arabian Old_Permic Old_Persian Old_Sogdian Old_South_Arabian \
Old_Turkic Old_Uyghur Oriya Osage Osmanya Pahawh_Hmong Palmyrene Pau_Cin_Hau Phags_Pa Phoenician Psalter_Pahlavi \
Rejang Runic Samaritan Saurashtra Sharada Shavian Siddham SignWriting Sinhala Sogdian Sora_Sompeng Soyombo Sundanese \
Syloti_Nagri Syriac Tagalog Tagbanwa Tai_Le Tai_Tham Tai_Viet Takri Tamil Tangsa Tangut Telugu Thaana Thai Tibetan \
Tifinagh Tirhuta Toto Ugaritic Vai Vithkuqi Wancho Warang_Citi Yezidi Yi Zanabazar_Square";

static ASSIGNED: LazyLock<CharSet> = LazyLock::new(|| table("age", VERSION).unwrap_or_default());

/// The class of a name, as in `\p{Greek}`.
pub(super) fn class(name: &str) -> Option<CharSet> {
    match name {
        "Any" => Some(CharSet::of(&[(0, super::escape::LAST)])),
        "Cs" => Some(CharSet::of(&SURROGATES)),
        "C" => {
            let mut all = CharSet::of(&SURROGATES);
            for part in ["Cc", "Cf", "Co"] {
                all.add(&class(part)?);
            }
            Some(all)
        }
        name if CATEGORIES.contains(&name) => Some(table("gc", name)?.and(&ASSIGNED)),
        name if SCRIPTS.split_ascii_whitespace().any(|script| script == name) => {
            Some(table("sc", name)?.and(&ASSIGNED))
        }
        _ => None,
    }
}

/// A set with all code points that differ from its members only by case.
pub(super) fn folded(set: &CharSet) -> CharSet {
    let mut class = set.and(&ASSIGNED).to_class();
    class.case_fold_simple();
    let mut all = CharSet::of_class(&class).and(&ASSIGNED);
    all.add(set);
    all
}

/// Whether RE2 allows a character in the name of a group.
pub(super) fn is_name_letter(letter: char) -> bool {
    static LETTERS: LazyLock<CharSet> = LazyLock::new(|| {
        let mut all = CharSet::default();
        for category in ["Lu", "Ll", "Lt", "Lm", "Lo", "Nl", "Mn", "Mc", "Nd", "Pc"] {
            all.add(&class(category).unwrap_or_default());
        }
        all
    });
    letter == '_' || letter.is_ascii_alphanumeric() || (!letter.is_ascii() && LETTERS.contains(letter.into()))
}

/// A table of `regex-syntax`. Only its parser gives access to them; it reads a fixed name here, never a user's expression.
fn table(property: &str, value: &str) -> Option<CharSet> {
    let hir = regex_syntax::parse(&format!(r"\p{{{property}={value}}}")).ok()?;
    match hir.kind() {
        HirKind::Class(Class::Unicode(class)) => Some(CharSet::of_class(class)),
        HirKind::Literal(literal) => {
            let only = std::str::from_utf8(&literal.0).ok()?.chars().next()?;
            Some(CharSet::of(&[(only.into(), only.into())]))
        }
        _ => None,
    }
}
