//! Decodes stills. What a picture would cost is known from its headers, and refused, before memory is taken for it.

use crate::error::MediaError;
use crate::jpeg;
use crate::jpeg_writer::Detail;
use crate::kind::Kind;
use crate::pixels::Pixels;
use crate::settings::Limits;
use crate::sniff::sniff;
use crate::upright::upright;
use crate::webp;
use image::codecs::gif::GifDecoder;
use image::codecs::jpeg::JpegDecoder;
use image::codecs::png::PngDecoder;
use image::codecs::webp::WebPDecoder;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder};
use std::io::Cursor;

/// What a PNG decoder takes besides the picture: rows, and chunks that it unpacks. A bomb in a text or profile ends here.
const PNG_WORK_BYTES_MAX: u64 = 8 << 20;

/// A still, upright and opaque.
pub(crate) struct Still {
    pub(crate) pixels: Pixels,
    /// The colour profile, unchecked.
    pub(crate) profile: Option<Vec<u8>>,
    /// How much colour it had, if it is written as JPEG.
    pub(crate) detail: Detail,
}

/// What the content is, if it is one of the four formats that are taken.
pub(crate) fn kind(bytes: &[u8], limits: &Limits) -> Result<Kind, MediaError> {
    let size_bytes = bytes.len() as u64;
    if size_bytes > limits.file_bytes_max {
        return Err(MediaError::FileTooLarge {
            size_bytes,
            size_bytes_max: limits.file_bytes_max,
        });
    }
    match sniff(bytes) {
        Kind::Empty => Err(MediaError::Empty),
        kind @ (Kind::Jpeg | Kind::Png | Kind::Gif | Kind::WebP) => Ok(kind),
        found if found.is_picture() => Err(MediaError::UnsupportedType { found }),
        found => Err(MediaError::NotAnImage { found }),
    }
}

/// Refuses a size before anything is decoded.
pub(crate) fn check_size(kind: Kind, width_px: u32, height_px: u32, limits: &Limits) -> Result<(), MediaError> {
    if width_px == 0 || height_px == 0 {
        return Err(MediaError::Damaged { kind });
    }
    if width_px.max(height_px) > limits.side_max_px {
        return Err(MediaError::SideTooLong {
            width_px,
            height_px,
            side_max_px: limits.side_max_px,
        });
    }
    let pixels = u64::from(width_px) * u64::from(height_px);
    if pixels > limits.pixels_max {
        return Err(MediaError::TooManyPixels {
            pixels,
            pixels_max: limits.pixels_max,
        });
    }
    Ok(())
}

/// Decodes a still, or the first frame of an animation.
pub(crate) fn still(bytes: &[u8], limits: &Limits) -> Result<Still, MediaError> {
    let kind = kind(bytes, limits)?;
    let fault = |error| MediaError::decoding(kind, &error);
    let bounded = |alloc: u64| {
        let mut bounds = image::Limits::default();
        bounds.max_image_width = Some(limits.side_max_px);
        bounds.max_image_height = Some(limits.side_max_px);
        bounds.max_alloc = Some(alloc);
        bounds
    };
    match kind {
        Kind::Jpeg => {
            let survey = jpeg::survey(bytes)?;
            check_size(kind, survey.width_px, survey.height_px, limits)?;
            if survey.coefficient_bytes > 0 {
                let pixels = u64::from(survey.width_px) * u64::from(survey.height_px);
                if pixels * u64::from(survey.scans) > limits.scan_pixels_max {
                    return Err(MediaError::TooComplex);
                }
            }
            let mut decoder = JpegDecoder::new(Cursor::new(bytes)).map_err(fault)?;
            decoder.set_limits(bounded(limits.alloc_bytes_max)).map_err(fault)?;
            let mut still = finish(decoder, kind, survey.coefficient_bytes, limits)?;
            still.detail = survey.detail;
            // Four inks have become three lights; their profile says nothing of those.
            still.profile = still.profile.filter(|_| survey.components != 4);
            Ok(still)
        }
        Kind::Png => {
            let (width, height) = png_size(bytes)?;
            check_size(kind, width, height, limits)?;
            let decoder = PngDecoder::with_limits(Cursor::new(bytes), bounded(PNG_WORK_BYTES_MAX)).map_err(fault)?;
            finish(decoder, kind, 0, limits)
        }
        Kind::Gif => {
            let mut decoder = GifDecoder::new(Cursor::new(bytes)).map_err(fault)?;
            let (width, height) = decoder.dimensions();
            check_size(kind, width, height, limits)?;
            let canvas_bytes = u64::from(width) * u64::from(height) * 4;
            decoder.set_limits(bounded(canvas_bytes + (1 << 20))).map_err(fault)?;
            finish(decoder, kind, 0, limits)
        }
        Kind::WebP => {
            let survey = webp::survey(bytes)?;
            check_size(kind, survey.width_px, survey.height_px, limits)?;
            let decoder = WebPDecoder::new(Cursor::new(&bytes[..survey.length_bytes])).map_err(fault)?;
            // Planes of a lossy frame, or the colours of a lossless one before they are copied; and a canvas of its own if animated.
            let pixels = u64::from(survey.width_px) * u64::from(survey.height_px);
            let mut still = finish(decoder, kind, pixels * if survey.animated { 8 } else { 2 }, limits)?;
            if !survey.lossless {
                // RFC 6386, 2: brightness for each pixel, colour for each four.
                still.detail = Detail::Quarter;
            }
            Ok(still)
        }
        found => Err(MediaError::NotAnImage { found }),
    }
}

/// PNG, 11.2.1: IHDR comes first.
fn png_size(bytes: &[u8]) -> Result<(u32, u32), MediaError> {
    let header = bytes.get(8..24).ok_or(MediaError::Truncated { kind: Kind::Png })?;
    match header {
        [_, _, _, _, b'I', b'H', b'D', b'R', w3, w2, w1, w0, h3, h2, h1, h0] => Ok((
            u32::from_be_bytes([*w3, *w2, *w1, *w0]),
            u32::from_be_bytes([*h3, *h2, *h1, *h0]),
        )),
        _ => Err(MediaError::Damaged { kind: Kind::Png }),
    }
}

/// `work_bytes`: what the decoder takes besides the picture.
fn finish(mut decoder: impl ImageDecoder, kind: Kind, work_bytes: u64, limits: &Limits) -> Result<Still, MediaError> {
    let (width, height) = decoder.dimensions();
    check_size(kind, width, height, limits)?;
    if decoder.total_bytes().saturating_add(work_bytes) > limits.alloc_bytes_max {
        return Err(MediaError::TooMuchMemory);
    }
    // A picture with a broken profile or orientation is still a picture, as browsers see it.
    let profile = decoder.icc_profile().unwrap_or_default();
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let image = DynamicImage::from_decoder(decoder).map_err(|error| MediaError::decoding(kind, &error))?;
    // The picture is made opaque first: turned, it is there twice for a moment.
    let pixels = upright(Pixels::flatten(image), orientation);
    if pixels.dimensions().0 == 0 {
        return Err(MediaError::Damaged { kind });
    }
    Ok(Still {
        pixels,
        profile,
        detail: Detail::Full,
    })
}
