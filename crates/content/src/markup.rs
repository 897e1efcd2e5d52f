//! What HTML may say, in a field of HTML and inside Markdown alike.

/// Bytes of a value of HTML or Markdown, as it comes and as it is stored.
pub const MARKUP_BYTES_MAX: usize = 256 << 10;

/// Nesting of elements of HTML.
pub const MARKUP_DEPTH_MAX: usize = 100;

/// Elements of one value of HTML, those included that a parser adds.
pub const MARKUP_ELEMENTS_MAX: usize = 20_000;

/// How often a value is gone over until nothing changes. Ordinary values need two: one that changes, one that finds nothing.
pub(crate) const ROUNDS_MAX: usize = 12;

/// Elements, and the attributes that each may have besides [`EVERYWHERE`].
///
/// Left out on purpose: whatever runs, frames, embeds or posts; `id`, `name` and `class`, which take places in the page around;
/// `style`; SVG and MathML, whose rules of parsing are a world of their own.
pub(crate) const ELEMENTS: [(&str, &[&str]); 61] = [
    ("a", &["href"]),
    ("abbr", &[]),
    ("b", &[]),
    ("bdi", &[]),
    ("bdo", &[]),
    ("blockquote", &[]),
    ("br", &[]),
    ("caption", &[]),
    ("cite", &[]),
    ("code", &[]),
    ("col", &["span"]),
    ("colgroup", &["span"]),
    ("dd", &[]),
    ("del", &["datetime"]),
    ("details", &["open"]),
    ("dfn", &[]),
    ("div", &["align"]),
    ("dl", &[]),
    ("dt", &[]),
    ("em", &[]),
    ("figcaption", &[]),
    ("figure", &[]),
    ("h1", &["align"]),
    ("h2", &["align"]),
    ("h3", &["align"]),
    ("h4", &["align"]),
    ("h5", &["align"]),
    ("h6", &["align"]),
    ("hr", &[]),
    ("i", &[]),
    ("img", &["src", "alt", "width", "height"]),
    ("ins", &["datetime"]),
    ("kbd", &[]),
    ("li", &["value"]),
    ("mark", &[]),
    ("ol", &["start", "reversed"]),
    ("p", &["align"]),
    ("pre", &[]),
    ("q", &[]),
    ("rp", &[]),
    ("rt", &[]),
    ("ruby", &[]),
    ("s", &[]),
    ("samp", &[]),
    ("small", &[]),
    ("span", &[]),
    ("strong", &[]),
    ("sub", &[]),
    ("summary", &[]),
    ("sup", &[]),
    ("table", &[]),
    ("tbody", &[]),
    ("td", &["colspan", "rowspan", "align"]),
    ("tfoot", &[]),
    ("th", &["colspan", "rowspan", "scope", "align"]),
    ("thead", &[]),
    ("time", &["datetime"]),
    ("tr", &[]),
    ("u", &[]),
    ("ul", &[]),
    ("var", &[]),
];

/// Attributes of every element.
pub(crate) const EVERYWHERE: [&str; 3] = ["dir", "lang", "title"];

/// What every link of HTML gets: the page it leads to learns nothing of ours and cannot steer it.
pub(crate) const LINK_REL: &str = "noopener noreferrer";

/// An element that is allowed, written in whatever case, and its own attributes.
pub(crate) fn find_element(name: &str) -> Option<(&'static str, &'static [&'static str])> {
    ELEMENTS
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(name))
        .copied()
}

/// Whether the attribute holds an address.
pub(crate) fn is_address(attribute: &str) -> bool {
    matches!(attribute, "href" | "src")
}
