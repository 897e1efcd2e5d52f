//! Writes JPEGs (ITU-T T.81, baseline). `image` can write them as well, but takes three times as long and always at full detail of colour, so that
//! a photo would cost more than all the rest of the pipeline; the faster crate's licence is not among ours.
//!
//! The cosine transform is the one of Arai, Agui and Nakajima: five multiplications for eight values, and the rest of them folded into quantising.

use crate::error::MediaError;
use crate::jpeg_tables::{CHROMA, CHROMA_AC, CHROMA_DC, Codes, LUMA, LUMA_AC, LUMA_DC, ZIGZAG};

/// How much colour there is beside brightness.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Detail {
    /// For each pixel: drawings, screenshots.
    Full,
    /// For each four: what cameras write.
    Quarter,
}

/// Pixels in rows: one value each for grey, or red, green and blue.
#[derive(Clone, Copy)]
pub(crate) struct Raster<'a> {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) raw: &'a [u8],
    pub(crate) is_grey: bool,
}

/// A profile is written in parts that fit a segment (ICC.1, B.4).
const PROFILE_PART_BYTES: usize = 65_519;

/// Writes a picture. `quality` is 1 to 100, on the scale that everybody uses.
pub(crate) fn write(
    raster: Raster<'_>,
    quality: u8,
    detail: Detail,
    profile: Option<&[u8]>,
) -> Result<Vec<u8>, MediaError> {
    let side = |side: u32| {
        u16::try_from(side)
            .ok()
            .filter(|side| *side > 0)
            .ok_or(MediaError::NotWritten)
    };
    let (width, height) = (side(raster.width)?, side(raster.height)?);
    let channels = if raster.is_grey { 1 } else { 3 };
    if raster.raw.len() != usize::from(width) * usize::from(height) * channels {
        return Err(MediaError::NotWritten);
    }
    let factor: usize = if raster.is_grey || detail == Detail::Full { 1 } else { 2 };
    let tables = [scaled(&LUMA, quality), scaled(&CHROMA, quality)];
    let mut file = Vec::with_capacity(raster.raw.len() / 16 + 1024);
    file.extend(b"\xff\xd8");
    segment(&mut file, 0xe0, &[b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0"])?;
    let parts = profile.unwrap_or_default().chunks(PROFILE_PART_BYTES);
    let count = u8::try_from(parts.len()).map_err(|_| MediaError::NotWritten)?;
    for (number, part) in (1..=count).zip(parts) {
        segment(&mut file, 0xe2, &[b"ICC_PROFILE\0", &[number, count], part])?;
    }
    let used = if raster.is_grey { 1 } else { 2 };
    for (id, table) in (0..).zip(&tables[..used]) {
        segment(&mut file, 0xdb, &[&[id], table])?;
    }
    let components: &[u8] = match (raster.is_grey, factor) {
        (true, _) => &[1, 1, 0x11, 0],
        (false, 1) => &[3, 1, 0x11, 0, 2, 0x11, 1, 3, 0x11, 1],
        (false, _) => &[3, 1, 0x22, 0, 2, 0x11, 1, 3, 0x11, 1],
    };
    segment(
        &mut file,
        0xc0,
        &[&[8], &height.to_be_bytes(), &width.to_be_bytes(), components],
    )?;
    let codes = [
        (0x00, &LUMA_DC),
        (0x10, &LUMA_AC),
        (0x01, &CHROMA_DC),
        (0x11, &CHROMA_AC),
    ];
    for (id, codes) in &codes[..used * 2] {
        segment(&mut file, 0xc4, &[&[*id], &codes.counts, codes.symbols])?;
    }
    let scan: &[u8] = if raster.is_grey {
        &[1, 1, 0, 0, 63, 0]
    } else {
        &[3, 1, 0, 2, 0x11, 3, 0x11, 0, 63, 0]
    };
    segment(&mut file, 0xda, &[scan])?;
    let mut bits = Bits {
        file,
        held: 0,
        count: 0,
    };
    let mut planes = Planes::new(raster, factor);
    let mut brightness = Component::new(&tables[0], &LUMA_DC, &LUMA_AC);
    let mut colours = [(); 2].map(|()| Component::new(&tables[1], &CHROMA_DC, &CHROMA_AC));
    for top in (0..raster.height as usize).step_by(8 * factor) {
        planes.read(top);
        for unit in 0..planes.units {
            for (down, across) in (0..factor).flat_map(|down| (0..factor).map(move |across| (down, across))) {
                brightness.block(
                    &mut bits,
                    &planes.brightness,
                    planes.width,
                    unit * factor + across,
                    down,
                );
            }
            if !raster.is_grey {
                for (colour, plane) in colours.iter_mut().zip(&planes.colours) {
                    colour.block(&mut bits, plane, planes.width / factor, unit, 0);
                }
            }
        }
    }
    let mut file = bits.finish();
    file.extend(b"\xff\xd9");
    Ok(file)
}

fn segment(file: &mut Vec<u8>, marker: u8, parts: &[&[u8]]) -> Result<(), MediaError> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let length = u16::try_from(length + 2).map_err(|_| MediaError::NotWritten)?;
    file.extend([0xff, marker]);
    file.extend(length.to_be_bytes());
    for part in parts {
        file.extend_from_slice(part);
    }
    Ok(())
}

/// A table at a quality.
fn scaled(table: &[u8; 64], quality: u8) -> [u8; 64] {
    let quality = u32::from(quality.clamp(1, 100));
    let percent = if quality < 50 {
        5000 / quality
    } else {
        200 - 2 * quality
    };
    table.map(|value| ((u32::from(value) * percent + 50) / 100).clamp(1, 255) as u8)
}

/// A row of units: brightness and colours as numbers around zero, filled up at the edges with their last pixels.
struct Planes<'a> {
    raster: Raster<'a>,
    factor: usize,
    /// Units in a row.
    units: usize,
    /// Values of brightness in a row.
    width: usize,
    brightness: Vec<f32>,
    colours: [Vec<f32>; 2],
}

