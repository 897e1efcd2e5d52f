//! What a file is, by its content.

/// What a file is. `unknown` is an answer, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// JPEG.
    Jpeg,
    /// PNG, still or animated.
    Png,
    /// GIF.
    Gif,
    /// WebP.
    WebP,
    /// A picture in XML, which may hold scripts.
    Svg,
    /// HEIC or HEIF: what telephones of one maker write.
    Heic,
    /// AVIF.
    Avif,
    /// JPEG XL.
    Jxl,
    /// Windows bitmap.
    Bmp,
    /// TIFF, and raw formats of cameras built on it.
    Tiff,
    /// Windows icon or cursor.
    Ico,
    /// HTML, or text with tags of it.
    Html,
    /// XML that is none of the above.
    Xml,
    /// PDF.
    Pdf,
    /// A ZIP archive: also OpenDocument, Office Open XML, EPUB, Java archives.
    Zip,
    /// Another archive or compressed file.
    Archive,
    /// Office documents before 2007, and other OLE containers.
    Ole,
    /// Rich text.
    Rtf,
    /// Lines with the same number of delimiters.
    Csv,
    /// Text.
    Text,
    /// Sound or a film.
    Media,
    /// Something that a machine would run: ELF, Windows, Mach-O, Java class, a script with `#!`.
    Program,
    /// No bytes at all.
    Empty,
    /// Anything else.
    Unknown,
}

impl Kind {
    /// A stable machine word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Jpeg => "jpeg",
            Self::Png => "png",
            Self::Gif => "gif",
            Self::WebP => "webp",
            Self::Svg => "svg",
            Self::Heic => "heic",
            Self::Avif => "avif",
            Self::Jxl => "jxl",
            Self::Bmp => "bmp",
            Self::Tiff => "tiff",
            Self::Ico => "ico",
            Self::Html => "html",
            Self::Xml => "xml",
            Self::Pdf => "pdf",
            Self::Zip => "zip",
            Self::Archive => "archive",
            Self::Ole => "ole",
            Self::Rtf => "rtf",
            Self::Csv => "csv",
            Self::Text => "text",
            Self::Media => "media",
            Self::Program => "program",
            Self::Empty => "empty",
            Self::Unknown => "unknown",
        }
    }

    /// The media type to store and to serve it with. Whatever a browser might run is octets.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Gif => "image/gif",
            Self::WebP => "image/webp",
            Self::Heic => "image/heic",
            Self::Avif => "image/avif",
            Self::Jxl => "image/jxl",
            Self::Bmp => "image/bmp",
            Self::Tiff => "image/tiff",
            Self::Ico => "image/vnd.microsoft.icon",
            Self::Pdf => "application/pdf",
            Self::Zip => "application/zip",
            Self::Rtf => "application/rtf",
            Self::Csv => "text/csv",
            Self::Text => "text/plain",
            Self::Svg
            | Self::Html
            | Self::Xml
            | Self::Archive
            | Self::Ole
            | Self::Media
            | Self::Program
            | Self::Empty
            | Self::Unknown => "application/octet-stream",
        }
    }

    /// Whether it is a picture, of a format that is taken or not.
    pub fn is_picture(self) -> bool {
        match self {
            Self::Jpeg
            | Self::Png
            | Self::Gif
            | Self::WebP
            | Self::Svg
            | Self::Heic
            | Self::Avif
            | Self::Jxl
            | Self::Bmp
            | Self::Tiff
            | Self::Ico => true,
            Self::Html
            | Self::Xml
            | Self::Pdf
            | Self::Zip
            | Self::Archive
            | Self::Ole
            | Self::Rtf
            | Self::Csv
            | Self::Text
            | Self::Media
            | Self::Program
            | Self::Empty
            | Self::Unknown => false,
        }
    }
}
