//! Writes pictures. Nothing is written but pixels and a colour profile that was checked.

use crate::error::MediaError;
use crate::jpeg_writer::{self, Detail, Raster};
use crate::pixels::Pixels;
use image::codecs::png::PngEncoder;
use image::codecs::webp::WebPEncoder;
use image::{ExtendedColorType, ImageEncoder, RgbImage};
use std::fmt;

/// A format that is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// JPEG.
    Jpeg,
    /// PNG.
    Png,
    /// GIF, still or animated.
    Gif,
    /// WebP without loss, still or animated.
    WebP,
}

impl Format {
    /// The media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Gif => "image/gif",
            Self::WebP => "image/webp",
        }
    }

    /// A stable machine word; also the usual end of a file's name.
    pub fn word(self) -> &'static str {
        match self {
            Self::Jpeg => "jpeg",
            Self::Png => "png",
            Self::Gif => "gif",
            Self::WebP => "webp",
        }
    }
}

/// A picture as it is stored or served.
#[derive(Clone, PartialEq, Eq)]
pub struct Encoded {
    /// The file.
    pub bytes: Vec<u8>,
    /// Its format.
    pub format: Format,
    /// Its width.
    pub width_px: u32,
    /// Its height.
    pub height_px: u32,
    /// Whether it has more than one frame.
    pub animated: bool,
}

impl fmt::Debug for Encoded {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            bytes,
            format,
            width_px,
            height_px,
            animated,
        } = self;
        let moving = if *animated { ", animated" } else { "" };
        write!(
            formatter,
            "Encoded({format:?}, {width_px} × {height_px}{moving}, {} bytes)",
            bytes.len()
        )
    }
}

/// How a JPEG is written; other formats are without loss.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Loss {
    pub(crate) quality: u8,
    pub(crate) detail: Detail,
}

/// Writes a still.
pub(crate) fn still(
    pixels: &Pixels,
    format: Format,
    loss: Loss,
    profile: Option<&[u8]>,
) -> Result<Encoded, MediaError> {
    let (width_px, height_px) = pixels.dimensions();
    let (raw, colour) = match pixels {
        Pixels::Grey(image) => (image.as_raw(), ExtendedColorType::L8),
        Pixels::Colour(image) => (image.as_raw(), ExtendedColorType::Rgb8),
    };
    let size = (width_px, height_px, colour);
    let mut bytes = Vec::new();
    match format {
        Format::Jpeg => {
            let raster = Raster {
                width: width_px,
                height: height_px,
                raw,
                is_grey: matches!(pixels, Pixels::Grey(_)),
            };
            bytes = jpeg_writer::write(raster, loss.quality, loss.detail, profile)?;
        }
        Format::Png => write(PngEncoder::new(&mut bytes), raw, size, profile)?,
        Format::WebP => write(WebPEncoder::new_lossless(&mut bytes), raw, size, profile)?,
        Format::Gif => {
            let mut writer = crate::gif_writer::GifWriter::new(width_px, height_px, None)?;
            writer.add(&pixels.rgb(), 0)?;
            bytes = writer.finish()?;
        }
    }
    Ok(Encoded {
        bytes,
        format,
        width_px,
        height_px,
        animated: false,
    })
}

pub(crate) fn jpeg(image: &RgbImage, quality: u8) -> Result<Vec<u8>, MediaError> {
    let raster = Raster {
        width: image.width(),
        height: image.height(),
        raw: image.as_raw(),
        is_grey: false,
    };
    jpeg_writer::write(raster, quality, Detail::Quarter, None)
}

fn write(
    mut encoder: impl ImageEncoder,
    raw: &[u8],
    (width, height, colour): (u32, u32, ExtendedColorType),
    profile: Option<&[u8]>,
) -> Result<(), MediaError> {
    if let Some(profile) = profile {
        encoder
            .set_icc_profile(profile.to_vec())
            .map_err(|_| MediaError::NotWritten)?;
    }
    encoder
        .write_image(raw, width, height, colour)
        .map_err(|_| MediaError::NotWritten)
}