impl<'a> Planes<'a> {
    fn new(raster: Raster<'a>, factor: usize) -> Self {
        let units = (raster.width as usize).div_ceil(8 * factor);
        let width = units * 8 * factor;
        let colours = if raster.is_grey { 0 } else { width / factor * 8 };
        Self {
            raster,
            factor,
            units,
            width,
            brightness: vec![0.0; width * 8 * factor],
            colours: [vec![0.0; colours], vec![0.0; colours]],
        }
    }

    fn read(&mut self, top: usize) {
        let (width, height) = (self.raster.width as usize, self.raster.height as usize);
        let channels = if self.raster.is_grey { 1 } else { 3 };
        let small = self.width / self.factor;
        for down in 0..8 * self.factor {
            let at = (top + down).min(height - 1) * width * channels;
            let source = &self.raster.raw[at..at + width * channels];
            let row = &mut self.brightness[down * self.width..(down + 1) * self.width];
            if self.raster.is_grey {
                for (value, grey) in row.iter_mut().zip(source) {
                    *value = f32::from(*grey) - 128.0;
                }
                fill(row, width);
                continue;
            }
            let pixels = source.as_chunks::<3>().0;
            for (value, pixel) in row.iter_mut().zip(pixels) {
                let [red, green, blue] = pixel.map(f32::from);
                *value = 0.299 * red + 0.587 * green + 0.114 * blue - 128.0;
            }
            fill(row, width);
            let [blues, reds] = &mut self.colours;
            let place = down / self.factor * small;
            let (blues, reds) = (&mut blues[place..place + small], &mut reds[place..place + small]);
            if self.factor == 1 {
                for ((blues, reds), pixel) in blues.iter_mut().zip(reds.iter_mut()).zip(pixels) {
                    (*blues, *reds) = differences(pixel.map(f32::from));
                }
                fill(blues, width);
                fill(reds, width);
            } else if down % 2 == 0 {
                // The mean of four; at an odd edge the last ones count twice.
                let at = (top + down + 1).min(height - 1) * width * 3;
                let below = self.raster.raw[at..at + width * 3].as_chunks::<3>().0;
                let pairs = pixels.chunks(2).zip(below.chunks(2));
                for ((blues, reds), (above, below)) in blues.iter_mut().zip(reds.iter_mut()).zip(pairs) {
                    let sum = |colour: usize| {
                        let of =
                            |pair: &[[u8; 3]]| u16::from(pair[0][colour]) + u16::from(pair[pair.len() - 1][colour]);
                        f32::from(of(above) + of(below)) * 0.25
                    };
                    (*blues, *reds) = differences([sum(0), sum(1), sum(2)]);
                }
                fill(blues, width.div_ceil(2));
                fill(reds, width.div_ceil(2));
            }
        }
    }
}

