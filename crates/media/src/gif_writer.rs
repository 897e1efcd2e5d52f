//! Writes animated GIFs of frames that were judged as they stand: opaque, and each as far as it differs from the one before.

use crate::animation::{Area, Loops, difference};
use crate::error::MediaError;
use gif::{DisposalMethod, Encoder, Frame, Repeat};
use image::RgbImage;
use std::borrow::Cow;
use std::collections::HashMap;

/// Effort of quantising, of 1 (best) to 30 (fastest). Only a frame with more than 256 colours needs it.
const QUANTISE_SPEED: i32 = 20;

pub(crate) struct GifWriter {
    encoder: Encoder<Vec<u8>>,
    before: Option<RgbImage>,
}

impl GifWriter {
    pub(crate) fn new(width: u32, height: u32, loops: Option<Loops>) -> Result<Self, MediaError> {
        let side = |side: u32| u16::try_from(side).map_err(|_| MediaError::NotWritten);
        let mut encoder =
            Encoder::new(Vec::new(), side(width)?, side(height)?, &[]).map_err(|_| MediaError::NotWritten)?;
        if let Some(loops) = loops {
            let repeat = match loops {
                Loops::Forever => Repeat::Infinite,
                Loops::Times(times) => Repeat::Finite(times),
            };
            encoder.set_repeat(repeat).map_err(|_| MediaError::NotWritten)?;
        }
        Ok(Self { encoder, before: None })
    }

    pub(crate) fn add(&mut self, frame: &RgbImage, delay_ms: u32) -> Result<(), MediaError> {
        let area = match &self.before {
            Some(before) => difference(before, frame),
            None => Area::whole(frame),
        };
        let side = |side: u32| u16::try_from(side).map_err(|_| MediaError::NotWritten);
        let (width, height) = (side(area.width)?, side(area.height)?);
        let mut written = match self.exactly(frame, area) {
            Some((indexes, palette, transparent)) => Frame {
                width,
                height,
                buffer: Cow::Owned(indexes),
                palette: Some(palette),
                transparent,
                ..Frame::default()
            },
            None => Frame::from_rgb_speed(width, height, &area.cut(frame), QUANTISE_SPEED),
        };
        written.left = side(area.x)?;
        written.top = side(area.y)?;
        // Hundredths of a second.
        written.delay = u16::try_from(delay_ms.div_ceil(10)).unwrap_or(u16::MAX);
        written.dispose = DisposalMethod::Keep;
        self.encoder.write_frame(&written).map_err(|_| MediaError::NotWritten)?;
        match &mut self.before {
            Some(before) => before.clone_from(frame),
            before @ None => *before = Some(frame.clone()),
        }
        Ok(())
    }

    pub(crate) fn length_bytes(&self) -> u64 {
        self.encoder.get_ref().len() as u64
    }

    pub(crate) fn finish(self) -> Result<Vec<u8>, MediaError> {
        self.encoder.into_inner().map_err(|_| MediaError::NotWritten)
    }

    /// Indexes, palette and the transparent index of an area, if 256 are enough. What did not change is transparent.
    fn exactly(&self, frame: &RgbImage, area: Area) -> Option<(Vec<u8>, Vec<u8>, Option<u8>)> {
        let mut indexes = Vec::with_capacity(area.width as usize * area.height as usize);
        let mut palette: Vec<u8> = Vec::new();
        let mut known: HashMap<[u8; 3], u8> = HashMap::new();
        let mut transparent = None;
        let mut last: Option<([u8; 3], u8)> = None;
        for y in area.y..area.y + area.height {
            let row = area.row(frame, y);
            let before = self.before.as_ref().map(|before| area.row(before, y));
            for (at, pixel) in row.as_chunks::<3>().0.iter().enumerate() {
                let unchanged = before.is_some_and(|before| before[at * 3..at * 3 + 3] == *pixel);
                let index = if unchanged {
                    match transparent {
                        Some(index) => index,
                        None => {
                            let index = new_entry(&mut palette, [0; 3])?;
                            *transparent.insert(index)
                        }
                    }
                } else if let Some((_, index)) = last.filter(|(colour, _)| colour == pixel) {
                    index
                } else {
                    let index = match known.get(pixel) {
                        Some(index) => *index,
                        None => {
                            let index = new_entry(&mut palette, *pixel)?;
                            known.insert(*pixel, index);
                            index
                        }
                    };
                    last = Some((*pixel, index));
                    index
                };
                indexes.push(index);
            }
        }
        Some((indexes, palette, transparent))
    }
}

fn new_entry(palette: &mut Vec<u8>, colour: [u8; 3]) -> Option<u8> {
    let index = u8::try_from(palette.len() / 3).ok()?;
    palette.extend_from_slice(&colour);
    Some(index)
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::codecs::gif::GifDecoder;
    use image::{AnimationDecoder, Rgb};
    use std::io::Cursor;

    /// Frames come back as they were given, to the pixel.
    fn check(frames: &[RgbImage]) {
        let (width, height) = frames[0].dimensions();
        let mut writer = GifWriter::new(width, height, Some(Loops::Forever)).unwrap();
        for frame in frames {
            writer.add(frame, 70).unwrap();
        }
        let bytes = writer.finish().unwrap();
        let read = GifDecoder::new(Cursor::new(bytes))
            .unwrap()
            .into_frames()
            .collect_frames()
            .unwrap();
        assert_eq!(read.len(), frames.len());
        for (at, (read, frame)) in read.into_iter().zip(frames).enumerate() {
            assert_eq!(read.delay().numer_denom_ms(), (70, 1));
            let read = crate::pixels::flatten_rgba(read.into_buffer());
            assert!(read == *frame, "frame {at}");
        }
    }

    #[test]
    fn frames_come_back() {
        let shade = |offset: u32| RgbImage::from_fn(16, 16, |x, y| Rgb([(x * 16) as u8, (y * 16) as u8, offset as u8]));
        let mut spot = shade(0);
        spot.put_pixel(3, 5, Rgb([1, 2, 3]));
        spot.put_pixel(9, 11, Rgb([1, 2, 4]));
        check(&[shade(0), spot.clone(), spot, shade(0), shade(200)]);
        check(&[RgbImage::new(1, 1)]);
    }

    #[test]
    fn more_colours_are_quantised() {
        let many = RgbImage::from_fn(64, 64, |x, y| Rgb([(x * 4) as u8, (y * 4) as u8, (x ^ y) as u8]));
        let mut writer = GifWriter::new(64, 64, None).unwrap();
        writer.add(&many, 0).unwrap();
        let read = image::load_from_memory(&writer.finish().unwrap()).unwrap().into_rgb8();
        let far: u64 = read
            .iter()
            .zip(many.iter())
            .map(|(a, b)| u64::from(a.abs_diff(*b)))
            .sum();
        assert!(far / (64 * 64 * 3) < 16, "{far}");
    }
}
