//! Finds out what a file is from its first bytes; names and declared types are not asked.

use crate::kind::Kind;

/// How many bytes of a file's beginning are enough.
pub const SNIFF_BYTES: usize = 4096;

/// PDF readers take a file whose header comes this late.
const PDF_HEADER_WITHIN: usize = 1024;

/// What a file is that begins with `head`. Give at least [`SNIFF_BYTES`], or the whole file.
pub fn sniff(head: &[u8]) -> Kind {
    let head = &head[..head.len().min(SNIFF_BYTES)];
    if head.is_empty() {
        return Kind::Empty;
    }
    if let Some(kind) = by_signature(head) {
        return kind;
    }
    // Before PDF: a page that mentions its header is still a page. After it, markup could hide behind a `%PDF-` that comes late.
    let text = as_text(head);
    if let Some(kind) = text.as_deref().and_then(markup) {
        return kind;
    }
    let early = &head[..head.len().min(PDF_HEADER_WITHIN)];
    if early.windows(5).any(|window| window == b"%PDF-") {
        return Kind::Pdf;
    }
    match text {
        Some(text) if is_table(&text) => Kind::Csv,
        Some(_) => Kind::Text,
        None => Kind::Unknown,
    }
}

fn by_signature(head: &[u8]) -> Option<Kind> {
    const SIGNATURES: &[(&[u8], Kind)] = &[
        (b"\xff\xd8\xff", Kind::Jpeg),
        (b"\x89PNG\r\n\x1a\n", Kind::Png),
        (b"GIF87a", Kind::Gif),
        (b"GIF89a", Kind::Gif),
        (b"\xff\x0a", Kind::Jxl),
        (b"\x00\x00\x00\x0cJXL ", Kind::Jxl),
        (b"II*\0", Kind::Tiff),
        (b"MM\0*", Kind::Tiff),
        (b"\0\0\x01\0", Kind::Ico),
        (b"\0\0\x02\0", Kind::Ico),
        (b"%PDF-", Kind::Pdf),
        (b"PK\x03\x04", Kind::Zip),
        (b"PK\x05\x06", Kind::Zip),
        (b"PK\x07\x08", Kind::Zip),
        (b"\x1f\x8b", Kind::Archive),
        (b"BZh", Kind::Archive),
        (b"\xfd7zXZ\0", Kind::Archive),
        (b"7z\xbc\xaf\x27\x1c", Kind::Archive),
        (b"Rar!\x1a\x07", Kind::Archive),
        (b"\x28\xb5\x2f\xfd", Kind::Archive),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Kind::Ole),
        (b"{\\rtf", Kind::Rtf),
        (b"\x7fELF", Kind::Program),
        (b"MZ", Kind::Program),
        (b"\xca\xfe\xba\xbe", Kind::Program),
        (b"\xfe\xed\xfa\xce", Kind::Program),
        (b"\xfe\xed\xfa\xcf", Kind::Program),
        (b"\xce\xfa\xed\xfe", Kind::Program),
        (b"\xcf\xfa\xed\xfe", Kind::Program),
        (b"#!", Kind::Program),
        (b"OggS", Kind::Media),
        (b"fLaC", Kind::Media),
        (b"ID3", Kind::Media),
        (b"\x1aE\xdf\xa3", Kind::Media),
    ];
    if let Some((_, kind)) = SIGNATURES.iter().find(|(signature, _)| head.starts_with(signature)) {
        return Some(*kind);
    }
    if head.starts_with(b"RIFF") {
        return Some(match head.get(8..12) {
            Some(b"WEBP") => Kind::WebP,
            _ => Kind::Media,
        });
    }
    if head.starts_with(b"BM") && head.get(6..10) == Some(&[0; 4]) {
        return Some(Kind::Bmp);
    }
    if head.get(4..8) == Some(b"ftyp") {
        return Some(by_brand(head));
    }
    None
}

/// ISO base media files (ISO/IEC 14496-12, 4.3) tell their brands: one, a version, and then those they are compatible with.
fn by_brand(head: &[u8]) -> Kind {
    let length = head
        .first_chunk::<4>()
        .map_or(0, |bytes| u32::from_be_bytes(*bytes) as usize);
    let brands = || {
        let all = head.get(8..length.clamp(8, head.len())).unwrap_or_default();
        all.chunks_exact(4)
            .enumerate()
            .filter(|(at, _)| *at != 1)
            .map(|(_, brand)| brand)
    };
    if brands().any(|brand| matches!(brand, b"avif" | b"avis")) {
        return Kind::Avif;
    }
    let heic = |brand: &[u8]| {
        matches!(
            brand,
            b"heic" | b"heix" | b"hevc" | b"hevx" | b"heim" | b"heis" | b"hevm" | b"hevs" | b"mif1" | b"mif2" | b"msf1"
        )
    };
    if brands().any(heic) { Kind::Heic } else { Kind::Media }
}

