//! A decoded picture: opaque, 8 bits a colour, grey or in colours.

use image::{DynamicImage, GrayImage, ImageBuffer, RgbImage, RgbaImage};
use std::borrow::Cow;

/// A decoded picture.
pub(crate) enum Pixels {
    Grey(GrayImage),
    Colour(RgbImage),
}

impl Pixels {
    /// Lays a picture on white, so that what is judged is what is served: nothing hides where it is transparent.
    pub(crate) fn flatten(image: DynamicImage) -> Self {
        match image {
            DynamicImage::ImageLuma8(image) => Self::Grey(image),
            DynamicImage::ImageLumaA8(image) => {
                let (width, height) = image.dimensions();
                Self::grey(width, height, opaque::<2>(image.into_raw()))
            }
            DynamicImage::ImageRgb8(image) => Self::Colour(image),
            DynamicImage::ImageRgba8(image) => Self::Colour(flatten_rgba(image)),
            DynamicImage::ImageLuma16(image) => {
                let (width, height) = image.dimensions();
                Self::grey(width, height, narrow(&image.into_raw()))
            }
            DynamicImage::ImageLumaA16(image) => {
                let (width, height) = image.dimensions();
                Self::grey(width, height, opaque::<2>(narrow(&image.into_raw())))
            }
            DynamicImage::ImageRgb16(image) => {
                let (width, height) = image.dimensions();
                Self::colour(width, height, narrow(&image.into_raw()))
            }
            DynamicImage::ImageRgba16(image) => {
                let (width, height) = image.dimensions();
                Self::colour(width, height, opaque::<4>(narrow(&image.into_raw())))
            }
            // Floating point; none of the four decoders gives it.
            other => Self::Colour(flatten_rgba(other.into_rgba8())),
        }
    }

    pub(crate) fn dimensions(&self) -> (u32, u32) {
        match self {
            Self::Grey(image) => image.dimensions(),
            Self::Colour(image) => image.dimensions(),
        }
    }

    /// The picture in colours, whatever they are.
    pub(crate) fn rgb(&self) -> Cow<'_, RgbImage> {
        match self {
            Self::Grey(image) => {
                let raw = image.as_raw().iter().flat_map(|grey| [*grey; 3]).collect();
                Cow::Owned(buffer(image.width(), image.height(), raw))
            }
            Self::Colour(image) => Cow::Borrowed(image),
        }
    }

    fn grey(width: u32, height: u32, raw: Vec<u8>) -> Self {
        Self::Grey(buffer(width, height, raw))
    }

    fn colour(width: u32, height: u32, raw: Vec<u8>) -> Self {
        Self::Colour(buffer(width, height, raw))
    }
}

pub(crate) fn flatten_rgba(image: RgbaImage) -> RgbImage {
    let (width, height) = image.dimensions();
    buffer(width, height, opaque::<4>(image.into_raw()))
}

/// INVARIANT: `raw` has the pixels' channels for the size. It is so by construction; if it ever were not, an empty picture is refused by
/// all that comes after.
fn buffer<P: image::Pixel<Subpixel = u8>>(width: u32, height: u32, raw: Vec<u8>) -> ImageBuffer<P, Vec<u8>> {
    ImageBuffer::from_raw(width, height, raw).unwrap_or_default()
}

/// Lays pixels of N channels, the last of them alpha, on white; in place, because a picture may take most of what memory there is.
fn opaque<const N: usize>(mut raw: Vec<u8>) -> Vec<u8> {
    let pixels = raw.len() / N;
    for pixel in 0..pixels {
        let alpha = u32::from(raw[pixel * N + N - 1]);
        for channel in 0..N - 1 {
            let value = u32::from(raw[pixel * N + channel]);
            raw[pixel * (N - 1) + channel] = ((value * alpha + 255 * (255 - alpha) + 127) / 255) as u8;
        }
    }
    raw.truncate(pixels * (N - 1));
    raw
}

/// 16 bits to 8, rounded.
fn narrow(raw: &[u16]) -> Vec<u8> {
    raw.iter()
        .map(|value| ((u32::from(*value) + 128) / 257) as u8)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transparency_is_white() {
        let raw = vec![10, 20, 30, 255, 10, 20, 30, 0, 0, 100, 255, 128];
        assert_eq!(opaque::<4>(raw), [10, 20, 30, 255, 255, 255, 127, 177, 255]);
        assert_eq!(opaque::<2>(vec![7, 255, 7, 0]), [7, 255]);
    }

    #[test]
    fn the_ends_of_16_bits_stay_ends() {
        assert_eq!(narrow(&[0, 128, 129, 257, 65_535]), [0, 0, 1, 1, 255]);
    }
}
