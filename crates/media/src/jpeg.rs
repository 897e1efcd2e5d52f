//! Looks through a JPEG's markers before a decoder does (ITU-T T.81, annex B): its size, what it costs, and whether its end is there.

use crate::error::MediaError;
use crate::jpeg_writer::Detail;
use crate::kind::Kind;

const DAMAGED: MediaError = MediaError::Damaged { kind: Kind::Jpeg };
const TRUNCATED: MediaError = MediaError::Truncated { kind: Kind::Jpeg };

/// What the markers say.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Survey {
    pub(crate) width_px: u32,
    pub(crate) height_px: u32,
    /// 1 grey, 3 colours, 4 CMYK.
    pub(crate) components: u8,
    /// Memory for the coefficients of a progressive picture; 0 if it is not one.
    pub(crate) coefficient_bytes: u64,
    pub(crate) scans: u32,
    /// Whether there is less colour than brightness.
    pub(crate) detail: Detail,
}

/// Goes from marker to marker up to the end of the image; what comes after it does not count.
///
/// # Errors
/// `Truncated` without an end, `UnsupportedFeature` for a process or precision that is not taken, `Damaged` for the rest.
pub(crate) fn survey(bytes: &[u8]) -> Result<Survey, MediaError> {
    let mut at = 2;
    let mut frame: Option<Survey> = None;
    let mut scans = 0;
    loop {
        at = next_marker(bytes, at).ok_or(TRUNCATED)?;
        let marker = bytes[at - 1];
        match marker {
            // Stand alone: TEM, RST, a second SOI.
            0x01 | 0xd0..=0xd8 => continue,
            0xd9 => break,
            _ => {}
        }
        let length = bytes.get(at..at + 2).ok_or(TRUNCATED)?;
        let length = usize::from(u16::from_be_bytes([length[0], length[1]]));
        let segment = bytes.get(at + 2..at + length.max(2)).ok_or(TRUNCATED)?;
        match marker {
            0xc0..=0xc2 => {
                // Of two frame headers two decoders may believe different ones.
                if frame.is_some() {
                    return Err(DAMAGED);
                }
                frame = Some(frame_header(marker, segment)?);
            }
            // DHT, JPG and DAC have numbers among the frame headers'.
            0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf => {
                return Err(unsupported("arithmetic coding, lossless or hierarchical"));
            }
            0xda => scans += 1,
            _ => {}
        }
        at += length.max(2);
    }
    let mut survey = frame.ok_or(DAMAGED)?;
    if scans == 0 {
        return Err(TRUNCATED);
    }
    survey.scans = scans;
    Ok(survey)
}

/// The position behind the next marker: FF bytes, and then one that is neither 0, which stands for an FF in the data, nor FF.
fn next_marker(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        at += bytes.get(at..)?.iter().position(|byte| *byte == 0xff)?;
        at += bytes[at..].iter().position(|byte| *byte != 0xff)?;
        at += 1;
        if bytes[at - 1] != 0 {
            return Some(at);
        }
    }
}

fn frame_header(marker: u8, segment: &[u8]) -> Result<Survey, MediaError> {
    let [precision, h1, h0, w1, w0, components, rest @ ..] = segment else {
        return Err(DAMAGED);
    };
    if *precision != 8 {
        return Err(unsupported("more than 8 bits a colour"));
    }
    if !matches!(components, 1 | 3 | 4) {
        return Err(unsupported("an unusual number of colours"));
    }
    let factors: Vec<(u64, u64)> = rest
        .chunks_exact(3)
        .take(usize::from(*components))
        .map(|component| (u64::from(component[1] >> 4), u64::from(component[1] & 15)))
        .collect();
    let sound = |factor: u64| (1..=4).contains(&factor);
    if factors.len() != usize::from(*components) || !factors.iter().all(|(h, v)| sound(*h) && sound(*v)) {
        return Err(DAMAGED);
    }
    let width_px = u32::from(u16::from_be_bytes([*w1, *w0]));
    let height_px = u32::from(u16::from_be_bytes([*h1, *h0]));
    let across = factors.iter().map(|(h, _)| *h).max().unwrap_or(1);
    let down = factors.iter().map(|(_, v)| *v).max().unwrap_or(1);
    let units = u64::from(width_px).div_ceil(8 * across) * u64::from(height_px).div_ceil(8 * down);
    let blocks: u64 = factors.iter().map(|(h, v)| h * v).sum();
    // 64 coefficients of 16 bits a block.
    let coefficient_bytes = if marker == 0xc2 { units * blocks * 128 } else { 0 };
    Ok(Survey {
        width_px,
        height_px,
        components: *components,
        coefficient_bytes,
        scans: 0,
        detail: if across * down > 1 {
            Detail::Quarter
        } else {
            Detail::Full
        },
    })
}

fn unsupported(feature: &'static str) -> MediaError {
    MediaError::UnsupportedFeature {
        kind: Kind::Jpeg,
        feature,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: &[u8] = b"\xff\xd8";
    const FRAME: &[u8] = b"\xff\xc2\0\x11\x08\x01\0\x02\0\x03\x01\x22\0\x02\x11\0\x03\x11\0";
    const SCAN: &[u8] = b"\xff\xda\0\x02\x12\xff\x00\x34\xff\xd0\x56";
    const END: &[u8] = b"\xff\xff\xd9";

    fn check(parts: &[&[u8]], expected: &Result<Survey, MediaError>) {
        assert_eq!(&survey(&parts.concat()), expected);
    }

    #[test]
    fn size_and_cost() {
        let expected = Survey {
            width_px: 512,
            height_px: 256,
            components: 3,
            // 32 × 16 units of six blocks.
            coefficient_bytes: 512 * 6 * 128,
            scans: 2,
            detail: Detail::Quarter,
        };
        check(&[START, FRAME, SCAN, SCAN, END, b"\xff\xc2 more"], &Ok(expected));
    }

    #[test]
    fn what_is_missing() {
        check(&[START, FRAME, SCAN], &Err(TRUNCATED));
        check(&[START, FRAME, END], &Err(TRUNCATED));
        check(&[START, &FRAME[..9]], &Err(TRUNCATED));
        check(&[START, b"\xff"], &Err(TRUNCATED));
        check(&[START, SCAN, END], &Err(DAMAGED));
        check(&[START, FRAME, FRAME, SCAN, END], &Err(DAMAGED));
    }

    #[test]
    fn what_is_not_taken() {
        let changed = |at: usize, value: u8| {
            let mut frame = FRAME.to_vec();
            frame[at] = value;
            survey(&[START, &frame, SCAN, END].concat())
        };
        for process in [0xc3, 0xc9, 0xca, 0xcf] {
            assert!(matches!(
                changed(1, process),
                Err(MediaError::UnsupportedFeature { .. })
            ));
        }
        assert!(matches!(changed(4, 12), Err(MediaError::UnsupportedFeature { .. })));
        assert!(matches!(changed(9, 2), Err(MediaError::UnsupportedFeature { .. })));
        assert_eq!(changed(11, 0x50), Err(DAMAGED));
    }
}
