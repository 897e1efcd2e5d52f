//! Turns pictures. Quarter turns go square by square: row by row they would miss the processor's cache with every pixel.

use crate::pixels::Pixels;
use image::metadata::Orientation;
use image::{DynamicImage, ImageBuffer, Pixel};

/// A side of the squares.
const SQUARE: u32 = 32;

/// Turns a picture as its metadata wants it.
pub(crate) fn upright(pixels: Pixels, orientation: Orientation) -> Pixels {
    match (orientation, pixels) {
        (Orientation::NoTransforms, pixels) => pixels,
        (
            Orientation::Rotate90 | Orientation::Rotate270 | Orientation::Rotate90FlipH | Orientation::Rotate270FlipH,
            pixels,
        ) => match pixels {
            Pixels::Grey(image) => Pixels::Grey(quarter(&image, orientation)),
            Pixels::Colour(image) => Pixels::Colour(quarter(&image, orientation)),
        },
        // In place.
        (Orientation::Rotate180 | Orientation::FlipHorizontal | Orientation::FlipVertical, pixels) => {
            let mut image = match pixels {
                Pixels::Grey(image) => DynamicImage::ImageLuma8(image),
                Pixels::Colour(image) => DynamicImage::ImageRgb8(image),
            };
            image.apply_orientation(orientation);
            Pixels::flatten(image)
        }
    }
}

fn quarter<P: Pixel<Subpixel = u8>>(
    image: &ImageBuffer<P, Vec<u8>>,
    orientation: Orientation,
) -> ImageBuffer<P, Vec<u8>> {
    let (width, height) = image.dimensions();
    let mut turned = ImageBuffer::new(height, width);
    // Rows become columns; a turn to the right puts the first row last, one to the left the first column.
    let is_mirrored_across = matches!(orientation, Orientation::Rotate90 | Orientation::Rotate270FlipH);
    let is_mirrored_down = matches!(orientation, Orientation::Rotate270 | Orientation::Rotate270FlipH);
    for top in (0..height).step_by(SQUARE as usize) {
        for left in (0..width).step_by(SQUARE as usize) {
            for y in top..(top + SQUARE).min(height) {
                let to_x = if is_mirrored_across { height - 1 - y } else { y };
                for x in left..(left + SQUARE).min(width) {
                    let to_y = if is_mirrored_down { width - 1 - x } else { x };
                    turned.put_pixel(to_x, to_y, *image.get_pixel(x, y));
                }
            }
        }
    }
    turned
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{GrayImage, Luma};

    #[test]
    fn as_the_other_way_round() {
        let image = GrayImage::from_fn(70, 41, |x, y| Luma([(x * 3 + y * 7) as u8]));
        for exif in 1..=8 {
            let orientation = Orientation::from_exif(exif).unwrap();
            let mut expected = DynamicImage::ImageLuma8(image.clone());
            expected.apply_orientation(orientation);
            let Pixels::Grey(turned) = upright(Pixels::Grey(image.clone()), orientation) else {
                panic!("grey stays grey");
            };
            assert!(turned == expected.into_luma8(), "{exif}");
        }
    }
}
