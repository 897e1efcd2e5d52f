//! Animations: each frame is decoded as a browser composes it, judged if it looks new, and written again.

use crate::blur::Cells;
use crate::blurhash;
use crate::decode;
use crate::encode::{Encoded, Format};
use crate::error::MediaError;
use crate::gif_writer::GifWriter;
use crate::kind::Kind;
use crate::pixels::flatten_rgba;
use crate::settings::Limits;
use crate::shrink;
use crate::verdict::{Judge, Reason};
use crate::webp;
use crate::webp_writer::WebPWriter;
use image::codecs::gif::GifDecoder;
use image::codecs::webp::WebPDecoder;
use image::metadata::LoopCount;
use image::{AnimationDecoder, Frames, ImageDecoder, RgbImage};
use std::io::Cursor;

/// Bytes a pixel that decoder, frame, the frame before and writer take together.
const BYTES_A_PIXEL: u64 = 20;

/// A frame looks like another if 16 × 16 means of grey differ by less than this on average …
const SAME_ON_AVERAGE: u32 = 6;
/// … and none of them by more than this, or a corner of the picture could change unseen.
const SAME_AT_MOST: u8 = 40;
const SIGNATURE_SIDE: u32 = 16;

/// How often an animation is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Loops {
    Forever,
    Times(u16),
}

/// What an animation becomes.
pub(crate) struct Animation {
    /// None if it was only to be judged.
    pub(crate) encoded: Option<Encoded>,
    pub(crate) size: (u32, u32),
    pub(crate) frames: u32,
    /// Of the first frame.
    pub(crate) cells: Cells,
    /// Of the first frame.
    pub(crate) blurhash: String,
}

/// Decodes and judges an animation, and writes it again if it is to be kept.
pub(crate) fn run(
    bytes: &[u8],
    kind: Kind,
    limits: &Limits,
    judge: &mut Judge<'_>,
    keep: bool,
) -> Result<Animation, MediaError> {
    let fault = |error| MediaError::decoding(kind, &error);
    let source = Source::open(bytes, kind, limits)?;
    let (width, height) = source.size;
    let mut sheet = if keep { Some(Sheet::new(&source)?) } else { None };
    let mut first = None;
    let mut signatures: Vec<Vec<u8>> = Vec::new();
    let mut decoded = 0;
    for frame in source.frames {
        let pixels = u64::from(width) * u64::from(height) * u64::from(decoded + 1);
        if decoded == limits.frames_max || (pixels > limits.frame_pixels_max && decoded > 0) {
            judge.hold(Reason::LongAnimation);
            break;
        }
        let frame = frame.map_err(fault)?;
        let (numerator, denominator) = frame.delay().numer_denom_ms();
        let rgb = flatten_rgba(frame.into_buffer());
        if rgb.dimensions() != (width, height) {
            return Err(MediaError::Damaged { kind });
        }
        decoded += 1;
        if first.is_none() {
            first = Some((Cells::of(&rgb), blurhash::of(&rgb)));
        }
        if !judge.is_settled() {
            let signature = signature(&rgb);
            if !signatures.iter().any(|known| is_same(known, &signature)) {
                if judge.frames_judged() == limits.frames_judged_max {
                    judge.hold(Reason::ManyFrames);
                } else {
                    judge.look(&[&rgb]);
                    signatures.push(signature);
                }
            }
        }
        if let Some(sheet) = &mut sheet {
            sheet.add(&rgb, numerator / denominator.max(1))?;
            if sheet.length_bytes() > limits.output_bytes_max {
                return Err(MediaError::OutputTooLarge {
                    size_bytes_max: limits.output_bytes_max,
                });
            }
        }
    }
    let (cells, blurhash) = first.ok_or(MediaError::Damaged { kind })?;
    let encoded = sheet.map(|sheet| sheet.finish((width, height), decoded)).transpose()?;
    Ok(Animation {
        encoded,
        size: (width, height),
        frames: decoded,
        cells,
        blurhash,
    })
}