/// The beginning as text, if it is any: UTF-8 that may be cut at its end, or UTF-16 with its mark.
fn as_text(head: &[u8]) -> Option<String> {
    let utf16 = |read: fn([u8; 2]) -> u16| {
        let units = head[2..].chunks_exact(2).map(|pair| read([pair[0], pair[1]]));
        char::decode_utf16(units)
            .map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER))
            .collect::<String>()
    };
    let text = match head {
        [0xff, 0xfe, ..] => utf16(u16::from_le_bytes),
        [0xfe, 0xff, ..] => utf16(u16::from_be_bytes),
        _ => {
            let bytes = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
            match std::str::from_utf8(bytes) {
                Ok(text) => text.to_owned(),
                // A character cut in two, and nothing after it.
                Err(error) if error.error_len().is_none() => {
                    String::from_utf8_lossy(&bytes[..error.valid_up_to()]).into_owned()
                }
                // Old eight-bit text may hold markup just as well.
                Err(_) if bytes.iter().all(|byte| !is_control(char::from(*byte))) => {
                    bytes.iter().map(|byte| char::from(*byte)).collect()
                }
                Err(_) => return None,
            }
        }
    };
    (!text.chars().any(is_control)).then_some(text)
}

/// Characters that text does not have; the C1 block is letters in old code pages.
fn is_control(character: char) -> bool {
    character.is_ascii_control() && !matches!(character, '\t' | '\n' | '\r' | '\x0c' | '\x1b')
}

/// Text that a browser might take for a page or a drawing.
fn markup(text: &str) -> Option<Kind> {
    const TAGS: &[&str] = &[
        "<!doctype html",
        "<html",
        "<head",
        "<body",
        "<script",
        "<iframe",
        "<object",
        "<embed",
        "<style",
        "<title",
        "<meta",
        "<link",
        "<base",
        "<form",
        "<img",
        "<video",
        "<audio",
        "<template",
        "<frameset",
    ];
    let lower = text.to_ascii_lowercase();
    let start = lower.trim_start();
    if lower.contains("<svg") || (start.starts_with('<') && lower.contains(":svg")) {
        return Some(Kind::Svg);
    }
    // XHTML is XML as well; the page counts.
    if TAGS.iter().any(|tag| lower.contains(tag)) {
        return Some(Kind::Html);
    }
    if start.starts_with("<?xml") || start.starts_with("<!doctype") {
        return Some(Kind::Xml);
    }
    // The rest of what the MIME Sniffing Standard, 7.1, takes for HTML.
    let tag = start.strip_prefix('<')?;
    let known = ["h1", "div", "font", "table", "a", "b", "br", "p", "!--"];
    known.iter().find_map(|name| {
        let rest = tag.strip_prefix(name)?;
        (*name == "!--" || rest.is_empty() || rest.starts_with([' ', '>', '\t', '\n', '\r', '\x0c', '/']))
            .then_some(Kind::Html)
    })
}

/// At least two lines, each with the same number of one delimiter outside quotes.
fn is_table(text: &str) -> bool {
    let lines = records(text);
    [',', ';', '\t'].into_iter().any(|delimiter| {
        let mut counts = lines.iter().map(|line| outside_quotes(line, delimiter));
        let first = counts.next().unwrap_or(0);
        first > 0 && lines.len() > 1 && counts.all(|count| count == first)
    })
}

/// Lines, where a quoted line end ends none (RFC 4180, 2.6). The last one may be cut, so that it does not count if there are others.
fn records(text: &str) -> Vec<&str> {
    let mut quoted = false;
    let mut lines: Vec<&str> = text
        .split(|character| {
            quoted ^= character == '"';
            !quoted && character == '\n'
        })
        .map(str::trim_end)
        .collect();
    if text.len() + 4 >= SNIFF_BYTES && lines.len() > 2 {
        lines.pop();
    }
    lines.retain(|line| !line.is_empty());
    lines
}

