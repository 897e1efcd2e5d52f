//! A picture of which only colours and a rough shape are left.

use crate::decode;
use crate::encode::{self, Encoded, Format};
use crate::error::MediaError;
use crate::guard;
use crate::settings::Limits;
use crate::shrink;
use image::RgbImage;
use image::imageops::{self, FilterType};

/// The longer side of a blurred picture, at most.
pub const BLURRED_SIDE_PX: u32 = 1024;

/// What is left of the longer side. The rest is gone: no filter brings it back.
const CELLS: u32 = 24;
/// Of the blur over the cells.
const SIGMA: f32 = 1.2;
const JPEG_QUALITY: u8 = 80;

/// A blurred picture of a still, or of an animation's first frame, as JPEG: for a person who decides to show no more of it.
///
/// # Errors
/// Those of decoding.
pub fn blur(bytes: &[u8], limits: &Limits) -> Result<Encoded, MediaError> {
    let blurred = guard::caught(|| {
        let still = decode::still(bytes, limits)?;
        let rgb = still.pixels.rgb();
        Cells::of(&rgb).to_jpeg()
    });
    blurred.unwrap_or(Err(MediaError::Crashed))
}

/// What a blurred picture is made of.
pub(crate) struct Cells {
    grid: RgbImage,
    width_px: u32,
    height_px: u32,
}

impl Cells {
    pub(crate) fn of(rgb: &RgbImage) -> Self {
        let (width, height) = shrink::size_inside(rgb.dimensions(), CELLS, CELLS);
        let (width_px, height_px) = shrink::size_inside(rgb.dimensions(), BLURRED_SIDE_PX, BLURRED_SIDE_PX);
        let cells = shrink::coarsely(rgb, width, height);
        Self {
            grid: imageops::blur(&cells, SIGMA),
            width_px,
            height_px,
        }
    }

    pub(crate) fn to_jpeg(&self) -> Result<Encoded, MediaError> {
        let large = imageops::resize(&self.grid, self.width_px, self.height_px, FilterType::CatmullRom);
        Ok(Encoded {
            bytes: encode::jpeg(&large, JPEG_QUALITY)?,
            format: Format::Jpeg,
            width_px: self.width_px,
            height_px: self.height_px,
            animated: false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::Rgb;

    #[test]
    fn details_are_gone() {
        // Lines of eight pixels: a reader of text would still see them in a weak blur.
        let stripes = RgbImage::from_fn(800, 600, |x, _| Rgb([if x / 8 % 2 == 0 { 255 } else { 0 }; 3]));
        let blurred = Cells::of(&stripes).to_jpeg().unwrap();
        assert_eq!((blurred.width_px, blurred.height_px), (800, 600));
        let seen = image::load_from_memory(&blurred.bytes).unwrap().into_luma8();
        let (least, most) = seen.iter().fold((255, 0), |(least, most), grey| {
            (grey.min(&least).to_owned(), *grey.max(&most))
        });
        assert!(most - least < 40, "{least} to {most}");
    }

    #[test]
    fn a_line_of_pixels_has_a_blur_too() {
        for (width, height) in [(1, 1), (16_000, 1), (1, 3000), (25, 24)] {
            let blurred = Cells::of(&RgbImage::new(width, height)).to_jpeg().unwrap();
            assert!(blurred.width_px.max(blurred.height_px) <= BLURRED_SIDE_PX);
        }
    }
}