/// An animation whose headers were looked at.
struct Source<'a> {
    format: Format,
    size: (u32, u32),
    loops: Loops,
    frames: Frames<'a>,
}

impl<'a> Source<'a> {
    fn open(bytes: &'a [u8], kind: Kind, limits: &Limits) -> Result<Self, MediaError> {
        let fault = |error| MediaError::decoding(kind, &error);
        let check = |(width, height): (u32, u32)| {
            decode::check_size(kind, width, height, limits)?;
            let pixels = u64::from(width) * u64::from(height);
            if pixels * BYTES_A_PIXEL > limits.alloc_bytes_max {
                return Err(MediaError::TooMuchMemory);
            }
            Ok(pixels)
        };
        if kind == Kind::WebP {
            let survey = webp::survey(bytes)?;
            check((survey.width_px, survey.height_px))?;
            let decoder = WebPDecoder::new(Cursor::new(&bytes[..survey.length_bytes])).map_err(fault)?;
            let size = decoder.dimensions();
            check(size)?;
            return Ok(Self {
                format: Format::WebP,
                size,
                loops: loops(decoder.loop_count()),
                frames: decoder.into_frames(),
            });
        }
        let mut decoder = GifDecoder::new(Cursor::new(bytes)).map_err(fault)?;
        let size = decoder.dimensions();
        let pixels = check(size)?;
        let mut bounds = image::Limits::default();
        bounds.max_image_width = Some(limits.side_max_px);
        bounds.max_image_height = Some(limits.side_max_px);
        // The canvas, a frame and both composed; a frame may be a little larger than its canvas, but not by much.
        bounds.max_alloc = Some(pixels * 12 + (1 << 20));
        decoder.set_limits(bounds).map_err(fault)?;
        Ok(Self {
            format: Format::Gif,
            size,
            loops: loops(decoder.loop_count()),
            frames: decoder.into_frames(),
        })
    }
}

fn loops(count: LoopCount) -> Loops {
    match count {
        LoopCount::Infinite => Loops::Forever,
        LoopCount::Finite(times) => Loops::Times(u16::try_from(times.get()).unwrap_or(u16::MAX)),
    }
}

/// Where frames are written.
enum Sheet {
    Gif(GifWriter),
    WebP(WebPWriter),
}

impl Sheet {
    fn new(source: &Source<'_>) -> Result<Self, MediaError> {
        let (width, height) = source.size;
        match source.format {
            Format::WebP => Ok(Self::WebP(WebPWriter::new(width, height, source.loops)?)),
            Format::Gif | Format::Jpeg | Format::Png => {
                Ok(Self::Gif(GifWriter::new(width, height, Some(source.loops))?))
            }
        }
    }

    fn add(&mut self, frame: &RgbImage, delay_ms: u32) -> Result<(), MediaError> {
        match self {
            Self::Gif(writer) => writer.add(frame, delay_ms),
            Self::WebP(writer) => writer.add(frame, delay_ms),
        }
    }

    fn length_bytes(&self) -> u64 {
        match self {
            Self::Gif(writer) => writer.length_bytes(),
            Self::WebP(writer) => writer.length_bytes(),
        }
    }

    fn finish(self, (width_px, height_px): (u32, u32), frames: u32) -> Result<Encoded, MediaError> {
        let (format, bytes) = match self {
            Self::Gif(writer) => (Format::Gif, writer.finish()?),
            Self::WebP(writer) => (Format::WebP, writer.finish()?),
        };
        Ok(Encoded {
            bytes,
            format,
            width_px,
            height_px,
            animated: frames > 1,
        })
    }
}

fn signature(rgb: &RgbImage) -> Vec<u8> {
    let small = shrink::coarsely(rgb, SIGNATURE_SIDE, SIGNATURE_SIDE);
    image::imageops::grayscale(&small).into_raw()
}

fn is_same(a: &[u8], b: &[u8]) -> bool {
    let far = || a.iter().zip(b).map(|(a, b)| a.abs_diff(*b));
    far().map(u32::from).sum::<u32>() < SAME_ON_AVERAGE * a.len() as u32 && far().all(|far| far <= SAME_AT_MOST)
}