fn outside_quotes(line: &str, delimiter: char) -> usize {
    let mut quoted = false;
    line.chars()
        .filter(|character| {
            quoted ^= *character == '"';
            !quoted && *character == delimiter
        })
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(head: impl AsRef<[u8]>, expected: Kind) {
        let head = head.as_ref();
        assert_eq!(sniff(head), expected, "{}", String::from_utf8_lossy(head));
    }

    #[test]
    fn pictures() {
        check(b"\xff\xd8\xff\xe0", Kind::Jpeg);
        check(b"\x89PNG\r\n\x1a\n....", Kind::Png);
        check(b"GIF89a", Kind::Gif);
        check(b"RIFF\x10\0\0\0WEBPVP8L", Kind::WebP);
        check(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", Kind::Heic);
        check(b"\0\0\0\x1cftypmif1\0\0\0\0mif1avifmiaf", Kind::Avif);
        check(b"\0\0\0\x18ftypavif\0\0\0\0mif1miaf", Kind::Avif);
        check(b"\xff\x0a", Kind::Jxl);
        check(b"BM\x46\0\0\0\0\0\0\0", Kind::Bmp);
        check(b"II*\0", Kind::Tiff);
    }

    #[test]
    fn impostors() {
        check(b"\xff\xd8\0", Kind::Unknown);
        check(b"RIFF\x10\0\0\0WAVEfmt ", Kind::Media);
        check(b"\0\0\0\x18ftypisom\0\0\0\0mp41avc1", Kind::Media);
        // A version that reads like a brand is not one.
        check(b"\0\0\0\x14ftypisomavifmp41", Kind::Media);
        check(b"GIF88a", Kind::Text);
        check(b"MZ\x90\0", Kind::Program);
        check(b"#!/bin/sh\n", Kind::Program);
    }

    #[test]
    fn markup_however_it_is_dressed() {
        check("<svg xmlns='http://www.w3.org/2000/svg'/>", Kind::Svg);
        check("\u{feff}<?xml version='1.0'?>\n<!-- a, b -->\n<svg>", Kind::Svg);
        check("<x:svg xmlns:x='http://www.w3.org/2000/svg'>", Kind::Svg);
        check("  <!DOCTYPE HTML>", Kind::Html);
        check(
            "<?xml version='1.0'?><html xmlns='http://www.w3.org/1999/xhtml'>",
            Kind::Html,
        );
        check("only a remark, <ScRiPt>alert(1)</script>", Kind::Html);
        check("<!-- x --><p>", Kind::Html);
        check("<br/>", Kind::Html);
        check("%PDF-1.7 <script>", Kind::Pdf);
        check("x %PDF-1.7 <script>", Kind::Html);
        check("<?xml version='1.0'?><note/>", Kind::Xml);
        let wide: Vec<u8> = "\u{feff}<html>".encode_utf16().flat_map(u16::to_le_bytes).collect();
        check(wide, Kind::Html);
        let wide: Vec<u8> = "\u{feff}<svg>".encode_utf16().flat_map(u16::to_be_bytes).collect();
        check(wide, Kind::Svg);
        check(b"caf\xe9 <script>", Kind::Html);
    }

    #[test]
    fn documents() {
        check("%PDF-1.7\n%\u{e2}", Kind::Pdf);
        check([b"\0\x01junk".as_slice(), b"%PDF-1.4"].concat(), Kind::Pdf);
        check(b"PK\x03\x04....", Kind::Zip);
        check(b"PK\x05\x06", Kind::Zip);
        check(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Kind::Ole);
        check("{\\rtf1\\ansi", Kind::Rtf);
    }

    #[test]
    fn tables_and_texts() {
        check("name,age\nAda,36\n", Kind::Csv);
        check("name;note\n\"a;b\nc\";d\n", Kind::Csv);
        check("a\tb\r\nc\td\r\n", Kind::Csv);
        check("one, line", Kind::Text);
        check("first, second\nand no more\n", Kind::Text);
        check("Grüße\n", Kind::Text);
        check(&"ü".repeat(SNIFF_BYTES).as_bytes()[..SNIFF_BYTES - 1], Kind::Text);
        check(b"caf\xe9\n", Kind::Text);
    }

    #[test]
    fn nothing_and_anything() {
        check(b"", Kind::Empty);
        check(b"\0", Kind::Unknown);
        check([0x80, 0x81, 0x00, 0xff], Kind::Unknown);
    }

    #[test]
    fn a_table_is_one_though_its_last_line_is_cut() {
        let table = "a,b,c\n".repeat(SNIFF_BYTES);
        check(&table[..SNIFF_BYTES], Kind::Csv);
        check(table, Kind::Csv);
    }
}
