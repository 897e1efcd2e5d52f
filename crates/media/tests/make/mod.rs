//! Makes files that nobody should send, and some that anybody might.
#![allow(dead_code, reason = "each test file uses a part of it")]
#![expect(clippy::unwrap_used, reason = "the helpers of tests may, as tests do")]

use freehold_media::{Moderator, ModeratorError, Picture, Score, Scores};
use image::codecs::gif::GifEncoder;
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::codecs::webp::WebPEncoder;
use image::{Delay, ExtendedColorType, Frame, ImageEncoder, Rgb, RgbImage, RgbaImage};
use std::fmt::Write;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

/// Calls a picture what its share of red pixels is, and counts how often it is asked.
#[derive(Default)]
pub(crate) struct RedFinder {
    pub(crate) asked: AtomicU32,
}

impl Moderator for RedFinder {
    fn id(&self) -> &'static str {
        "red"
    }

    fn score(&self, picture: &Picture<'_>) -> Result<Scores, ModeratorError> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let pixels = picture.rgb().as_chunks::<3>().0;
        let is_red = |pixel: &&[u8; 3]| pixel[0] > 180 && pixel[1] < 90 && pixel[2] < 90;
        let share = pixels.iter().filter(is_red).count() as f32 / pixels.len() as f32;
        Ok(scores(share))
    }
}

/// Always the same answer.
pub(crate) struct Fixed(pub(crate) Result<Scores, ModeratorError>);

impl Moderator for Fixed {
    fn id(&self) -> &'static str {
        "fixed"
    }

    fn score(&self, _: &Picture<'_>) -> Result<Scores, ModeratorError> {
        self.0.clone()
    }
}

pub(crate) fn scores(explicit: f32) -> Scores {
    let class = "other".to_owned();
    let classes = vec![Score {
        class,
        value: 1.0 - explicit,
    }];
    Scores { explicit, classes }
}

pub(crate) fn golden(name: &str) -> Vec<u8> {
    std::fs::read(
        PathBuf::from(env!("CARGO_MANIFEST_DIR"))
            .join("tests/golden")
            .join(name),
    )
    .unwrap()
}

pub(crate) fn seed(name: &str) -> Vec<u8> {
    let seeds = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/fuzz/seeds/image");
    std::fs::read(seeds.join(name)).unwrap()
}

/// A picture with soft shades and some structure, without red.
pub(crate) fn shades(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let wave = ((x * 13 / 16) ^ (y * 7 / 8)) % 64;
        Rgb([(x * 90 / width) as u8 + 20, (y * 200 / height) as u8, 120 + wave as u8])
    })
}

pub(crate) fn red(width: u32, height: u32) -> RgbImage {
    RgbImage::from_pixel(width, height, Rgb([255, 0, 0]))
}

/// What goes along with a picture.
#[derive(Default, Clone)]
pub(crate) struct Extras {
    pub(crate) profile: Option<Vec<u8>>,
    pub(crate) exif: Option<Vec<u8>>,
}

fn encode(mut encoder: impl ImageEncoder, raw: &[u8], size: (u32, u32), colour: ExtendedColorType, extras: &Extras) {
    if let Some(profile) = &extras.profile {
        encoder.set_icc_profile(profile.clone()).unwrap();
    }
    if let Some(exif) = &extras.exif {
        encoder.set_exif_metadata(exif.clone()).unwrap();
    }
    encoder.write_image(raw, size.0, size.1, colour).unwrap();
}

pub(crate) fn jpeg(image: &RgbImage, extras: &Extras) -> Vec<u8> {
    let mut bytes = Vec::new();
    let encoder = JpegEncoder::new_with_quality(&mut bytes, 92);
    encode(
        encoder,
        image.as_raw(),
        image.dimensions(),
        ExtendedColorType::Rgb8,
        extras,
    );
    bytes
}