/// A part of a frame, of at least one pixel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Area {
    pub(crate) x: u32,
    pub(crate) y: u32,
    pub(crate) width: u32,
    pub(crate) height: u32,
}

impl Area {
    pub(crate) fn whole(frame: &RgbImage) -> Self {
        Self {
            x: 0,
            y: 0,
            width: frame.width(),
            height: frame.height(),
        }
    }

    /// WebP's frames begin at even pixels.
    pub(crate) fn with_even_corner(self) -> Self {
        let (left, up) = (self.x % 2, self.y % 2);
        Self {
            x: self.x - left,
            y: self.y - up,
            width: self.width + left,
            height: self.height + up,
        }
    }

    /// The part of a row that lies within.
    pub(crate) fn row(self, frame: &RgbImage, y: u32) -> &[u8] {
        let start = (y as usize * frame.width() as usize + self.x as usize) * 3;
        &frame.as_raw()[start..start + self.width as usize * 3]
    }

    pub(crate) fn cut(self, frame: &RgbImage) -> Vec<u8> {
        let rows = (self.y..self.y + self.height).flat_map(|y| self.row(frame, y));
        let mut cut = Vec::with_capacity(self.width as usize * self.height as usize * 3);
        cut.extend(rows);
        cut
    }
}

/// The smallest area outside of which two frames of one size are equal; a corner if they are equal everywhere.
pub(crate) fn difference(before: &RgbImage, after: &RgbImage) -> Area {
    let whole = Area::whole(after);
    let changed = |y: &u32| whole.row(before, *y) != whole.row(after, *y);
    let Some(top) = (0..whole.height).find(changed) else {
        return Area {
            x: 0,
            y: 0,
            width: 1,
            height: 1,
        };
    };
    let bottom = (top..whole.height).rfind(changed).unwrap_or(top);
    let (mut left, mut right) = (whole.width - 1, 0);
    for y in top..=bottom {
        let (a, b) = (
            whole.row(before, y).as_chunks::<3>().0,
            whole.row(after, y).as_chunks::<3>().0,
        );
        let differs = |x: &u32| a[*x as usize] != b[*x as usize];
        left = (0..left).find(differs).unwrap_or(left);
        right = (right..whole.width).rfind(differs).unwrap_or(right);
    }
    Area {
        x: left,
        y: top,
        width: right.max(left) - left + 1,
        height: bottom - top + 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::Rgb;

    #[test]
    fn differences() {
        let blank = RgbImage::new(9, 7);
        let with = |spots: &[(u32, u32)]| {
            let mut image = blank.clone();
            for (x, y) in spots {
                image.put_pixel(*x, *y, Rgb([1, 0, 0]));
            }
            image
        };
        let area = |x, y, width, height| Area { x, y, width, height };
        assert_eq!(difference(&blank, &blank), area(0, 0, 1, 1));
        assert_eq!(difference(&blank, &with(&[(4, 3)])), area(4, 3, 1, 1));
        assert_eq!(difference(&blank, &with(&[(2, 5), (7, 1)])), area(2, 1, 6, 5));
        assert_eq!(difference(&blank, &with(&[(0, 0), (8, 6)])), area(0, 0, 9, 7));
        assert_eq!(difference(&blank, &with(&[(8, 6)])), area(8, 6, 1, 1));
        assert_eq!(area(3, 5, 2, 2).with_even_corner(), area(2, 4, 3, 3));
    }

    #[test]
    fn what_looks_the_same() {
        let grey = |value| vec![value; 256];
        assert!(is_same(&grey(100), &grey(105)));
        assert!(!is_same(&grey(100), &grey(106)));
        let mut corner = grey(100);
        corner[0] = 140;
        assert!(is_same(&grey(100), &corner));
        corner[0] = 141;
        assert!(!is_same(&grey(100), &corner), "a corner changed");
    }
}
