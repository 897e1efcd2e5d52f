use super::*;
use image::codecs::jpeg::JpegEncoder;
use image::{ExtendedColorType, Rgb, RgbImage};

fn raster(image: &RgbImage) -> Raster<'_> {
    Raster {
        width: image.width(),
        height: image.height(),
        raw: image.as_raw(),
        is_grey: false,
    }
}

fn shades(width: u32, height: u32) -> RgbImage {
    let wave = |x: u32, y: u32, a: f32, b: f32| ((x as f32 * a).sin() * (y as f32 * b).cos() * 100.0 + 128.0) as u8;
    RgbImage::from_fn(width, height, |x, y| {
        Rgb([wave(x, y, 0.05, 0.08), wave(x, y, 0.3, 0.02), wave(x, y, 0.01, 0.2)])
    })
}

/// Mean of squared differences.
fn error(a: &[u8], b: &[u8]) -> f64 {
    assert_eq!(a.len(), b.len());
    let sum: f64 = a.iter().zip(b).map(|(a, b)| f64::from(a.abs_diff(*b)).powi(2)).sum();
    sum / a.len() as f64
}

#[test]
fn as_good_as_the_other_encoder() {
    let picture = shades(203, 117);
    for quality in [1, 30, 50, 75, 85, 95, 100] {
        let mut other = Vec::new();
        let mut encoder = JpegEncoder::new_with_quality(&mut other, quality);
        encoder
            .encode(picture.as_raw(), 203, 117, ExtendedColorType::Rgb8)
            .unwrap();
        let ours = write(raster(&picture), quality, Detail::Full, None).unwrap();
        let read = |bytes: &[u8]| image::load_from_memory(bytes).unwrap().into_rgb8();
        let (theirs_off, ours_off) = (error(&read(&other), &picture), error(&read(&ours), &picture));
        assert!(ours_off < theirs_off * 1.1 + 0.5, "{quality}: {ours_off} {theirs_off}");
        assert!(
            ours.len() < other.len() * 11 / 10,
            "{quality}: {} {}",
            ours.len(),
            other.len()
        );
    }
}

#[test]
fn every_size_comes_back() {
    for (width, height) in [(1, 1), (7, 9), (8, 8), (16, 16), (17, 15), (33, 1), (1, 40), (100, 64)] {
        let picture = shades(width, height);
        for detail in [Detail::Full, Detail::Quarter] {
            let bytes = write(raster(&picture), 95, detail, None).unwrap();
            let survey = crate::jpeg::survey(&bytes).unwrap();
            assert_eq!((survey.width_px, survey.height_px), (width, height));
            let read = image::load_from_memory(&bytes).unwrap().into_rgb8();
            let off = error(&read, &picture);
            assert!(
                off < if detail == Detail::Full { 12.0 } else { 90.0 },
                "{width} × {height} {detail:?}: {off}"
            );
        }
    }
}

/// Hard edges and noise reach the ends of every table.
#[test]
fn extremes() {
    let mut state = 7_u32;
    let noise = RgbImage::from_fn(64, 64, |_, _| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        Rgb([0, 1, 2].map(|colour| if state >> (29 + colour) & 1 == 0 { 0 } else { 255 }))
    });
    for picture in [
        noise,
        RgbImage::from_fn(64, 64, |x, y| Rgb([((x ^ y) % 2 * 255) as u8; 3])),
    ] {
        let read = |bytes: &[u8]| image::load_from_memory(bytes).unwrap().into_rgb8();
        let bytes = write(raster(&picture), 100, Detail::Full, None).unwrap();
        assert!(
            error(&read(&bytes), &picture) < 6.0,
            "{}",
            error(&read(&bytes), &picture)
        );
        for quality in [1, 50, 100] {
            read(&write(raster(&picture), quality, Detail::Quarter, None).unwrap());
        }
    }
}

#[test]
fn grey() {
    let raw: Vec<u8> = (0..90 * 50).map(|at| (at % 90 * 2 + at / 90) as u8).collect();
    let raster = Raster {
        width: 90,
        height: 50,
        raw: &raw,
        is_grey: true,
    };
    let bytes = write(raster, 95, Detail::Quarter, None).unwrap();
    assert_eq!(crate::jpeg::survey(&bytes).unwrap().components, 1);
    assert!(error(&image::load_from_memory(&bytes).unwrap().into_luma8(), &raw) < 3.0);
}

#[test]
fn what_cannot_be_written() {
    let empty = RgbImage::new(0, 0);
    assert_eq!(
        write(raster(&empty), 85, Detail::Full, None),
        Err(MediaError::NotWritten)
    );
    let line = RgbImage::new(65_536, 1);
    assert_eq!(
        write(raster(&line), 85, Detail::Full, None),
        Err(MediaError::NotWritten)
    );
    let short = Raster {
        raw: &[1, 2, 3],
        ..raster(&line)
    };
    assert_eq!(
        write(Raster { width: 2, ..short }, 85, Detail::Full, None),
        Err(MediaError::NotWritten)
    );
}