/// Cb and Cr (JFIF 1.02), around zero.
fn differences([red, green, blue]: [f32; 3]) -> (f32, f32) {
    (
        -0.168_735_9 * red - 0.331_264_1 * green + 0.5 * blue,
        0.5 * red - 0.418_687_6 * green - 0.081_312_4 * blue,
    )
}

/// Repeats the last value to the end.
fn fill(row: &mut [f32], length: usize) {
    if let Some(last) = length.checked_sub(1).and_then(|last| row.get(last)).copied() {
        row[length..].fill(last);
    }
}

/// What turns blocks of one component into bits.
struct Component {
    /// By which coefficients are multiplied: a divisor, and what the transform left out. Transposed, as the transform leaves them.
    factors: [f32; 64],
    dc: [Code; 256],
    ac: [Code; 256],
    before: i32,
}

/// A Huffman code, and how many bits it has.
#[derive(Clone, Copy, Default)]
struct Code {
    bits: u16,
    count: u8,
}

/// Zigzag places in a transposed block.
const TRANSPOSED: [u8; 64] = {
    let mut places = [0; 64];
    let mut at = 0;
    while at < 64 {
        places[at] = ZIGZAG[at] % 8 * 8 + ZIGZAG[at] / 8;
        at += 1;
    }
    places
};

impl Component {
    fn new(table: &[u8; 64], dc: &Codes, ac: &Codes) -> Self {
        // √2 cos(kπ/16), and 1 for k = 0.
        let left_out = |k: usize| {
            let angle = k as f64 * std::f64::consts::PI / 16.0;
            if k == 0 {
                1.0
            } else {
                angle.cos() * std::f64::consts::SQRT_2
            }
        };
        let mut factors = [0.0; 64];
        for (place, divisor) in TRANSPOSED.iter().zip(table) {
            let place = usize::from(*place);
            factors[place] = (1.0 / (f64::from(*divisor) * left_out(place / 8) * left_out(place % 8) * 8.0)) as f32;
        }
        Self {
            factors,
            dc: codes(dc),
            ac: codes(ac),
            before: 0,
        }
    }

    /// Writes the block at a place of a plane, counted in blocks.
    fn block(&mut self, bits: &mut Bits, plane: &[f32], stride: usize, across: usize, down: usize) {
        let mut rows = [[0.0; 8]; 8];
        for (at, row) in rows.iter_mut().enumerate() {
            let start = (down * 8 + at) * stride + across * 8;
            row.copy_from_slice(&plane[start..start + 8]);
        }
        transform(&mut rows);
        let mut rows = transposed(&rows);
        transform(&mut rows);
        let mut levels = [0_i16; 64];
        for ((level, value), factor) in levels.iter_mut().zip(rows.as_flattened()).zip(&self.factors) {
            // Rounded: what is cut off a positive number is its fraction.
            *level = ((value * factor + 4096.5) as i32 - 4096) as i16;
        }
        let dc = i32::from(levels[0]);
        let (extra, count) = magnitude(dc - self.before);
        self.before = dc;
        bits.code(self.dc[usize::from(count)]);
        bits.push(extra, u32::from(count));
        let mut zeros = 0;
        for place in &TRANSPOSED[1..] {
            // Ten bits are all that there are codes for.
            let level = i32::from(levels[usize::from(*place)]).clamp(-1023, 1023);
            if level == 0 {
                zeros += 1;
                continue;
            }
            while zeros > 15 {
                bits.code(self.ac[0xf0]);
                zeros -= 16;
            }
            let (extra, count) = magnitude(level);
            bits.code(self.ac[usize::from(zeros << 4 | count)]);
            bits.push(extra, u32::from(count));
            zeros = 0;
        }
        if zeros > 0 {
            bits.code(self.ac[0]);
        }
    }
}

