//! Writes animated WebPs (RFC 9649, 2.7): the encoder makes stills without loss, and here they become frames.

use crate::animation::{Area, Loops, difference};
use crate::error::MediaError;
use image::codecs::webp::WebPEncoder;
use image::{ExtendedColorType, RgbImage};

/// A frame replaces what is below, and stays.
const NO_BLENDING: u8 = 2;
const HAS_ANIMATION: u8 = 2;
const DURATION_MAX_MS: u32 = (1 << 24) - 1;

pub(crate) struct WebPWriter {
    file: Vec<u8>,
    before: Option<RgbImage>,
}

impl WebPWriter {
    pub(crate) fn new(width: u32, height: u32, loops: Loops) -> Result<Self, MediaError> {
        if width == 0 || height == 0 {
            return Err(MediaError::NotWritten);
        }
        let mut canvas = vec![HAS_ANIMATION, 0, 0, 0];
        canvas.extend(le24(width - 1));
        canvas.extend(le24(height - 1));
        let times = match loops {
            Loops::Forever => 0,
            Loops::Times(times) => times,
        };
        // A white background.
        let mut animation = vec![255; 4];
        animation.extend(times.to_le_bytes());
        let mut file = b"RIFF\0\0\0\0WEBP".to_vec();
        chunk(&mut file, *b"VP8X", &canvas)?;
        chunk(&mut file, *b"ANIM", &animation)?;
        Ok(Self { file, before: None })
    }

    pub(crate) fn add(&mut self, frame: &RgbImage, delay_ms: u32) -> Result<(), MediaError> {
        let area = match &self.before {
            Some(before) => difference(before, frame).with_even_corner(),
            None => Area::whole(frame),
        };
        let mut still = Vec::new();
        WebPEncoder::new_lossless(&mut still)
            .encode(&area.cut(frame), area.width, area.height, ExtendedColorType::Rgb8)
            .map_err(|_| MediaError::NotWritten)?;
        let mut body = Vec::with_capacity(still.len() + 16);
        for value in [
            area.x / 2,
            area.y / 2,
            area.width - 1,
            area.height - 1,
            delay_ms.min(DURATION_MAX_MS),
        ] {
            body.extend(le24(value));
        }
        body.push(NO_BLENDING);
        // The still is a file of one chunk; its header is left out.
        body.extend_from_slice(still.get(12..).ok_or(MediaError::NotWritten)?);
        chunk(&mut self.file, *b"ANMF", &body)?;
        match &mut self.before {
            Some(before) => before.clone_from(frame),
            before @ None => *before = Some(frame.clone()),
        }
        Ok(())
    }

    pub(crate) fn length_bytes(&self) -> u64 {
        self.file.len() as u64
    }

    pub(crate) fn finish(mut self) -> Result<Vec<u8>, MediaError> {
        let size = u32::try_from(self.file.len() - 8).map_err(|_| MediaError::NotWritten)?;
        self.file[4..8].copy_from_slice(&size.to_le_bytes());
        Ok(self.file)
    }
}

fn chunk(file: &mut Vec<u8>, name: [u8; 4], data: &[u8]) -> Result<(), MediaError> {
    let size = u32::try_from(data.len()).map_err(|_| MediaError::NotWritten)?;
    file.extend(name);
    file.extend(size.to_le_bytes());
    file.extend_from_slice(data);
    if data.len() % 2 == 1 {
        file.push(0);
    }
    Ok(())
}

fn le24(value: u32) -> [u8; 3] {
    let [low, middle, high, _] = value.to_le_bytes();
    [low, middle, high]
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::codecs::webp::WebPDecoder;
    use image::{AnimationDecoder, Rgb};
    use std::io::Cursor;

    #[test]
    fn frames_come_back() {
        let shade = |offset: u32| RgbImage::from_fn(33, 17, |x, y| Rgb([(x * 7) as u8, (y * 15) as u8, offset as u8]));
        let mut spot = shade(0);
        spot.put_pixel(3, 5, Rgb([1, 2, 3]));
        spot.put_pixel(9, 12, Rgb([1, 2, 4]));
        let frames = [shade(0), spot.clone(), spot, shade(0), shade(200)];
        let mut writer = WebPWriter::new(33, 17, Loops::Times(3)).unwrap();
        for frame in &frames {
            writer.add(frame, 70).unwrap();
        }
        let bytes = writer.finish().unwrap();
        assert!(crate::webp::survey(&bytes).unwrap().animated);
        let decoder = WebPDecoder::new(Cursor::new(bytes)).unwrap();
        let read = decoder.into_frames().collect_frames().unwrap();
        assert_eq!(read.len(), frames.len());
        for (at, (read, frame)) in read.into_iter().zip(&frames).enumerate() {
            assert_eq!(read.delay().numer_denom_ms(), (70, 1));
            assert!(crate::pixels::flatten_rgba(read.into_buffer()) == *frame, "frame {at}");
        }
    }
}