pub(crate) fn png(image: &RgbImage, extras: &Extras) -> Vec<u8> {
    png_of(image.as_raw(), image.dimensions(), ExtendedColorType::Rgb8, extras)
}

pub(crate) fn png_of(raw: &[u8], size: (u32, u32), colour: ExtendedColorType, extras: &Extras) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode(PngEncoder::new(&mut bytes), raw, size, colour, extras);
    bytes
}

pub(crate) fn png_rgba(image: &RgbaImage) -> Vec<u8> {
    png_of(
        image.as_raw(),
        image.dimensions(),
        ExtendedColorType::Rgba8,
        &Extras::default(),
    )
}

pub(crate) fn webp(image: &RgbImage, extras: &Extras) -> Vec<u8> {
    let mut bytes = Vec::new();
    let encoder = WebPEncoder::new_lossless(&mut bytes);
    encode(
        encoder,
        image.as_raw(),
        image.dimensions(),
        ExtendedColorType::Rgb8,
        extras,
    );
    bytes
}

pub(crate) fn gif(frames: &[RgbImage]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = GifEncoder::new_with_speed(&mut bytes, 10);
    encoder.set_repeat(image::codecs::gif::Repeat::Infinite).unwrap();
    for frame in frames {
        let rgba = image::DynamicImage::ImageRgb8(frame.clone()).into_rgba8();
        encoder
            .encode_frame(Frame::from_parts(rgba, 0, 0, Delay::from_numer_denom_ms(100, 1)))
            .unwrap();
    }
    drop(encoder);
    bytes
}

pub(crate) fn animated_webp(frames: &[RgbImage]) -> Vec<u8> {
    let le24 = |value: u32| value.to_le_bytes()[..3].to_vec();
    let (width, height) = frames[0].dimensions();
    let canvas = [vec![2, 0, 0, 0], le24(width - 1), le24(height - 1)].concat();
    let mut body = [b"WEBP".to_vec(), riff(*b"VP8X", &canvas), riff(*b"ANIM", &[0; 6])].concat();
    for frame in frames {
        let header = [le24(0), le24(0), le24(width - 1), le24(height - 1), le24(100), vec![2]].concat();
        let still = webp(frame, &Extras::default());
        body.extend(riff(*b"ANMF", &[&header, &still[12..]].concat()));
    }
    riff(*b"RIFF", &body)
}

pub(crate) fn riff(name: [u8; 4], data: &[u8]) -> Vec<u8> {
    let mut chunk = [&name, (data.len() as u32).to_le_bytes().as_slice(), data].concat();
    if data.len() % 2 == 1 {
        chunk.push(0);
    }
    chunk
}

/// A chunk of a PNG, with its sum.
pub(crate) fn chunk(name: [u8; 4], data: &[u8]) -> Vec<u8> {
    let named = [name.as_slice(), data].concat();
    [
        (data.len() as u32).to_be_bytes().as_slice(),
        &named,
        &crc32(&named).to_be_bytes(),
    ]
    .concat()
}

/// Names and data of a PNG's chunks.
pub(crate) fn chunks(png: &[u8]) -> Vec<(String, Vec<u8>)> {
    let (mut rest, mut chunks) = (&png[8..], Vec::new());
    while rest.len() >= 12 {
        let length = u32::from_be_bytes(rest[..4].try_into().unwrap()) as usize;
        let name = String::from_utf8_lossy(&rest[4..8]).into_owned();
        chunks.push((name, rest[8..8 + length].to_vec()));
        rest = &rest[12 + length..];
    }
    assert!(rest.is_empty(), "nothing behind the last chunk");
    chunks
}

/// Puts chunks behind the header of a PNG.
pub(crate) fn with_chunks(png: &[u8], added: &[Vec<u8>]) -> Vec<u8> {
    [&png[..33], &added.concat(), &png[33..]].concat()
}

