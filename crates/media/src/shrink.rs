//! Makes pictures smaller.

use image::RgbImage;
use image::imageops::{self, FilterType};

/// Not larger than a box, in the same proportions; never enlarged.
pub(crate) fn inside(image: &RgbImage, width: u32, height: u32) -> RgbImage {
    let (width, height) = size_inside(image.dimensions(), width, height);
    exactly(image, width, height)
}

/// The size of a picture that is to fit a box.
pub(crate) fn size_inside((width, height): (u32, u32), width_max: u32, height_max: u32) -> (u32, u32) {
    let (w, h) = (u64::from(width.max(1)), u64::from(height.max(1)));
    let (w_max, h_max) = (u64::from(width_max.max(1)), u64::from(height_max.max(1)));
    if w <= w_max && h <= h_max {
        return (w as u32, h as u32);
    }
    // The side that is furthest over decides; the other is rounded.
    if w * h_max >= h * w_max {
        (w_max as u32, ((2 * h * w_max + w) / (2 * w)).clamp(1, h_max) as u32)
    } else {
        (((2 * w * h_max + h) / (2 * h)).clamp(1, w_max) as u32, h_max as u32)
    }
}

/// To a size that is not larger. Means of blocks down to twice the size, and a good filter from there: a tenth of the filter's time for a photo.
pub(crate) fn exactly(image: &RgbImage, width: u32, height: u32) -> RgbImage {
    if image.dimensions() == (width, height) {
        return image.clone();
    }
    let (near_width, near_height) = (width.saturating_mul(2), height.saturating_mul(2));
    if image.width() > near_width && image.height() > near_height {
        let near = imageops::thumbnail(image, near_width, near_height);
        return imageops::resize(&near, width, height, FilterType::CatmullRom);
    }
    imageops::resize(image, width, height, FilterType::CatmullRom)
}

/// Means of blocks of about the same size, for what is not looked at: signatures, blurs, hashes.
pub(crate) fn coarsely(image: &RgbImage, width: u32, height: u32) -> RgbImage {
    imageops::thumbnail(image, width.max(1), height.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proportions() {
        for (size, fit, expected) in [
            ((4000, 3000), (1024, 1024), (1024, 768)),
            ((3000, 4000), (1024, 1024), (768, 1024)),
            ((16_384, 1), (100, 100), (100, 1)),
            ((1, 16_384), (100, 100), (1, 100)),
            ((10, 10), (1024, 1024), (10, 10)),
            ((100, 50), (10, 1000), (10, 5)),
            ((0, 0), (0, 0), (1, 1)),
        ] {
            assert_eq!(size_inside(size, fit.0, fit.1), expected, "{size:?} in {fit:?}");
        }
    }
}
