//! What strangers send: bombs, impostors, stowaways; and what only looks like one.
#![expect(clippy::unwrap_used, reason = "the helpers of tests may, as tests do")]

mod make;

use freehold_media::{Encoded, Format, Kind, Limits, MediaError, Processed, Reason, Settings, SmallRule, Status};
use freehold_media::{moderate, process, sniff};
use image::codecs::jpeg::JpegDecoder;
use image::{AnimationDecoder, DynamicImage, ExtendedColorType, ImageDecoder, Rgb, RgbImage, Rgba, RgbaImage};
use make::{Extras, RedFinder};
use std::io::Cursor;

fn taken(bytes: &[u8]) -> Processed {
    let processed = process(bytes, &Settings::default(), &RedFinder::default()).unwrap();
    assert_whole(&processed);
    processed
}

fn refused(bytes: &[u8]) -> MediaError {
    let error = process(bytes, &Settings::default(), &RedFinder::default()).expect_err("it is taken");
    assert!(!error.word().is_empty() && !error.hint().is_empty() && !error.to_string().is_empty());
    error
}

/// What holds of all that is taken.
fn assert_whole(processed: &Processed) {
    let check = |encoded: &Encoded| {
        assert_eq!(sniff(&encoded.bytes).word(), encoded.format.word());
        assert_eq!(decoded(encoded).dimensions(), (encoded.width_px, encoded.height_px));
    };
    check(&processed.original);
    processed.blurred.iter().for_each(check);
    assert_eq!(processed.blurred.is_some(), processed.verdict.status == Status::Unsafe);
    assert_eq!(processed.blurhash.is_some(), processed.verdict.status == Status::Safe);
    assert_eq!(
        processed.verdict.reasons.is_empty(),
        processed.verdict.status == Status::Safe
    );
}

fn decoded(encoded: &Encoded) -> RgbImage {
    image::load_from_memory(&encoded.bytes).unwrap().into_rgb8()
}

fn is_near(image: &RgbImage, x: u32, y: u32, expected: [u8; 3]) -> bool {
    image
        .get_pixel(x, y)
        .0
        .iter()
        .zip(expected)
        .all(|(a, b)| a.abs_diff(b) < 12)
}

#[test]
fn ordinary_pictures_come_through() {
    let picture = make::shades(200, 120);
    let none = Extras::default();
    for (bytes, format, is_exact) in [
        (make::jpeg(&picture, &none), Format::Jpeg, false),
        (make::png(&picture, &none), Format::Png, true),
        (make::webp(&picture, &none), Format::WebP, true),
        (make::gif(std::slice::from_ref(&picture)), Format::Gif, false),
    ] {
        let processed = taken(&bytes);
        assert_eq!(
            (processed.verdict.status, processed.original.format),
            (Status::Safe, format)
        );
        assert!(!processed.original.animated);
        let seen = decoded(&processed.original);
        assert!(!is_exact || seen == picture, "{format:?}");
        let far: u64 = seen
            .iter()
            .zip(picture.iter())
            .map(|(a, b)| u64::from(a.abs_diff(*b)))
            .sum();
        assert!(far / (200 * 120 * 3) < 10, "{format:?}: {far}");
    }
}

#[test]
fn what_is_no_picture() {
    let not = |bytes: &[u8], found: Kind| assert_eq!(refused(bytes), MediaError::NotAnImage { found });
    assert_eq!(refused(b""), MediaError::Empty);
    not(b"<!DOCTYPE html><script>alert(1)</script>", Kind::Html);
    not(b"%PDF-1.7\n", Kind::Pdf);
    not(b"PK\x03\x04\x14\0\0\0", Kind::Zip);
    not(b"name,age\nAda,36\n", Kind::Csv);
    not(b"just words", Kind::Text);
    not(b"\x7fELF\x02\x01\x01", Kind::Program);
    not(&[0; 100], Kind::Unknown);
}