/// A PNG by hand: `depth` and `colour` as in its header, and the rows as they are packed.
pub(crate) fn raw_png(width: u32, height: u32, depth: u8, colour: u8, packed: &[u8]) -> Vec<u8> {
    let header = [
        width.to_be_bytes().as_slice(),
        &height.to_be_bytes(),
        &[depth, colour, 0, 0, 0],
    ]
    .concat();
    [
        b"\x89PNG\r\n\x1a\n".to_vec(),
        chunk(*b"IHDR", &header),
        chunk(*b"IDAT", packed),
        chunk(*b"IEND", b""),
    ]
    .concat()
}

/// An animated PNG: the still that is shown without animation, and another frame.
pub(crate) fn apng(still: &RgbImage, frame: &RgbImage) -> Vec<u8> {
    let (width, height) = still.dimensions();
    let data = |image: &RgbImage| {
        let chunks = chunks(&png(image, &Extras::default()));
        chunks
            .into_iter()
            .filter(|(name, _)| name == "IDAT")
            .flat_map(|(_, data)| data)
            .collect::<Vec<u8>>()
    };
    let control = |number: u32| {
        let size = [width.to_be_bytes(), height.to_be_bytes(), [0; 4], [0; 4]].concat();
        [number.to_be_bytes().as_slice(), &size, &[0, 1, 0, 10, 0, 0]].concat()
    };
    let header = [width.to_be_bytes().as_slice(), &height.to_be_bytes(), &[8, 2, 0, 0, 0]].concat();
    [
        b"\x89PNG\r\n\x1a\n".to_vec(),
        chunk(*b"IHDR", &header),
        chunk(*b"acTL", &[0, 0, 0, 2, 0, 0, 0, 0]),
        chunk(*b"fcTL", &control(0)),
        chunk(*b"IDAT", &data(still)),
        chunk(*b"fcTL", &control(1)),
        chunk(*b"fdAT", &[2_u32.to_be_bytes().as_slice(), &data(frame)].concat()),
        chunk(*b"IEND", b""),
    ]
    .concat()
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| {
            (sum >> 1) ^ (0xedb8_8320 & (sum & 1).wrapping_neg())
        })
    })
}

/// So many zeros in a zlib stream, 150 times smaller: literals and copies of one fixed Huffman block (RFC 1951, 3.2.6).
pub(crate) fn zeros(count: u64) -> Vec<u8> {
    let mut bits = Bits::default();
    bits.low_first(0b011, 3);
    // A literal, and copies of 258 from one back; what does not divide is literals again.
    let literal = |bits: &mut Bits| bits.high_first(0b0011_0000, 8);
    literal(&mut bits);
    for _ in 0..(count - 1) / 258 {
        bits.high_first(0b1100_0101, 8);
        bits.high_first(0, 5);
    }
    for _ in 0..(count - 1) % 258 {
        literal(&mut bits);
    }
    bits.high_first(0, 7);
    // Adler-32 of zeros: a stays 1, b counts them.
    let sum = ((count % 65_521) as u32) << 16 | 1;
    [&[0x78, 0x01], bits.bytes().as_slice(), &sum.to_be_bytes()].concat()
}

#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    free: u32,
}

impl Bits {
    fn low_first(&mut self, value: u32, count: u32) {
        for at in 0..count {
            if self.free == 0 {
                self.bytes.push(0);
                self.free = 8;
            }
            *self.bytes.last_mut().unwrap() |= ((value >> at & 1) as u8) << (8 - self.free);
            self.free -= 1;
        }
    }

    fn high_first(&mut self, value: u32, count: u32) {
        for at in (0..count).rev() {
            self.low_first(value >> at & 1, 1);
        }
    }

    fn bytes(self) -> Vec<u8> {
        self.bytes
    }
}

