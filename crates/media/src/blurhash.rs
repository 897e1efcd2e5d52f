//! BlurHash: a picture's colours in about 30 characters, to show while it is on its way. Written from the public algorithm
//! (<https://github.com/woltapp/blurhash/blob/master/Algorithm.md>).

use crate::decode;
use crate::error::MediaError;
use crate::guard;
use crate::settings::Limits;
use crate::shrink;
use image::RgbImage;
use std::f32::consts::PI;

/// Waves across and down.
const WAVES: (usize, usize) = (4, 3);
/// What it is computed of; more pixels give the same.
const SIDE_PX: u32 = 32;
const DIGITS: &[u8; 83] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~";

/// The BlurHash of a still, or of an animation's first frame: for a picture that a person released.
///
/// # Errors
/// Those of decoding.
pub fn blurhash(bytes: &[u8], limits: &Limits) -> Result<String, MediaError> {
    let hash = guard::caught(|| Ok(of(&decode::still(bytes, limits)?.pixels.rgb())));
    hash.unwrap_or(Err(MediaError::Crashed))
}

pub(crate) fn of(rgb: &RgbImage) -> String {
    let (width, height) = shrink::size_inside(rgb.dimensions(), SIDE_PX, SIDE_PX);
    hash(&shrink::coarsely(rgb, width, height))
}

fn hash(image: &RgbImage) -> String {
    let mut factors = Vec::with_capacity(WAVES.0 * WAVES.1);
    for down in 0..WAVES.1 {
        for across in 0..WAVES.0 {
            factors.push(factor(image, across, down));
        }
    }
    let mut text = String::with_capacity(6 + 2 * (factors.len() - 1));
    digits(&mut text, (WAVES.0 - 1 + (WAVES.1 - 1) * 9) as u32, 1);
    let (mean, waves) = factors.split_at(1);
    let largest = waves
        .iter()
        .flatten()
        .fold(0_f32, |largest, value| largest.max(value.abs()));
    let scale = (largest * 166.0 - 0.5).floor().clamp(0.0, 82.0);
    digits(&mut text, scale as u32, 1);
    let [red, green, blue] = mean[0].map(to_srgb);
    digits(&mut text, red << 16 | green << 8 | blue, 4);
    let most = (scale + 1.0) / 166.0;
    for wave in waves {
        let [red, green, blue] = wave.map(|value| {
            let root = (value / most).abs().sqrt().copysign(value);
            (root * 9.0 + 9.5).floor().clamp(0.0, 18.0) as u32
        });
        digits(&mut text, red * 19 * 19 + green * 19 + blue, 2);
    }
    text
}

/// How much of one wave there is in each colour.
fn factor(image: &RgbImage, across: usize, down: usize) -> [f32; 3] {
    let (width, height) = (image.width() as f32, image.height() as f32);
    let mut sum = [0.0; 3];
    for (x, y, pixel) in image.enumerate_pixels() {
        let wave = (PI * across as f32 * x as f32 / width).cos() * (PI * down as f32 * y as f32 / height).cos();
        for (sum, value) in sum.iter_mut().zip(pixel.0) {
            *sum += wave * to_linear(value);
        }
    }
    let norm = if across == 0 && down == 0 { 1.0 } else { 2.0 };
    sum.map(|sum| sum * norm / (width * height))
}

fn to_linear(value: u8) -> f32 {
    let value = f32::from(value) / 255.0;
    if value <= 0.040_45 {
        value / 12.92
    } else {
        ((value + 0.055) / 1.055).powf(2.4)
    }
}

fn to_srgb(value: f32) -> u32 {
    let value = value.clamp(0.0, 1.0);
    let value = if value <= 0.003_130_8 {
        value * 12.92
    } else {
        1.055 * value.powf(1.0 / 2.4) - 0.055
    };
    (value * 255.0 + 0.5) as u32
}

fn digits(text: &mut String, value: u32, length: u32) {
    for place in (0..length).rev() {
        let digit = value / 83_u32.pow(place) % 83;
        text.push(char::from(DIGITS[digit as usize]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::Rgb;

    /// The mean colour, which stands in the third to sixth character.
    fn mean(hash: &str) -> u32 {
        let digit = |byte: u8| DIGITS.iter().position(|digit| *digit == byte).unwrap() as u32;
        hash.bytes().skip(2).take(4).fold(0, |sum, byte| sum * 83 + digit(byte))
    }

    #[test]
    fn one_colour() {
        let hash = of(&RgbImage::from_pixel(640, 480, Rgb([255, 136, 0])));
        assert_eq!(hash.len(), 28);
        assert!(hash.starts_with('L'), "{hash}");
        assert_eq!(mean(&hash), 0x00ff_8800);
    }

    /// By hand: left half black, right half white, of two pixels. The mean of light is 0.5, 188 in sRGB; the first wave across has
    /// cosines 1 and 0 and so the factor 0; the second -1 for white, factor -1; the third cos(1.5π) = 0.
    #[test]
    fn black_and_white() {
        let hash = hash(&RgbImage::from_fn(2, 1, |x, _| Rgb([x as u8 * 255; 3])));
        assert_eq!(mean(&hash), 0x00bc_bcbc);
        // Largest factor 1: scale 82. The waves down have the cosine 1 in a single row.
        assert_eq!(&hash[1..2], "~");
    }

    #[test]
    fn any_size_has_one() {
        for (width, height) in [(1, 1), (1, 5000), (5000, 1), (33, 31)] {
            assert_eq!(of(&RgbImage::new(width, height)).len(), 28);
        }
    }
}
