//! Colour profiles (ICC.1): which are kept, and what a browser shows through them.
//!
//! A profile can turn grey mist into any picture. So what the classifier sees is not only the numbers of the pixels but, if a profile changes
//! them much, also the colours that they stand for.

use crate::pixels::Pixels;
use crate::shrink;
use image::RgbImage;
use moxcms::{ColorProfile, DataColorSpace, Layout, TransferCharacteristics, Transform8BitExecutor, TransformOptions};
use std::sync::Arc;

/// A profile whose colours stay this close is of a camera or a screen, and the picture is judged once, by its numbers. Of 255:
/// how far a grey may move …
const GREY_SHIFT_MAX: u8 = 24;
/// … how far two neighbouring greys may come to lie apart, or a profile could draw what is invisible without it …
const GREY_STEP_MAX: u8 = 8;
/// … and how far colours move on average. Display P3 has 10.
const MEAN_SHIFT_MAX: u64 = 13;

/// The longer side of the rendering that is judged.
const RENDERED_SIDE_PX: u32 = 512;

/// A profile that is kept.
pub(crate) struct Profile {
    /// As it is written again.
    pub(crate) bytes: Vec<u8>,
    /// To what browsers show, if that is far from the pixels' numbers.
    transform: Option<Arc<Transform8BitExecutor>>,
    layout: Layout,
}

impl Profile {
    /// A profile that fits the pixels; anything else is dropped, and the picture is judged and served without.
    pub(crate) fn take(bytes: &[u8], pixels: &Pixels, bytes_max: usize) -> Option<Self> {
        let (space, layout, grid) = match pixels {
            Pixels::Grey(_) => (DataColorSpace::Gray, Layout::Gray, greys()),
            Pixels::Colour(_) => (DataColorSpace::Rgb, Layout::Rgb, colours()),
        };
        if bytes.len() > bytes_max || bytes.get(36..40) != Some(b"acsp") {
            return None;
        }
        // ICC.1, 7.2.2: its own size comes first. What lies behind is no part of it.
        let size = u32::from_be_bytes(*bytes.first_chunk::<4>()?) as usize;
        let bytes = bytes.get(..size)?;
        let source = ColorProfile::new_from_slice(bytes).ok()?;
        if source.color_space != space {
            return None;
        }
        let options = TransformOptions {
            allow_use_cicp_transfer: false,
            ..TransformOptions::default()
        };
        let transform = source
            .create_transform_8bit(layout, &ColorProfile::new_srgb(), Layout::Rgb, options)
            .ok()?;
        let channels = if layout == Layout::Gray { 1 } else { 3 };
        let mut shown = vec![0; grid.len() / channels * 3];
        transform.transform(&grid, &mut shown).ok()?;
        let far = !is_plain(&source) || !is_close(&grid, &shown, channels);
        Some(Self {
            bytes: bytes.to_vec(),
            transform: far.then_some(transform),
            layout,
        })
    }

    /// What a browser shows, small, if it is far from the pixels' numbers.
    pub(crate) fn rendered(&self, rgb: &RgbImage) -> Option<RgbImage> {
        let transform = self.transform.as_ref()?;
        let small = shrink::inside(rgb, RENDERED_SIDE_PX, RENDERED_SIDE_PX);
        let mut shown = RgbImage::new(small.width(), small.height());
        let source: Vec<u8> = match self.layout {
            Layout::Gray => small.as_raw().iter().step_by(3).copied().collect(),
            _ => small.into_raw(),
        };
        // A profile that fails here worked on the grid; what it would have shown stays white, and is not flagged for it.
        transform.transform(&source, &mut shown).ok()?;
        Some(shown)
    }
}

/// Curves and a matrix, which a few numbers say enough of; tables could do anything between two of them.
fn is_plain(profile: &ColorProfile) -> bool {
    let tables = [
        &profile.lut_a_to_b_perceptual,
        &profile.lut_a_to_b_colorimetric,
        &profile.lut_a_to_b_saturation,
    ];
    // Some readers believe the code for a curve before the curve itself.
    let coded = profile
        .cicp
        .as_ref()
        .is_none_or(|cicp| cicp.transfer_characteristics == TransferCharacteristics::Srgb);
    tables.iter().all(|table| table.is_none()) && coded
}