/// A JPEG of one colour by hand: the values of its components as they are stored, Adobe's mark of `transform` if any.
pub(crate) fn flat_jpeg(blocks: (u16, u16), values: &[u8], transform: Option<u8>) -> Vec<u8> {
    let segment = |marker: u8, data: &[u8]| {
        [
            &[0xff, marker],
            ((data.len() + 2) as u16).to_be_bytes().as_slice(),
            data,
        ]
        .concat()
    };
    let count = values.len() as u8;
    let mut file = b"\xff\xd8".to_vec();
    if let Some(transform) = transform {
        file.extend(segment(
            0xee,
            &[b"Adobe\0\x64\0\0\0\0".as_slice(), &[transform]].concat(),
        ));
    }
    file.extend(segment(0xdb, &[[0].as_slice(), &[1; 64]].concat()));
    let side = |blocks: u16| (blocks * 8).to_be_bytes();
    let mut frame = [[8].as_slice(), &side(blocks.1), &side(blocks.0), &[count]].concat();
    let mut scan = vec![count];
    for id in 1..=count {
        frame.extend([id, 0x11, 0]);
        scan.extend([id, 0]);
    }
    scan.extend([0, 63, 0]);
    file.extend(segment(0xc0, &frame));
    // DC: twelve categories in codes of four bits; AC: end of block as one bit.
    let dc = [&[0x00, 0, 0, 0, 12], [0; 12].as_slice(), &(0..12).collect::<Vec<u8>>()].concat();
    file.extend(segment(0xc4, &dc));
    file.extend(segment(0xc4, &[&[0x10, 1], [0; 15].as_slice(), &[0]].concat()));
    file.extend(segment(0xda, &scan));
    let mut bits = String::new();
    for block in 0..u32::from(blocks.0) * u32::from(blocks.1) {
        for value in values {
            let level = if block == 0 { (i32::from(*value) - 128) * 8 } else { 0 };
            let category = 32 - level.unsigned_abs().leading_zeros();
            let _ = write!(bits, "{category:04b}");
            if category > 0 {
                let coded = if level < 0 { level + (1 << category) - 1 } else { level };
                let _ = write!(bits, "{coded:0width$b}", width = category as usize);
            }
            bits += "0";
        }
    }
    while !bits.len().is_multiple_of(8) {
        bits += "1";
    }
    for byte in bits.as_bytes().chunks(8) {
        let byte = u8::from_str_radix(std::str::from_utf8(byte).unwrap(), 2).unwrap();
        file.push(byte);
        if byte == 0xff {
            file.push(0);
        }
    }
    file.extend(b"\xff\xd9");
    file
}

/// Orientation, and a position: 52° 31′ N, with a text that is easy to find.
pub(crate) fn exif(orientation: u16) -> Vec<u8> {
    let mut tiff = b"II*\0\x08\0\0\0".to_vec();
    let entry = |tag: u16, kind: u16, count: u32, value: u32| {
        [
            &tag.to_le_bytes(),
            kind.to_le_bytes().as_slice(),
            &count.to_le_bytes(),
            &value.to_le_bytes(),
        ]
        .concat()
    };
    tiff.extend(3_u16.to_le_bytes());
    tiff.extend(entry(0x010f, 2, 12, 100));
    tiff.extend(entry(0x0112, 3, 1, u32::from(orientation)));
    tiff.extend(entry(0x8825, 4, 1, 50));
    tiff.extend([0; 4]);
    assert_eq!(tiff.len(), 50);
    tiff.extend(2_u16.to_le_bytes());
    tiff.extend(entry(1, 2, 2, u32::from(b'N')));
    tiff.extend(entry(2, 5, 3, 112));
    tiff.extend([0; 24]);
    assert_eq!(tiff.len(), 100);
    tiff.extend(b"SECRETMAKER\0");
    for part in [52_u32, 1, 31, 1, 0, 1] {
        tiff.extend(part.to_le_bytes());
    }
    tiff
}

pub(crate) fn contains(bytes: &[u8], text: &[u8]) -> bool {
    bytes.windows(text.len()).any(|window| window == text)
}
