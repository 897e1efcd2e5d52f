//! Why a picture is not taken.

use crate::kind::Kind;
use image::ImageError;
use image::error::LimitErrorKind;
use std::error::Error;
use std::io;

/// Why a picture is not taken. No message repeats anything of the file, so they may be shown and logged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MediaError {
    /// No bytes.
    #[error("the file is empty")]
    Empty,
    /// More bytes than [`crate::Limits::file_bytes_max`].
    #[error("the file has {size_bytes} bytes, and at most {size_bytes_max} are taken")]
    FileTooLarge {
        /// How many there are.
        size_bytes: u64,
        /// How many there may be.
        size_bytes_max: u64,
    },
    /// Not a picture at all, whatever its name says.
    #[error("this is not a picture: its content is `{}`", found.word())]
    NotAnImage {
        /// What it is.
        found: Kind,
    },
    /// A picture of a format that is not taken.
    #[error("pictures of the type `{}` are not taken", found.word())]
    UnsupportedType {
        /// What it is.
        found: Kind,
    },
    /// A format that is taken, in a flavour that is not.
    #[error("this flavour of `{}` is not taken: {feature}", kind.word())]
    UnsupportedFeature {
        /// The format.
        kind: Kind,
        /// What it uses.
        feature: &'static str,
    },
    /// A side longer than [`crate::Limits::side_max_px`], by the header.
    #[error("the picture is {width_px} × {height_px} pixels, and at most {side_max_px} a side are taken")]
    SideTooLong {
        /// Its width.
        width_px: u32,
        /// Its height.
        height_px: u32,
        /// How long a side may be.
        side_max_px: u32,
    },
    /// More pixels than [`crate::Limits::pixels_max`], by the header.
    #[error("the picture has {pixels} pixels, and at most {pixels_max} are taken")]
    TooManyPixels {
        /// How many there are.
        pixels: u64,
        /// How many there may be.
        pixels_max: u64,
    },
    /// To decode it would take more memory than [`crate::Limits::alloc_bytes_max`].
    #[error("the picture takes too much memory to decode")]
    TooMuchMemory,
    /// To decode it would take too much time, as it is built.
    #[error("the picture takes too much time to decode")]
    TooComplex,
    /// Written anew it would have more bytes than [`crate::Limits::output_bytes_max`].
    #[error("written anew, the picture would have more than {size_bytes_max} bytes")]
    OutputTooLarge {
        /// How many it may have.
        size_bytes_max: u64,
    },
    /// The end is missing.
    #[error("the end of the picture is missing")]
    Truncated {
        /// The format.
        kind: Kind,
    },
    /// Not as its format wants it.
    #[error("the picture is damaged")]
    Damaged {
        /// The format.
        kind: Kind,
    },
    /// A decoder gave up in a way that it should not.
    #[error("the picture cannot be read")]
    Crashed,
    /// It could not be written.
    #[error("the picture cannot be written")]
    NotWritten,
    /// A variant that is not made: no side, a side of nothing, or one that is too long.
    #[error("a variant needs a width or a height from 1 to {side_max_px}")]
    BadVariant {
        /// How long a side may be.
        side_max_px: u32,
    },
}

impl MediaError {
    /// A stable machine word.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::FileTooLarge { .. } => "file_too_large",
            Self::NotAnImage { .. } => "not_an_image",
            Self::UnsupportedType { .. } => "unsupported_type",
            Self::UnsupportedFeature { .. } => "unsupported_feature",
            Self::SideTooLong { .. } => "side_too_long",
            Self::TooManyPixels { .. } => "too_many_pixels",
            Self::TooMuchMemory => "too_much_memory",
            Self::TooComplex => "too_complex",
            Self::OutputTooLarge { .. } => "output_too_large",
            Self::Truncated { .. } => "truncated",
            Self::Damaged { .. } => "damaged",
            Self::Crashed => "unreadable",
            Self::NotWritten => "not_written",
            Self::BadVariant { .. } => "bad_variant",
        }
    }

    /// What the person who sent the picture can do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Empty => "choose the file again: nothing arrived of it",
            Self::FileTooLarge { .. } => "save it with a lower quality or a smaller size",
            Self::NotAnImage { .. } => {
                "the content counts, not the name: save it as JPEG, PNG, GIF or WebP with a program for pictures"
            }
            Self::UnsupportedType { found } => match found {
                Kind::Svg => "a drawing in SVG may hold scripts: export it as PNG",
                Kind::Heic | Kind::Avif | Kind::Jxl => {
                    "export it as JPEG; telephones call that setting `most compatible`"
                }
                Kind::Jpeg
                | Kind::Png
                | Kind::Gif
                | Kind::WebP
                | Kind::Bmp
                | Kind::Tiff
                | Kind::Ico
                | Kind::Html
                | Kind::Xml
                | Kind::Pdf
                | Kind::Zip
                | Kind::Archive
                | Kind::Ole
                | Kind::Rtf
                | Kind::Csv
                | Kind::Text
                | Kind::Media
                | Kind::Program
                | Kind::Empty
                | Kind::Unknown => "export it as JPEG, PNG, GIF or WebP",
            },
            Self::UnsupportedFeature { .. } => {
                "open it and save it again as an ordinary JPEG or PNG with 8 bits a colour"
            }
            Self::SideTooLong { .. } | Self::TooManyPixels { .. } | Self::TooMuchMemory => {
                "make it smaller, and send it again"
            }
            Self::TooComplex | Self::OutputTooLarge { .. } => {
                "save it again as an ordinary JPEG or PNG, or make it smaller"
            }
            Self::Truncated { .. } => "the upload was cut short, or the file was: send it again",
            Self::Damaged { .. } | Self::Crashed => "open it with a program for pictures, save it again, and send that",
            Self::NotWritten => "save it in another format, and send it again",
            Self::BadVariant { .. } => "ask for one of the sizes that the model allows",
        }
    }

    /// What a decoder's complaint means.
    pub(crate) fn decoding(kind: Kind, error: &ImageError) -> Self {
        match error {
            ImageError::Limits(limit) => match limit.kind() {
                LimitErrorKind::DimensionError | LimitErrorKind::InsufficientMemory => Self::TooMuchMemory,
                _ => Self::TooComplex,
            },
            ImageError::Unsupported(_) => Self::UnsupportedFeature {
                kind,
                feature: "the decoder does not know how",
            },
            ImageError::IoError(_) | ImageError::Decoding(_) | ImageError::Encoding(_) | ImageError::Parameter(_) => {
                if ended_early(error) {
                    Self::Truncated { kind }
                } else {
                    Self::Damaged { kind }
                }
            }
        }
    }
}

fn ended_early(error: &(dyn Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        let io = error.downcast_ref::<io::Error>();
        let gif = error.downcast_ref::<gif::DecodingError>();
        if io.is_some_and(|error| error.kind() == io::ErrorKind::UnexpectedEof)
            || matches!(gif, Some(gif::DecodingError::UnexpectedEof))
        {
            return true;
        }
        cause = error.source();
    }
    // `ImageError::IoError` gives the cause of its cause as source.
    matches!(error.downcast_ref::<ImageError>(), Some(ImageError::IoError(io)) if io.kind() == io::ErrorKind::UnexpectedEof)
}
