//! What begins a tag or a section, and what may be in a name.

use super::{LONGEST_NAME, MOST_DIGITS};
use crate::Markup;

pub(super) enum Begin {
    /// It may become several things.
    More,
    /// A tag; what was read is the first byte of its name.
    Name,
    Section(Markup),
    /// A declaration, whose first byte was read.
    Declaration,
    /// None of these, which shows at the last byte.
    Text,
}

/// Judges what begins with `<`, which was judged without its last byte before.
pub(super) fn begin(pending: &[u8], raw: bool) -> Begin {
    const CDATA: &[u8] = b"<![CDATA[";
    match pending {
        [b'<', b'/'] => Begin::More,
        [b'<', b'/', byte] if begins_name(*byte) => Begin::Name,
        [b'<', byte] if begins_name(*byte) && !raw => Begin::Name,
        _ if raw => Begin::Text,
        [b'<', b'!'] | [b'<', b'!', b'-'] => Begin::More,
        [b'<', b'!', b'-', b'-'] => Begin::Section(Markup::Comment),
        [b'<', b'?'] => Begin::Section(Markup::Instruction),
        [b'<', b'!', byte] if byte.is_ascii_alphabetic() => Begin::Declaration,
        _ if pending == CDATA => Begin::Section(Markup::Cdata),
        _ if CDATA.starts_with(pending) => Begin::More,
        _ => Begin::Text,
    }
}

pub(super) const fn end_mark(markup: Markup) -> &'static [u8] {
    match markup {
        Markup::Comment => b"-->",
        Markup::Cdata => b"]]>",
        _ => b"?>",
    }
}

pub(super) fn begins_name(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || matches!(byte, b'_' | b':') || byte >= 0x80
}

/// Whether a name that begins with `name` may have `byte` next.
pub(super) fn goes_on(name: &[u8], byte: u8) -> bool {
    if name.is_empty() {
        return begins_name(byte);
    }
    let digits = name.iter().filter(|byte| byte.is_ascii_digit()).count();
    let fits = begins_name(byte) || matches!(byte, b'-' | b'.') || (byte.is_ascii_digit() && digits < MOST_DIGITS);
    fits && name.len() < LONGEST_NAME
}

/// Whether a byte may be in a name.
pub(super) fn in_name(byte: u8) -> bool {
    begins_name(byte) || matches!(byte, b'-' | b'.' | b'0'..=b'9')
}

/// An attribute's name without its prefix; what declares a prefix declares a namespace.
pub(super) fn attribute_name(name: &[u8]) -> &[u8] {
    if name.starts_with(b"xmlns:") { b"xmlns" } else { local(name) }
}

/// Elements whose content is prose, in HTML and in the narrative of documents.
pub(super) const FLOWS: &[&[u8]] =
    &[b"html", b"body", b"div", b"p", b"td", b"th", b"li", b"dd", b"dt", b"text", b"paragraph"];
/// Elements within prose that do not part it.
pub(super) const WITHIN: &[&[u8]] = &[
    b"b",
    b"strong",
    b"i",
    b"em",
    b"u",
    b"s",
    b"strike",
    b"del",
    b"ins",
    b"mark",
    b"small",
    b"big",
    b"sub",
    b"sup",
    b"span",
    b"font",
    b"a",
    b"code",
    b"kbd",
    b"samp",
    b"tt",
    b"var",
    b"cite",
    b"q",
    b"abbr",
    b"acronym",
    b"dfn",
    b"bdo",
    b"bdi",
    b"wbr",
    b"nobr",
    b"br",
    b"content",
    b"linkHtml",
];

pub(super) fn is_in(name: &[u8], list: &[&[u8]]) -> bool {
    list.iter().any(|one| name.eq_ignore_ascii_case(one))
}

/// A name without its prefix.
pub(super) fn local(name: &[u8]) -> &[u8] {
    let from = name.iter().rposition(|byte| *byte == b':').map_or(0, |at| at + 1);
    name.get(from..).unwrap_or_default()
}

/// Elements of HTML that have no end.
pub(super) fn is_void(name: &[u8]) -> bool {
    [&b"br"[..], b"hr", b"img", b"input", b"wbr"].iter().any(|void| name.eq_ignore_ascii_case(void))
}