#[test]
fn formats_that_are_not_taken() {
    let not = |bytes: &[u8], found: Kind| assert_eq!(refused(bytes), MediaError::UnsupportedType { found });
    not(
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        Kind::Svg,
    );
    not(b"<?xml version='1.0'?><svg/>", Kind::Svg);
    not(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", Kind::Heic);
    not(b"\0\0\0\x18ftypavif\0\0\0\0mif1avif", Kind::Avif);
    not(b"BM\x46\0\0\0\0\0\0\0\x36\0\0\0", Kind::Bmp);
    not(b"II*\0\x08\0\0\0", Kind::Tiff);
}

/// The beginning of one format, and the rest of another: the content decides, and it is damaged.
#[test]
fn impostors() {
    let none = Extras::default();
    let jpeg = make::jpeg(&make::shades(80, 80), &none);
    let png = make::png(&make::shades(80, 80), &none);
    // A name says nothing here: content of one type is of that type.
    assert_eq!(taken(&jpeg).kind, Kind::Jpeg);
    let page = b"<html><script>alert(1)</script></html>";
    for head in [&png[..8], &jpeg[..4], b"GIF89a", b"RIFF\x26\0\0\0WEBP"] {
        let error = refused(&[head, page.as_slice()].concat());
        let words = [
            "truncated",
            "damaged",
            "too_many_pixels",
            "side_too_long",
            "too_much_memory",
            "unsupported_feature",
        ];
        assert!(words.contains(&error.word()), "{error:?}");
    }
    assert!(matches!(
        refused(&[&png[..8], &jpeg].concat()),
        MediaError::Damaged { .. }
    ));
    assert!(matches!(
        refused(&[b"\xff\xd8\xff", png.as_slice()].concat()).word(),
        "truncated" | "damaged"
    ));
}

#[test]
fn a_polyglot_loses_its_tail() {
    let picture = make::shades(96, 96);
    let none = Extras::default();
    let tail = b"<script>alert(1)</script>PK\x03\x04<?php echo 1; ?>";
    for bytes in [
        make::jpeg(&picture, &none),
        make::png(&picture, &none),
        make::gif(&[picture.clone(), make::shades(96, 96)]),
        make::webp(&picture, &none),
    ] {
        let processed = taken(&[bytes.as_slice(), tail].concat());
        for secret in [&b"<script"[..], b"<?php", b"PK\x03\x04"] {
            assert!(!make::contains(&processed.original.bytes, secret));
        }
    }
    // Within: a comment of a JPEG and of a GIF, a text of a PNG, an unknown chunk of a WebP.
    let jpeg = make::jpeg(&picture, &none);
    let jpeg = [&jpeg[..2], b"\xff\xfe\0\x1b<script>alert(1)</script>", &jpeg[2..]].concat();
    let png = make::with_chunks(
        &make::png(&picture, &none),
        &[make::chunk(*b"tEXt", b"Comment\0<script>alert(1)</script>")],
    );
    let mut webp = [
        make::webp(&picture, &none),
        make::riff(*b"JUNK", b"<script>alert(1)</script>"),
    ]
    .concat();
    let size = (webp.len() as u32 - 8).to_le_bytes();
    webp[4..8].copy_from_slice(&size);
    let gif = make::gif(&[picture]);
    let palette = 13
        + if gif[10] & 0x80 == 0 {
            0
        } else {
            3 << ((gif[10] & 7) + 1)
        };
    let gif = [
        &gif[..palette],
        b"\x21\xfe\x19<script>alert(1)</script>\0",
        &gif[palette..],
    ]
    .concat();
    for bytes in [jpeg, png, webp, gif] {
        assert!(make::contains(&bytes, b"<script"));
        let processed = taken(&bytes);
        assert_eq!(processed.verdict.status, Status::Safe);
        assert!(
            !make::contains(&processed.original.bytes, b"<script"),
            "{:?}",
            processed.kind
        );
    }
}

#[test]
fn metadata_is_gone_and_the_picture_is_upright() {
    // Red on the left: it is turned clockwise to the top.
    let picture = RgbImage::from_fn(
        128,
        96,
        |x, _| if x < 32 { Rgb([200, 20, 20]) } else { Rgb([20, 20, 200]) },
    );
    let extras = Extras {
        exif: Some(make::exif(6)),
        profile: None,
    };
    for bytes in [
        make::jpeg(&picture, &extras),
        make::png(&picture, &extras),
        make::webp(&picture, &extras),
    ] {
        assert!(make::contains(&bytes, b"SECRETMAKER"));
        let processed = taken(&bytes);
        let original = &processed.original;
        assert_eq!((original.width_px, original.height_px), (96, 128));
        let seen = decoded(original);
        assert!(is_near(&seen, 48, 5, [200, 20, 20]), "{:?}", processed.kind);
        assert!(is_near(&seen, 48, 120, [20, 20, 200]));
        let position = [52_u32, 1, 31, 1].map(u32::to_le_bytes).concat();
        for secret in [&b"SECRETMAKER"[..], b"Exif", b"eXIf", b"EXIF", position.as_slice()] {
            assert!(!make::contains(&original.bytes, secret));
        }
    }
}

#[test]
fn each_orientation_is_applied() {
    let corner = |image: &RgbImage, x: u32, y: u32| image.get_pixel(x, y)[0] > 128;
    // Bright at the left top, and nowhere else.
    let picture = RgbImage::from_fn(128, 96, |x, y| Rgb([if x < 40 && y < 40 { 250 } else { 0 }, 0, 0]));
    for (orientation, bright) in [(1, 0), (2, 1), (3, 3), (4, 2), (5, 0), (6, 1), (7, 3), (8, 2)] {
        let exif = Some(make::exif(orientation));
        let processed = taken(&make::png(&picture, &Extras { exif, profile: None }));
        let seen = decoded(&processed.original);
        let (right, bottom) = (seen.width() - 1, seen.height() - 1);
        let corners = [
            corner(&seen, 0, 0),
            corner(&seen, right, 0),
            corner(&seen, 0, bottom),
            corner(&seen, right, bottom),
        ];
        let expected: Vec<bool> = (0..4).map(|at| at == bright).collect();
        assert_eq!(corners.as_slice(), expected, "{orientation}");
        assert_eq!(seen.width() == 96, orientation > 4);
    }
}

#[test]
fn broken_metadata_is_no_reason() {
    let picture = make::shades(96, 96);
    for exif in [
        b"junk".to_vec(),
        make::exif(99),
        make::exif(6)[..30].to_vec(),
        vec![0xff; 60_000],
    ] {
        let exif = Some(exif);
        let profile = Some(b"no profile".to_vec());
        assert_eq!(
            taken(&make::jpeg(&picture, &Extras { profile, exif })).verdict.status,
            Status::Safe
        );
    }
}

#[test]
fn the_colour_profile_is_kept() {
    let profile = moxcms::ColorProfile::new_display_p3().encode().unwrap();
    let extras = Extras {
        exif: None,
        profile: Some(profile.clone()),
    };
    let picture = make::shades(96, 96);
    let kept = |bytes: &[u8]| match sniff(bytes) {
        Kind::Jpeg => JpegDecoder::new(Cursor::new(bytes)).unwrap().icc_profile().unwrap(),
        Kind::Png => image::codecs::png::PngDecoder::new(Cursor::new(bytes))
            .unwrap()
            .icc_profile()
            .unwrap(),
        _ => image::codecs::webp::WebPDecoder::new(Cursor::new(bytes))
            .unwrap()
            .icc_profile()
            .unwrap(),
    };
    for bytes in [
        make::jpeg(&picture, &extras),
        make::png(&picture, &extras),
        make::webp(&picture, &extras),
    ] {
        let processed = taken(&bytes);
        assert_eq!(
            kept(&processed.original.bytes),
            Some(profile.clone()),
            "{:?}",
            processed.kind
        );
    }
    // Too large, or none.
    for junk in [vec![7; 70_000], b"<script>alert(1)</script>".to_vec()] {
        let extras = Extras {
            exif: None,
            profile: Some(junk),
        };
        assert_eq!(kept(&taken(&make::jpeg(&picture, &extras)).original.bytes), None);
    }
}

/// A profile that shows red and blue in each other's place: the numbers are innocent, and what a browser shows is not.
#[test]
fn a_profile_hides_nothing() {
    let mut profile = moxcms::ColorProfile::new_srgb();
    (profile.red_colorant, profile.blue_colorant) = (profile.blue_colorant, profile.red_colorant);
    profile.cicp = None;
    let extras = Extras {
        exif: None,
        profile: Some(profile.encode().unwrap()),
    };
    let blue = RgbImage::from_pixel(96, 96, Rgb([0, 0, 255]));
    assert_eq!(
        taken(&make::png(&blue, &Extras::default())).verdict.status,
        Status::Safe
    );
    assert_eq!(taken(&make::png(&blue, &extras)).verdict.status, Status::Unsafe);
}

#[test]
fn nothing_hides_where_it_is_transparent() {
    // Red that nobody sees is gone, and what was seen of it is judged.
    let hidden = RgbaImage::from_pixel(96, 96, Rgba([255, 0, 0, 0]));
    let processed = taken(&make::png_rgba(&hidden));
    assert_eq!(processed.verdict.status, Status::Safe);
    assert!(decoded(&processed.original).pixels().all(|pixel| pixel.0 == [255; 3]));
    let opaque = image::load_from_memory(&processed.original.bytes).unwrap();
    assert!(!opaque.color().has_alpha());
    // Shown by transparency alone: cyan and magenta would be white and red.
    let shown = RgbaImage::from_fn(96, 96, |_, _| Rgba([250, 0, 0, 200]));
    assert_eq!(taken(&make::png_rgba(&shown)).verdict.status, Status::Unsafe);
    let grey = make::png_of(
        &[10, 0, 10, 255].repeat(96 * 48),
        (96, 96),
        ExtendedColorType::La8,
        &Extras::default(),
    );
    let seen = decoded(&taken(&grey).original);
    assert_eq!((seen.get_pixel(0, 0).0, seen.get_pixel(1, 0).0), ([255; 3], [10; 3]));
}

#[test]
fn sixteen_bits_become_eight() {
    let native = |values: &[u16]| values.iter().flat_map(|value| value.to_ne_bytes()).collect::<Vec<u8>>();
    let none = Extras::default();
    let colour = native(&[65_535, 257 * 100, 0].repeat(96 * 96));
    let processed = taken(&make::png_of(&colour, (96, 96), ExtendedColorType::Rgb16, &none));
    assert!(
        decoded(&processed.original)
            .pixels()
            .all(|pixel| pixel.0 == [255, 100, 0])
    );
    let clear = native(&[65_535, 0, 0, 0].repeat(96 * 96));
    let processed = taken(&make::png_of(&clear, (96, 96), ExtendedColorType::Rgba16, &none));
    assert!(decoded(&processed.original).pixels().all(|pixel| pixel.0 == [255; 3]));
    let grey = native(&[257 * 40].repeat(96 * 96));
    let processed = taken(&make::png_of(&grey, (96, 96), ExtendedColorType::L16, &none));
    assert!(matches!(
        image::load_from_memory(&processed.original.bytes).unwrap(),
        DynamicImage::ImageLuma8(_)
    ));
}

#[test]
fn inks_become_lights() {
    // As Adobe stores them: 255 is no ink. Magenta and yellow make red.
    let red = make::flat_jpeg((12, 12), &[255, 0, 0, 255], Some(0));
    let processed = taken(&red);
    assert!(
        is_near(&decoded(&processed.original), 40, 40, [255, 0, 0]),
        "{:?}",
        decoded(&processed.original).get_pixel(40, 40)
    );
    assert_eq!(processed.verdict.status, Status::Unsafe);
    let green = taken(&make::flat_jpeg((12, 12), &[0, 255, 0, 255], Some(0)));
    assert!(is_near(&decoded(&green.original), 40, 40, [0, 255, 0]));
    let grey = taken(&make::flat_jpeg((12, 12), &[90], None));
    assert!(is_near(&decoded(&grey.original), 40, 40, [90; 3]));
}

#[test]
fn an_animated_png_stands_still() {
    let processed = taken(&make::apng(&make::shades(96, 96), &make::red(96, 96)));
    assert_eq!(processed.verdict.status, Status::Safe);
    assert!(!processed.original.animated);
    let mut names: Vec<String> = make::chunks(&processed.original.bytes)
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    names.dedup();
    assert_eq!(names, ["IHDR", "IDAT", "IEND"], "the other frame is gone");
    let processed = taken(&make::apng(&make::red(96, 96), &make::shades(96, 96)));
    assert_eq!(processed.verdict.status, Status::Unsafe);
}

#[test]
fn one_bad_frame_is_found() {
    let mut frames = vec![make::shades(96, 96); 20];
    frames[13] = make::red(96, 96);
    for (bytes, format) in [
        (make::gif(&frames), Format::Gif),
        (make::animated_webp(&frames), Format::WebP),
    ] {
        let processed = taken(&bytes);
        assert_eq!(processed.verdict.status, Status::Unsafe, "{format:?}");
        assert_eq!(processed.verdict.reasons, [Reason::Explicit]);
        assert_eq!(processed.verdict.frames_decoded, 20);
        assert!(processed.original.animated && processed.original.format == format);
        let blurred = processed.blurred.unwrap();
        assert!(!blurred.animated && blurred.format == Format::Jpeg);
    }
}

#[test]
fn animations_stay_as_they_are() {
    let frames: Vec<RgbImage> = (0..6)
        .map(|at| {
            RgbImage::from_fn(96, 80, |x, y| {
                Rgb([(at * 20) as u8, (x / 32 * 80) as u8, (y / 20 * 60) as u8])
            })
        })
        .collect();
    let read = |encoded: &Encoded| -> Vec<(RgbImage, u32)> {
        let cursor = Cursor::new(encoded.bytes.clone());
        let frames = match encoded.format {
            Format::Gif => image::codecs::gif::GifDecoder::new(cursor)
                .unwrap()
                .into_frames()
                .collect_frames(),
            _ => image::codecs::webp::WebPDecoder::new(cursor)
                .unwrap()
                .into_frames()
                .collect_frames(),
        };
        let frames = frames.unwrap().into_iter();
        frames
            .map(|frame| {
                let delay = frame.delay().numer_denom_ms();
                (
                    DynamicImage::ImageRgba8(frame.into_buffer()).into_rgb8(),
                    delay.0 / delay.1,
                )
            })
            .collect()
    };
    for bytes in [make::gif(&frames), make::animated_webp(&frames)] {
        let processed = taken(&bytes);
        assert_eq!(processed.verdict.status, Status::Safe);
        let read = read(&processed.original);
        assert_eq!(read.len(), frames.len());
        for ((seen, delay_ms), frame) in read.iter().zip(&frames) {
            assert_eq!(*delay_ms, 100);
            assert!(is_near(seen, 50, 50, frame.get_pixel(50, 50).0));
        }
        // Written anew once more, nothing changes.
        let again = taken(&processed.original.bytes);
        assert_eq!(again.original.bytes, processed.original.bytes);
    }
}

/// Frames that look like each other are judged once; a corner that changes is seen.
#[test]
fn equal_frames_are_judged_once() {
    let mut frames = vec![make::shades(128, 128); 40];
    for (at, frame) in frames.iter_mut().enumerate() {
        frame.put_pixel(at as u32, 3, Rgb([0, 0, 0]));
    }
    let moderator = RedFinder::default();
    let processed = process(&make::gif(&frames), &Settings::default(), &moderator).unwrap();
    assert_eq!(processed.verdict.status, Status::Safe);
    assert_eq!(processed.verdict.frames_judged, 1);
    assert_eq!(moderator.asked.into_inner(), 1);
    for y in 0..8 {
        for x in 0..8 {
            frames[30].put_pixel(x, y, Rgb([255, 255, 255]));
        }
    }
    let verdict = moderate(&make::gif(&frames), &Settings::default(), &RedFinder::default()).unwrap();
    assert_eq!(verdict.frames_judged, 2);
}

fn greys(count: u32) -> Vec<RgbImage> {
    (0..count)
        .map(|at| RgbImage::from_pixel(64, 64, Rgb([(at * 7) as u8; 3])))
        .collect()
}

#[test]
fn too_many_different_frames_are_held() {
    let at_most = process(
        &make::animated_webp(&greys(32)),
        &Settings::default(),
        &RedFinder::default(),
    )
    .unwrap();
    assert_eq!(
        (at_most.verdict.status, at_most.verdict.frames_judged),
        (Status::Safe, 32)
    );
    let more = process(
        &make::animated_webp(&greys(33)),
        &Settings::default(),
        &RedFinder::default(),
    )
    .unwrap();
    assert_eq!((more.verdict.status, more.verdict.frames_judged), (Status::Held, 32));
    assert_eq!(more.verdict.reasons, [Reason::ManyFrames]);
    assert_eq!(more.verdict.frames_decoded, 33);
    assert_eq!((more.blurred, more.blurhash), (None, None));
}

#[test]
fn a_long_animation_is_held_and_cut() {
    let check = |limits: Limits, frames: u32| {
        let settings = Settings {
            limits,
            ..Settings::default()
        };
        let mut pictures = vec![make::shades(64, 64); 15];
        pictures.push(make::red(64, 64));
        for bytes in [make::gif(&pictures), make::animated_webp(&pictures)] {
            let processed = process(&bytes, &settings, &RedFinder::default()).unwrap();
            assert_eq!(processed.verdict.status, Status::Held);
            assert_eq!(processed.verdict.reasons, [Reason::LongAnimation]);
            assert_eq!(processed.verdict.frames_decoded, frames);
            // What nobody judged is not among what may be released.
            let verdict = moderate(&processed.original.bytes, &Settings::default(), &RedFinder::default()).unwrap();
            assert_eq!((verdict.status, verdict.frames_decoded), (Status::Safe, frames));
        }
    };
    let limits = Limits::default();
    check(
        Limits {
            frames_max: 10,
            ..limits
        },
        10,
    );
    check(
        Limits {
            frame_pixels_max: 64 * 64 * 12 + 1,
            ..limits
        },
        12,
    );
    assert_eq!((limits.frames_max, limits.frames_judged_max), (600, 32));
}

#[test]
fn sizes_in_headers_are_not_believed() {
    let png = |width, height| refused(&make::raw_png(width, height, 8, 2, &make::zeros(1000)));
    assert!(matches!(
        png(16_385, 1),
        MediaError::SideTooLong { width_px: 16_385, .. }
    ));
    assert!(matches!(png(1, u32::MAX), MediaError::SideTooLong { .. }));
    assert!(matches!(
        png(10_000, 5_001),
        MediaError::TooManyPixels { pixels: 50_010_000, .. }
    ));
    assert!(matches!(png(0, 10), MediaError::Damaged { .. }));
    // 48 megapixels of 16 bits in four channels.
    assert_eq!(
        refused(&make::raw_png(8_000, 6_000, 16, 6, &make::zeros(1000))),
        MediaError::TooMuchMemory
    );
    // Few pixels arrive of what the header says.
    assert!(matches!(
        refused(&make::raw_png(4_000, 4_000, 8, 2, &make::zeros(1000))).word(),
        "truncated" | "damaged"
    ));

    let jpeg = |width: u16, height: u16| {
        let mut bytes = make::flat_jpeg((1, 1), &[90], None);
        let frame = bytes.windows(2).position(|window| window == b"\xff\xc0").unwrap();
        bytes[frame + 5..frame + 7].copy_from_slice(&height.to_be_bytes());
        bytes[frame + 7..frame + 9].copy_from_slice(&width.to_be_bytes());
        refused(&bytes)
    };
    assert!(matches!(jpeg(65_500, 65_500), MediaError::SideTooLong { .. }));
    assert!(matches!(jpeg(16_000, 16_000), MediaError::TooManyPixels { .. }));
    assert!(matches!(jpeg(0, 100), MediaError::Damaged { .. }));

    let mut gif = make::gif(&[make::shades(64, 64)]);
    gif[6..10].copy_from_slice(b"\xff\xff\xff\xff");
    assert!(matches!(refused(&gif), MediaError::SideTooLong { .. }));
    gif[6..10].copy_from_slice(&[6000_u16.to_le_bytes(), 6000_u16.to_le_bytes()].concat());
    assert_eq!(refused(&gif), MediaError::TooMuchMemory);

    let canvas = |width: u32, height: u32| {
        let still = make::webp(&make::shades(64, 64), &Extras::default());
        let side = |side: u32| (side - 1).to_le_bytes()[..3].to_vec();
        let canvas = [vec![0; 4], side(width), side(height)].concat();
        let body = [b"WEBP".as_slice(), &make::riff(*b"VP8X", &canvas), &still[12..]].concat();
        refused(&make::riff(*b"RIFF", &body))
    };
    assert!(matches!(canvas(1 << 24, 1 << 24), MediaError::SideTooLong { .. }));
    assert!(matches!(canvas(16_000, 16_000), MediaError::TooManyPixels { .. }));
    assert!(
        matches!(canvas(8, 8), MediaError::Damaged { .. }),
        "a frame larger than its canvas"
    );
}

/// A frame of 65,535 × 65,535 in a small GIF: 17 GB, if anybody believed it.
#[test]
fn a_frame_larger_than_its_canvas() {
    let mut gif = make::gif(&[make::shades(64, 64)]);
    let palette = 13
        + if gif[10] & 0x80 == 0 {
            0
        } else {
            3 << ((gif[10] & 7) + 1)
        };
    let descriptor = palette + gif[palette..].iter().position(|byte| *byte == 0x2c).unwrap();
    gif[descriptor + 5..descriptor + 9].copy_from_slice(b"\xff\xff\xff\xff");
    assert_eq!(refused(&gif), MediaError::TooMuchMemory);
}

#[test]
fn a_file_with_too_many_bytes() {
    let settings = Settings {
        limits: Limits {
            file_bytes_max: 1000,
            ..Limits::default()
        },
        ..Settings::default()
    };
    let bytes = make::png(&make::shades(64, 64), &Extras::default());
    let error = process(&bytes, &settings, &RedFinder::default()).unwrap_err();
    assert_eq!(error.word(), "file_too_large");
}

/// What unpacks to 64 MiB within chunks besides the picture.
#[test]
fn bombs_in_metadata() {
    let png = make::png(&make::shades(96, 96), &Extras::default());
    let bomb = make::zeros(64 << 20);
    let texts = [
        make::chunk(*b"iCCP", &[b"bomb\0\0".as_slice(), &bomb].concat()),
        make::chunk(*b"zTXt", &[b"bomb\0\0".as_slice(), &bomb].concat()),
        make::chunk(*b"iTXt", &[b"XML:com.adobe.xmp\0\x01\0\0\0".as_slice(), &bomb].concat()),
    ];
    for text in texts {
        match process(
            &make::with_chunks(&png, &[text]),
            &Settings::default(),
            &RedFinder::default(),
        ) {
            Ok(processed) => assert!(processed.original.bytes.len() < 2 * png.len() + 1000),
            Err(error) => assert_eq!(error, MediaError::TooMuchMemory),
        }
    }
}

/// A progressive JPEG may say "the same again" as often as it likes.
#[test]
fn bombs_of_scans() {
    let mut jpeg = make::flat_jpeg((1, 1), &[90], None);
    let frame = jpeg.windows(2).position(|window| window == b"\xff\xc0").unwrap();
    jpeg[frame + 1] = 0xc2;
    jpeg[frame + 5..frame + 9].copy_from_slice(&[6000_u16.to_be_bytes(), 8000_u16.to_be_bytes()].concat());
    jpeg.truncate(jpeg.len() - 2);
    for _ in 0..30 {
        jpeg.extend(b"\xff\xda\0\x08\x01\x01\0\x01\x3f\0\0");
    }
    jpeg.extend(b"\xff\xd9");
    assert_eq!(refused(&jpeg), MediaError::TooComplex);
    // Without the scans it is 96 MB of coefficients and 48 of pixels; in colours it would be more than there is.
    let colour = make::flat_jpeg((1, 1), &[90, 90, 90], None);
    let mut colour = colour.clone();
    let frame = colour.windows(2).position(|window| window == b"\xff\xc0").unwrap();
    colour[frame + 1] = 0xc2;
    colour[frame + 5..frame + 9].copy_from_slice(&[6000_u16.to_be_bytes(), 8000_u16.to_be_bytes()].concat());
    assert_eq!(refused(&colour), MediaError::TooMuchMemory);
}

#[test]
fn a_cut_file_is_refused() {
    let picture = make::shades(160, 120);
    let none = Extras::default();
    let frames = [picture.clone(), make::red(160, 120), picture.clone()];
    for bytes in [
        make::jpeg(&picture, &none),
        make::png(&picture, &none),
        make::webp(&picture, &none),
        make::gif(&frames),
        make::animated_webp(&frames),
    ] {
        let kind = sniff(&bytes);
        for twentieth in 1..20 {
            let cut = &bytes[..bytes.len() * twentieth / 20];
            let error = refused(cut);
            assert!(
                matches!(error.word(), "truncated" | "damaged"),
                "{kind:?}, {twentieth}: {error:?}"
            );
        }
        assert!(
            matches!(refused(&bytes[..bytes.len() * 19 / 20]), MediaError::Truncated { .. }),
            "{kind:?}"
        );
    }
    let jpeg = make::jpeg(&picture, &none);
    assert_eq!(
        refused(&jpeg[..jpeg.len() - 1]),
        MediaError::Truncated { kind: Kind::Jpeg }
    );
}

#[test]
fn small_pictures_wait_for_a_person() {
    let one = make::png(&make::red(1, 1), &Extras::default());
    let processed = taken(&one);
    assert_eq!(processed.verdict.status, Status::Held);
    assert_eq!(processed.verdict.reasons, [Reason::Explicit, Reason::Small]);
    assert_eq!(
        taken(&make::png(&make::shades(300, 63), &Extras::default()))
            .verdict
            .reasons,
        [Reason::Small]
    );
    assert_eq!(
        taken(&make::png(&make::shades(300, 64), &Extras::default()))
            .verdict
            .status,
        Status::Safe
    );
    let mut settings = Settings::default();
    settings.thresholds.small = SmallRule::HoldIfFlagged;
    let status = |picture: &RgbImage| {
        let bytes = make::png(picture, &Extras::default());
        process(&bytes, &settings, &RedFinder::default())
            .unwrap()
            .verdict
            .status
    };
    assert_eq!(status(&make::shades(32, 32)), Status::Safe);
    assert_eq!(status(&make::red(32, 32)), Status::Held);
}

#[test]
fn pictures_of_other_programs() {
    for (name, format, status) in [
        ("progressive.jpg", Format::Jpeg, Status::Safe),
        ("cmyk.jpg", Format::Jpeg, Status::Safe),
        ("grey.jpg", Format::Jpeg, Status::Safe),
        ("lossy.webp", Format::Jpeg, Status::Safe),
        ("lossy-alpha.webp", Format::Jpeg, Status::Safe),
        ("moving.webp", Format::WebP, Status::Safe),
        ("moving.gif", Format::Gif, Status::Safe),
        ("palette.png", Format::Png, Status::Safe),
        ("interlaced.png", Format::Png, Status::Safe),
        ("moving.png", Format::Png, Status::Safe),
    ] {
        let processed = taken(&make::seed(name));
        assert_eq!(
            (processed.original.format, processed.verdict.status),
            (format, status),
            "{name}"
        );
        // A blue field with a yellow disc in its middle.
        let seen = decoded(&processed.original);
        let (middle, corner) = (seen.get_pixel(48, 40), seen.get_pixel(4, 4));
        // Half transparent on white, the corner is paler.
        assert!(
            middle[0] > corner[0] + 70 && middle[1] > corner[1] + 70,
            "{name}: {middle:?} {corner:?}"
        );
    }
}
