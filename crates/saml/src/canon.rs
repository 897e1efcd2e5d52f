//! Exclusive XML Canonicalization 1.0 without comments (<https://www.w3.org/TR/xml-exc-c14n/>), of one element and what it holds.
//!
//! A fault here can only refuse what is good: the bytes it makes are compared with the signed digest, and then they, not the tree
//! they came from, are read. Comments and processing instructions never get here (`scan.rs`).

use roxmltree::{Node, NodeId};

use crate::error::{Result, SamlError};

/// The canonical text of `node`, without the child `skip` (an enveloped signature).
///
/// `inclusive` is the PrefixList of InclusiveNamespaces, `#default` for the default namespace. Namespaces are declared again wherever
/// they are used, so a small document can become a huge one: `bytes_max` ends that.
pub(crate) fn canonical(
    node: Node<'_, '_>,
    skip: Option<NodeId>,
    inclusive: &[&str],
    bytes_max: usize,
) -> Result<String> {
    let inclusive = inclusive
        .iter()
        .map(|prefix| if *prefix == "#default" { "" } else { prefix })
        .collect();
    let mut canon = Canon {
        out: String::new(),
        skip,
        inclusive,
        rendered: Vec::new(),
        bytes_max,
    };
    canon.element(node)?;
    Ok(canon.out)
}

struct Canon<'a> {
    out: String,
    skip: Option<NodeId>,
    /// Prefixes that are declared even where they are not used.
    inclusive: Vec<&'a str>,
    /// Declarations that were written by this element and those around it, innermost last.
    rendered: Vec<(&'a str, &'a str)>,
    bytes_max: usize,
}

impl<'a> Canon<'a> {
    // Recursion is bounded by `Bounds::depth_max`.
    fn element(&mut self, node: Node<'a, 'a>) -> Result<()> {
        let name = qualified_name(node)?;
        let mut attributes = Vec::new();
        for attribute in node.attributes() {
            let qualified = node
                .document()
                .input_text()
                .get(attribute.range_qname())
                .ok_or_else(|| SamlError::malformed("an attribute without a name"))?;
            attributes.push((
                attribute.namespace().unwrap_or_default(),
                attribute.name(),
                qualified,
                attribute.value(),
            ));
        }
        attributes.sort_unstable();

        let mut prefixes: Vec<&str> = vec![prefix(name).unwrap_or_default()];
        prefixes.extend(attributes.iter().filter_map(|(_, _, qualified, _)| prefix(qualified)));
        prefixes.extend(self.inclusive.iter().copied());
        prefixes.retain(|prefix| *prefix != "xml");
        prefixes.sort_unstable();
        prefixes.dedup();

        let before = self.rendered.len();
        self.push("<")?;
        self.push(name)?;
        for prefix in prefixes {
            let lookup = if prefix.is_empty() { None } else { Some(prefix) };
            let uri = match (node.lookup_namespace_uri(lookup), prefix) {
                (Some(uri), _) => uri,
                (None, "") => "",
                // An inclusive prefix that is not in scope here.
                (None, _) => continue,
            };
            let known = self
                .rendered
                .iter()
                .rev()
                .find(|(known, _)| *known == prefix)
                .map(|(_, uri)| *uri);
            if known.unwrap_or_default() == uri {
                continue;
            }
            self.push(if prefix.is_empty() { " xmlns" } else { " xmlns:" })?;
            self.push(prefix)?;
            self.push("=\"")?;
            self.push_attribute(uri)?;
            self.push("\"")?;
            self.rendered.push((prefix, uri));
        }
        for (_, _, qualified, value) in attributes {
            self.push(" ")?;
            self.push(qualified)?;
            self.push("=\"")?;
            self.push_attribute(value)?;
            self.push("\"")?;
        }
        self.push(">")?;
        for child in node.children() {
            if Some(child.id()) == self.skip {
                continue;
            }
            if child.is_element() {
                self.element(child)?;
            } else if child.is_text() {
                self.push_text(child.text().unwrap_or_default())?;
            } else {
                return Err(SamlError::Forbidden {
                    what: "a comment or processing instruction",
                });
            }
        }
        self.push("</")?;
        self.push(name)?;
        self.push(">")?;
        self.rendered.truncate(before);
        Ok(())
    }

    fn push_text(&mut self, text: &str) -> Result<()> {
        self.push_escaped(text, |char| match char {
            '&' => Some("&amp;"),
            '<' => Some("&lt;"),
            '>' => Some("&gt;"),
            '\r' => Some("&#xD;"),
            _ => None,
        })
    }

    fn push_attribute(&mut self, text: &str) -> Result<()> {
        self.push_escaped(text, |char| match char {
            '&' => Some("&amp;"),
            '<' => Some("&lt;"),
            '"' => Some("&quot;"),
            '\t' => Some("&#x9;"),
            '\n' => Some("&#xA;"),
            '\r' => Some("&#xD;"),
            _ => None,
        })
    }

    fn push_escaped(&mut self, text: &str, escape: impl Fn(char) -> Option<&'static str>) -> Result<()> {
        let mut plain = 0;
        for (at, char) in text.char_indices() {
            if let Some(escaped) = escape(char) {
                self.push(&text[plain..at])?;
                self.push(escaped)?;
                plain = at + char.len_utf8();
            }
        }
        self.push(&text[plain..])
    }

    fn push(&mut self, text: &str) -> Result<()> {
        if self.out.len() + text.len() > self.bytes_max {
            return Err(SamlError::TooLarge {
                what: "canonical bytes",
            });
        }
        self.out.push_str(text);
        Ok(())
    }
}

fn prefix(qualified: &str) -> Option<&str> {
    qualified.split_once(':').map(|(prefix, _)| prefix)
}

/// The name with its prefix, from the text: the tree keeps namespaces only.
fn qualified_name<'a>(node: Node<'a, 'a>) -> Result<&'a str> {
    node.document()
        .input_text()
        .get(node.range())
        .and_then(|tag| tag.strip_prefix('<'))
        .and_then(|tag| {
            tag.split(|char: char| char.is_ascii_whitespace() || char == '/' || char == '>')
                .next()
        })
        .filter(|name| !name.is_empty())
        .ok_or_else(|| SamlError::malformed("an element without a name"))
}
