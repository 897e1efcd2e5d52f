//! Sizes of stored pictures.
#![expect(clippy::unwrap_used, reason = "the helpers of tests may, as tests do")]

mod make;

use freehold_media::{
    Encoded, Fit, Format, Limits, MediaError, StillFormat, VARIANT_SIDE_MAX_PX, VariantSpec, variant,
};
use image::{ImageDecoder, Rgb, RgbImage};
use make::Extras;

fn spec(width_px: impl Into<Option<u32>>, height_px: impl Into<Option<u32>>, fit: Fit) -> VariantSpec {
    VariantSpec {
        width_px: width_px.into(),
        height_px: height_px.into(),
        fit,
        ..VariantSpec::default()
    }
}

fn made(bytes: &[u8], spec: &VariantSpec) -> (Encoded, RgbImage) {
    let encoded = variant(bytes, spec, &Limits::default()).unwrap();
    let seen = image::load_from_memory(&encoded.bytes).unwrap().into_rgb8();
    assert_eq!(seen.dimensions(), (encoded.width_px, encoded.height_px));
    (encoded, seen)
}

#[test]
fn sizes() {
    let wide = make::png(&make::shades(400, 200), &Extras::default());
    for (spec, expected) in [
        (spec(100, 100, Fit::Inside), (100, 50)),
        (spec(100, None, Fit::Inside), (100, 50)),
        (spec(None, 100, Fit::Inside), (200, 100)),
        (spec(100, 100, Fit::Cover), (100, 100)),
        (spec(100, None, Fit::Cover), (100, 50)),
        (spec(100, 100, Fit::Contain), (100, 100)),
        (spec(1, 1, Fit::Cover), (1, 1)),
        // Not larger than it is.
        (spec(4000, 4000, Fit::Inside), (400, 200)),
        (spec(1000, 1000, Fit::Cover), (200, 200)),
        (spec(4096, 1, Fit::Cover), (400, 1)),
        (spec(1, 4096, Fit::Cover), (1, 200)),
        (spec(500, 500, Fit::Contain), (500, 500)),
    ] {
        let (encoded, _) = made(&wide, &spec);
        assert_eq!((encoded.width_px, encoded.height_px), expected, "{spec:?}");
    }
}

#[test]
fn cover_cuts_and_contain_adds() {
    // Three squares: red, blue, red.
    let flag = RgbImage::from_fn(300, 100, |x, _| {
        if x / 100 == 1 {
            Rgb([0, 0, 200])
        } else {
            Rgb([200, 0, 0])
        }
    });
    let flag = make::png(&flag, &Extras::default());
    let (_, seen) = made(&flag, &spec(50, 50, Fit::Cover));
    assert!(seen.pixels().all(|pixel| pixel[2] > 150), "the middle");
    let (_, seen) = made(&flag, &spec(90, 90, Fit::Contain));
    assert_eq!(
        (seen.get_pixel(45, 0).0, seen.get_pixel(45, 89).0),
        ([255; 3], [255; 3])
    );
    assert_eq!(
        (seen.get_pixel(45, 45).0, seen.get_pixel(5, 45).0),
        ([0, 0, 200], [200, 0, 0])
    );
}

#[test]
fn formats() {
    let none = Extras::default();
    let picture = make::shades(300, 200);
    let gif = make::gif(&[make::shades(300, 200), make::red(300, 200)]);
    let webp = make::animated_webp(&[make::shades(300, 200), make::red(300, 200)]);
    for (bytes, usual) in [
        (make::jpeg(&picture, &none), Format::Jpeg),
        (make::png(&picture, &none), Format::Png),
        (make::webp(&picture, &none), Format::WebP),
        (gif, Format::Png),
        (webp, Format::WebP),
    ] {
        let mut spec = spec(100, 100, Fit::Inside);
        let (encoded, seen) = made(&bytes, &spec);
        assert_eq!(encoded.format, usual);
        assert!(!encoded.animated && seen.get_pixel(50, 30)[0] < 120, "the first frame");
        for (asked, format) in [
            (StillFormat::Jpeg, Format::Jpeg),
            (StillFormat::Png, Format::Png),
            (StillFormat::WebP, Format::WebP),
        ] {
            spec.format = Some(asked);
            assert_eq!(made(&bytes, &spec).0.format, format);
        }
    }
}

#[test]
fn quality_and_profile() {
    let profile = moxcms::ColorProfile::new_display_p3().encode().unwrap();
    let extras = Extras {
        exif: Some(make::exif(1)),
        profile: Some(profile.clone()),
    };
    let photo = make::jpeg(&make::shades(600, 400), &extras);
    let with = |quality| VariantSpec {
        quality: Some(quality),
        ..spec(300, None, Fit::Inside)
    };
    let (low, high) = (made(&photo, &with(20)).0, made(&photo, &with(95)).0);
    assert!(low.bytes.len() < high.bytes.len());
    made(&photo, &with(0));
    made(&photo, &with(255));
    let mut decoder = image::codecs::jpeg::JpegDecoder::new(std::io::Cursor::new(&low.bytes)).unwrap();
    assert_eq!(decoder.icc_profile().unwrap(), Some(profile));
    assert!(!make::contains(&low.bytes, b"SECRETMAKER"));
}

#[test]
fn boxes_that_are_none() {
    let bytes = make::png(&make::shades(64, 64), &Extras::default());
    let bad = MediaError::BadVariant {
        side_max_px: VARIANT_SIDE_MAX_PX,
    };
    for spec in [
        spec(None, None, Fit::Inside),
        spec(0, 10, Fit::Cover),
        spec(10, 0, Fit::Contain),
        spec(4097, None, Fit::Inside),
        spec(u32::MAX, u32::MAX, Fit::Cover),
    ] {
        assert_eq!(variant(&bytes, &spec, &Limits::default()), Err(bad.clone()));
    }
    assert!(variant(b"<svg/>", &spec(10, 10, Fit::Inside), &Limits::default()).is_err());
}