/// Whether a grid, which ends in all greys, is shown much as it is.
fn is_close(grid: &[u8], shown: &[u8], channels: usize) -> bool {
    let shift = |(at, shown): (usize, &u8)| grid[at / 3 * channels + (at % 3).min(channels - 1)].abs_diff(*shown);
    let sum: u64 = shown.iter().enumerate().map(shift).map(u64::from).sum();
    let greys = shown.len().saturating_sub(256 * 3);
    let moved = shown.iter().enumerate().skip(greys).map(shift).max();
    let shown_greys = &shown[greys..];
    let steps = shown_greys
        .iter()
        .zip(&shown_greys[3..])
        .map(|(one, next)| one.abs_diff(*next));
    sum <= MEAN_SHIFT_MAX * shown.len() as u64 && moved <= Some(GREY_SHIFT_MAX) && steps.max() <= Some(GREY_STEP_MAX)
}

/// Every grey.
fn greys() -> Vec<u8> {
    (0..=255).collect()
}

/// Every 15th step of each colour, and all greys.
fn colours() -> Vec<u8> {
    let steps = || (0..=255).step_by(15);
    let cube = steps().flat_map(|red| steps().flat_map(move |green| steps().flat_map(move |blue| [red, green, blue])));
    cube.chain((0..=255).flat_map(|grey| [grey; 3])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn colour() -> Pixels {
        Pixels::Colour(RgbImage::from_pixel(4, 4, image::Rgb([100, 150, 200])))
    }

    fn take(profile: &ColorProfile) -> Option<Profile> {
        Profile::take(&profile.encode().unwrap(), &colour(), 1 << 16)
    }

    #[test]
    fn usual_profiles_are_kept() {
        for (name, profile, far) in [
            ("sRGB", ColorProfile::new_srgb(), false),
            ("Display P3", ColorProfile::new_display_p3(), false),
            ("Adobe RGB", ColorProfile::new_adobe_rgb(), false),
            ("ProPhoto", ColorProfile::new_pro_photo_rgb(), true),
        ] {
            let kept = take(&profile).unwrap_or_else(|| panic!("{name} is dropped"));
            assert_eq!(kept.transform.is_some(), far, "{name}");
        }
    }

    /// Curves that keep every grey near its place, and turn the faintest pattern into a strong one.
    #[test]
    fn a_profile_that_draws_is_seen_through() {
        let mut profile = ColorProfile::new_srgb();
        let curve: Vec<u16> = (0..256)
            .map(|at: u16| (at * 257).saturating_add(if at.is_multiple_of(2) { 4_000 } else { 0 }))
            .collect();
        let curve = moxcms::ToneReprCurve::Lut(curve);
        profile.red_trc = Some(curve.clone());
        profile.green_trc = Some(curve.clone());
        profile.blue_trc = Some(curve);
        profile.cicp = None;
        let kept = take(&profile).unwrap();
        let faint = RgbImage::from_fn(64, 64, |x, _| image::Rgb([128 + (x % 2) as u8; 3]));
        let rendered = kept.rendered(&faint).expect("a second rendering");
        let far = rendered.get_pixel(0, 0)[0].abs_diff(rendered.get_pixel(1, 0)[0]);
        assert!(far > 5, "{far}");
    }

    #[test]
    fn others_are_dropped() {
        let bytes = ColorProfile::new_srgb().encode().unwrap();
        assert!(Profile::take(&bytes, &colour(), bytes.len() - 1).is_none(), "too large");
        assert!(
            Profile::take(&bytes[..bytes.len() - 1], &colour(), 1 << 16).is_none(),
            "cut"
        );
        assert!(Profile::take(b"", &colour(), 1 << 16).is_none());
        assert!(
            take(&ColorProfile::new_gray_with_gamma(2.2)).is_none(),
            "of grey, for colours"
        );
        let longer = [bytes.as_slice(), b"and a secret"].concat();
        assert_eq!(Profile::take(&longer, &colour(), 1 << 16).unwrap().bytes, bytes);
    }
}