/// How many bits a level has, and which (T.81, F.1.2.1).
fn magnitude(level: i32) -> (u32, u8) {
    let count = 32 - level.unsigned_abs().leading_zeros();
    // Below zero: one less, of which the low bits count.
    let extra = (level + (level >> 31)) as u32 & ((1 << count) - 1);
    (extra, count as u8)
}

/// T.81, annex C.
fn codes(table: &Codes) -> [Code; 256] {
    let mut codes = [Code::default(); 256];
    let mut symbols = table.symbols.iter();
    let mut bits = 0;
    for (count, number) in (1..).zip(table.counts) {
        for symbol in symbols.by_ref().take(usize::from(number)) {
            codes[usize::from(*symbol)] = Code { bits, count };
            bits += 1;
        }
        bits <<= 1;
    }
    codes
}

fn transposed(rows: &[[f32; 8]; 8]) -> [[f32; 8]; 8] {
    std::array::from_fn(|down| std::array::from_fn(|across| rows[across][down]))
}

/// The cosine transform down each of eight columns at once.
#[expect(
    clippy::needless_range_loop,
    reason = "a column at a time is how the transform reads, and how the compiler makes eight of it"
)]
fn transform(d: &mut [[f32; 8]; 8]) {
    for x in 0..8 {
        let sum = |a: usize| d[a][x] + d[7 - a][x];
        let difference = |a: usize| d[a][x] - d[7 - a][x];
        let (s0, s1, s2, s3) = (sum(0), sum(1), sum(2), sum(3));
        let (s7, s6, s5, s4) = (difference(0), difference(1), difference(2), difference(3));

        let (even0, even3) = (s0 + s3, s0 - s3);
        let (even1, even2) = (s1 + s2, s1 - s2);
        let turned = (even2 + even3) * 0.707_106_77;
        d[0][x] = even0 + even1;
        d[4][x] = even0 - even1;
        d[2][x] = even3 + turned;
        d[6][x] = even3 - turned;

        let (odd0, odd1, odd2) = (s4 + s5, s5 + s6, s6 + s7);
        let z5 = (odd0 - odd2) * 0.382_683_43;
        let z2 = 0.541_196_1 * odd0 + z5;
        let z4 = 1.306_563 * odd2 + z5;
        let z3 = odd1 * 0.707_106_77;
        let (z11, z13) = (s7 + z3, s7 - z3);
        d[5][x] = z13 + z2;
        d[3][x] = z13 - z2;
        d[1][x] = z11 + z4;
        d[7][x] = z11 - z4;
    }
}

/// Bits on their way into a file.
struct Bits {
    file: Vec<u8>,
    held: u64,
    count: u32,
}

impl Bits {
    fn code(&mut self, code: Code) {
        self.push(u32::from(code.bits), u32::from(code.count));
    }

    /// At most 16 bits, and none above `count` is set.
    fn push(&mut self, bits: u32, count: u32) {
        self.held = self.held << count | u64::from(bits);
        self.count += count;
        if self.count >= 32 {
            self.count -= 32;
            let bytes = ((self.held >> self.count) as u32).to_be_bytes();
            if bytes.contains(&0xff) {
                for byte in bytes {
                    self.byte(byte);
                }
            } else {
                self.file.extend_from_slice(&bytes);
            }
        }
    }

    /// After FF a zero says that it is no marker.
    fn byte(&mut self, byte: u8) {
        self.file.push(byte);
        if byte == 0xff {
            self.file.push(0);
        }
    }

    /// Fills up the last byte with ones.
    fn finish(mut self) -> Vec<u8> {
        let missing = (8 - self.count % 8) % 8;
        let held = self.held << missing | ((1 << missing) - 1);
        for at in (0..(self.count + missing) / 8).rev() {
            self.byte((held >> (at * 8)) as u8);
        }
        self.file
    }
}

#[cfg(test)]
mod tests;
