//! What the fuzzer runs, without the fuzzer: its seeds, and some that are damaged. `tests/fuzz/README.md` tells of the rest.

#[expect(unreachable_pub, reason = "a target of the fuzzer's crate; here it is a module")]
#[path = "../../../tests/fuzz/src/image.rs"]
mod image;

use std::path::Path;

const ROUNDS: usize = 1_500;

/// xorshift: the same sequence everywhere.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound.max(1) as u64) as usize
    }
}

/// Bent bits, extreme bytes, cuts, and pieces of another file.
fn damage(seeds: &[Vec<u8>], dice: &mut Dice) -> Vec<u8> {
    let mut bytes = seeds[dice.below(seeds.len())].clone();
    for _ in 0..=dice.below(3) {
        // Headers are small, and what breaks most is in them.
        let reach = if dice.below(2) == 0 {
            64.min(bytes.len())
        } else {
            bytes.len()
        };
        let at = dice.below(reach + 1);
        let end = (at + dice.below(8)).min(bytes.len());
        match dice.below(5) {
            0 => drop(bytes.drain(at..end)),
            1 => bytes[at..end].fill([0, 0x7f, 0x80, 0xff][dice.below(4)]),
            2 => {
                let other = &seeds[dice.below(seeds.len())];
                let from = dice.below(other.len());
                let length = dice.below(64).min(other.len() - from);
                bytes.splice(at..end, other[from..from + length].iter().copied());
            }
            _ => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << dice.below(8);
                }
            }
        }
    }
    bytes
}

#[test]
fn images() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fuzz/seeds/image");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let seeds: Vec<Vec<u8>> = files.iter().map(|file| std::fs::read(file).unwrap()).collect();
    let refused = files.iter().zip(&seeds).filter(|(_, seed)| !image::image(seed));
    let refused: Vec<_> = refused.map(|(file, _)| file.file_name().unwrap()).collect();
    assert_eq!(refused, ["drawing.svg"]);
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let taken = (0..ROUNDS).filter(|_| image::image(&damage(&seeds, &mut dice))).count();
    // Neither all nor none: the damage reaches behind the headers.
    assert!(taken > ROUNDS / 20 && taken < ROUNDS, "{taken}");
}
