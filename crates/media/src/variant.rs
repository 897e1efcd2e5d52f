//! Sizes of a picture that may be served.

use crate::decode;
use crate::encode::{self, Encoded, Format, Loss};
use crate::error::MediaError;
use crate::guard;
use crate::kind::Kind;
use crate::pixels::Pixels;
use crate::profile::Profile;
use crate::settings::Limits;
use crate::shrink;
use image::{GenericImageView, RgbImage, imageops};

/// The longest side of a variant.
pub const VARIANT_SIDE_MAX_PX: u32 = 4096;

const QUALITY: u8 = 80;

/// How a picture gets into a box.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Fit {
    /// As large as fits in, in its own proportions.
    #[default]
    Inside,
    /// The box's proportions: what does not fit is cut off, evenly on both sides.
    Cover,
    /// The box's proportions: all of the picture, with white bars.
    Contain,
}

/// A format of variants. An animation's variant is its first frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StillFormat {
    /// JPEG.
    Jpeg,
    /// PNG.
    Png,
    /// WebP without loss.
    WebP,
}

/// What is asked for. One side may be left out; no picture is made larger than it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct VariantSpec {
    /// The box's width.
    pub width_px: Option<u32>,
    /// The box's height.
    pub height_px: Option<u32>,
    /// How the picture gets into it; with one side left out always [`Fit::Inside`].
    pub fit: Fit,
    /// Otherwise the stored picture's, or PNG for a GIF.
    pub format: Option<StillFormat>,
    /// Of JPEG, 1 to 100; 80 otherwise.
    pub quality: Option<u8>,
}

/// Makes a variant of a stored picture: give it only what [`crate::process`] wrote, or it is not judged.
///
/// # Errors
/// `BadVariant` for a box that is none, and those of decoding.
pub fn variant(bytes: &[u8], spec: &VariantSpec, limits: &Limits) -> Result<Encoded, MediaError> {
    guard::caught(|| run(bytes, spec, limits)).unwrap_or(Err(MediaError::Crashed))
}

fn run(bytes: &[u8], spec: &VariantSpec, limits: &Limits) -> Result<Encoded, MediaError> {
    let bad = MediaError::BadVariant {
        side_max_px: VARIANT_SIDE_MAX_PX,
    };
    let sides = [spec.width_px, spec.height_px];
    let sound = |side: &u32| (1..=VARIANT_SIDE_MAX_PX).contains(side);
    if sides == [None, None] || !sides.iter().flatten().all(sound) {
        return Err(bad);
    }
    let kind = decode::kind(bytes, limits)?;
    let still = decode::still(bytes, limits)?;
    let profile = still
        .profile
        .and_then(|profile| Profile::take(&profile, &still.pixels, limits.profile_bytes_max));
    let is_grey = matches!(still.pixels, Pixels::Grey(_));
    let rgb = still.pixels.rgb();
    let fitted = match (spec.fit, spec.width_px, spec.height_px) {
        (Fit::Cover, Some(width), Some(height)) => cover(&rgb, width, height),
        (Fit::Contain, Some(width), Some(height)) => contain(&rgb, width, height),
        (Fit::Inside | Fit::Cover | Fit::Contain, width, height) => {
            let side = |side: Option<u32>| side.unwrap_or(VARIANT_SIDE_MAX_PX);
            shrink::inside(&rgb, side(width), side(height))
        }
    };
    let pixels = if is_grey {
        // Its profile is for grey.
        Pixels::Grey(imageops::grayscale(&fitted))
    } else {
        Pixels::Colour(fitted)
    };
    let format = match spec.format {
        Some(StillFormat::Jpeg) => Format::Jpeg,
        Some(StillFormat::Png) => Format::Png,
        Some(StillFormat::WebP) => Format::WebP,
        None => match kind {
            Kind::Jpeg => Format::Jpeg,
            Kind::WebP => Format::WebP,
            _ => Format::Png,
        },
    };
    let profile = profile.as_ref().map(|profile| profile.bytes.as_slice());
    let loss = Loss {
        quality: spec.quality.unwrap_or(QUALITY),
        detail: still.detail,
    };
    encode::still(&pixels, format, loss, profile)
}

/// A box of the same proportions that is not larger than what the picture fills.
fn cover(rgb: &RgbImage, width: u32, height: u32) -> RgbImage {
    // The part of the picture that has the box's proportions.
    let is_wider = u64::from(width) * u64::from(rgb.height()) >= u64::from(rgb.width()) * u64::from(height);
    let part = if is_wider {
        (rgb.width(), scaled(rgb.width(), height, width).min(rgb.height()))
    } else {
        (scaled(rgb.height(), width, height).min(rgb.width()), rgb.height())
    };
    let (x, y) = ((rgb.width() - part.0) / 2, (rgb.height() - part.1) / 2);
    let (width, height) = if part.0 >= width && part.1 >= height {
        (width, height)
    } else {
        part
    };
    if part == rgb.dimensions() {
        return shrink::exactly(rgb, width, height);
    }
    let cut = rgb.view(x, y, part.0, part.1).to_image();
    shrink::exactly(&cut, width, height)
}

/// The picture in the middle of a white box.
fn contain(rgb: &RgbImage, width: u32, height: u32) -> RgbImage {
    let small = shrink::inside(rgb, width, height);
    let mut sheet = RgbImage::from_pixel(width, height, image::Rgb([255; 3]));
    let (x, y) = ((width - small.width()) / 2, (height - small.height()) / 2);
    imageops::replace(&mut sheet, &small, i64::from(x), i64::from(y));
    sheet
}

/// `side` × `numerator` / `denominator`, rounded, at least 1.
fn scaled(side: u32, numerator: u32, denominator: u32) -> u32 {
    let (side, numerator, denominator) = (u64::from(side), u64::from(numerator), u64::from(denominator));
    let scaled = (2 * side * numerator + denominator) / (2 * denominator);
    u32::try_from(scaled.max(1)).unwrap_or(u32::MAX)
}
