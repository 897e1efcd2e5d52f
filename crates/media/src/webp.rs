//! Looks through a WebP's chunks before a decoder does (RFC 9649): the decoder takes memory by what a frame says of itself, before it
//! compares that with the canvas.

use crate::error::MediaError;
use crate::kind::Kind;

const DAMAGED: MediaError = MediaError::Damaged { kind: Kind::WebP };
const TRUNCATED: MediaError = MediaError::Truncated { kind: Kind::WebP };

/// What the chunks say.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Survey {
    pub(crate) width_px: u32,
    pub(crate) height_px: u32,
    pub(crate) animated: bool,
    /// No frame is lossy.
    pub(crate) lossless: bool,
    /// Where what the file says of itself ends.
    pub(crate) length_bytes: usize,
}

/// Goes from chunk to chunk. No frame is larger than the canvas.
pub(crate) fn survey(bytes: &[u8]) -> Result<Survey, MediaError> {
    let size = le32(bytes.get(4..8).ok_or(TRUNCATED)?) as usize;
    let length_bytes = size.checked_add(8).ok_or(DAMAGED)?;
    let body = bytes.get(12..length_bytes).ok_or(TRUNCATED)?;
    let mut canvas = None;
    let mut extended_animation = false;
    let mut frames: Vec<(u32, u32)> = Vec::new();
    let mut lossless = true;
    let mut look = |name: &[u8], data: &[u8]| -> Result<(), MediaError> {
        match name {
            b"VP8 " => {
                lossless = false;
                frames.push(lossy_size(data)?);
            }
            b"VP8L" => frames.push(lossless_size(data)?),
            _ => {}
        }
        Ok(())
    };
    for chunk in chunks(body) {
        let (name, data) = chunk?;
        match name {
            b"VP8X" => {
                let data: &[u8; 10] = data.first_chunk().ok_or(DAMAGED)?;
                extended_animation = data[0] & 2 != 0;
                canvas = Some((le24(&data[4..7]) + 1, le24(&data[7..10]) + 1));
            }
            // 16 bytes of a frame's header, and its chunks.
            b"ANMF" => {
                for chunk in chunks(data.get(16..).ok_or(DAMAGED)?) {
                    let (name, data) = chunk?;
                    look(name, data)?;
                }
            }
            _ => look(name, data)?,
        }
    }
    let (width_px, height_px) = canvas.or(frames.first().copied()).ok_or(DAMAGED)?;
    if frames.is_empty()
        || frames
            .iter()
            .any(|(width, height)| *width > width_px || *height > height_px)
    {
        return Err(DAMAGED);
    }
    Ok(Survey {
        width_px,
        height_px,
        animated: extended_animation,
        lossless,
        length_bytes,
    })
}

/// Name and data of each chunk. A last one that is cut is an error.
fn chunks(mut rest: &[u8]) -> impl Iterator<Item = Result<(&[u8], &[u8]), MediaError>> {
    std::iter::from_fn(move || {
        // Less than a header is padding.
        let (header, after) = rest.split_at_checked(8)?;
        let size = le32(&header[4..]) as usize;
        let Some(data) = after.get(..size) else {
            rest = &[];
            return Some(Err(TRUNCATED));
        };
        rest = after.get(size + size % 2..).unwrap_or_default();
        Some(Ok((&header[..4], data)))
    })
}

/// RFC 6386, 9.1.
fn lossy_size(data: &[u8]) -> Result<(u32, u32), MediaError> {
    let data: &[u8; 10] = data.first_chunk().ok_or(DAMAGED)?;
    let side = |bytes: &[u8]| u32::from(u16::from_le_bytes([bytes[0], bytes[1]]) & 0x3fff);
    Ok((side(&data[6..8]), side(&data[8..10])))
}

/// RFC 9649, 3.4: a signature, and twice 14 bits.
fn lossless_size(data: &[u8]) -> Result<(u32, u32), MediaError> {
    let data: &[u8; 5] = data.first_chunk().ok_or(DAMAGED)?;
    let bits = le32(&data[1..5]);
    Ok(((bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1))
}

fn le24(bytes: &[u8]) -> u32 {
    u32::from(bytes[0]) | u32::from(bytes[1]) << 8 | u32::from(bytes[2]) << 16
}

fn le32(bytes: &[u8]) -> u32 {
    le24(bytes) | u32::from(bytes[3]) << 24
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(name: [u8; 4], data: &[u8]) -> Vec<u8> {
        let size = (data.len() as u32).to_le_bytes();
        [&name, size.as_slice(), data, &vec![0; data.len() % 2]].concat()
    }

    fn file(chunks: &[Vec<u8>]) -> Vec<u8> {
        let body = chunks.concat();
        let size = (body.len() as u32 + 4).to_le_bytes();
        [b"RIFF", size.as_slice(), b"WEBP", &body].concat()
    }

    const LOSSLESS_3_2: &[u8] = b"\x2f\x02\x40\0\0..";
    const LOSSY_16383: &[u8] = b"\0\0\0\x9d\x01\x2a\xff\x3f\xff\x3f";
    const CANVAS_4_4_ANIMATED: &[u8] = b"\x02\0\0\0\x03\0\0\x03\0\0";

    #[test]
    fn sizes() {
        let still = survey(&file(&[chunk(*b"VP8L", LOSSLESS_3_2)])).unwrap();
        assert_eq!(
            (still.width_px, still.height_px, still.animated, still.lossless),
            (3, 2, false, true)
        );
        let still = survey(&file(&[chunk(*b"VP8 ", LOSSY_16383)])).unwrap();
        assert_eq!(
            (still.width_px, still.height_px, still.lossless),
            (16_383, 16_383, false)
        );
        let frame = [[0; 16].as_slice(), &chunk(*b"VP8L", LOSSLESS_3_2)].concat();
        let moving = survey(&file(&[chunk(*b"VP8X", CANVAS_4_4_ANIMATED), chunk(*b"ANMF", &frame)])).unwrap();
        assert_eq!((moving.width_px, moving.height_px, moving.animated), (4, 4, true));
    }

    #[test]
    fn a_frame_larger_than_its_canvas_is_a_bomb() {
        let canvas = chunk(*b"VP8X", CANVAS_4_4_ANIMATED);
        assert_eq!(
            survey(&file(&[canvas.clone(), chunk(*b"VP8 ", LOSSY_16383)])),
            Err(DAMAGED)
        );
        let frame = [[0; 16].as_slice(), &chunk(*b"VP8 ", LOSSY_16383)].concat();
        assert_eq!(survey(&file(&[canvas, chunk(*b"ANMF", &frame)])), Err(DAMAGED));
    }

    #[test]
    fn what_is_missing() {
        let whole = file(&[chunk(*b"VP8L", LOSSLESS_3_2)]);
        for length in 12..whole.len() {
            assert_eq!(survey(&whole[..length]), Err(TRUNCATED), "{length}");
        }
        assert_eq!(survey(&file(&[])), Err(DAMAGED));
        assert_eq!(survey(&file(&[chunk(*b"VP8X", CANVAS_4_4_ANIMATED)])), Err(DAMAGED));
        assert_eq!(survey(&file(&[b"VP8L\xff\xff\0\0".to_vec()])), Err(TRUNCATED));
    }
}
