//! What the fuzzer runs, without the fuzzer: its seeds, and a few thousand damaged ones. `tests/fuzz/README.md` tells of the rest.

#[expect(
    unreachable_pub,
    reason = "a crate of its own for the fuzzer; here it is a module, because this room alone sees all stages from text to SQL"
)]
#[path = "../../../tests/fuzz/src/lib.rs"]
mod fuzz;

use std::path::Path;

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

/// Name and text of each seed.
fn seeds(target: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/fuzz/seeds")
        .join(target);
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .expect("seeds of the target")
        .map(|entry| entry.expect("a seed").path())
        .collect();
    files.sort();
    let read = |file: &Path| {
        (
            file.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            std::fs::read(file).expect("the seed's bytes"),
        )
    };
    files.iter().map(|file| read(file)).collect()
}

/// Cuts, copies, swaps and bends, of one seed or of two.
fn damage(seeds: &[Vec<u8>], dice: &mut Dice) -> Vec<u8> {
    let mut bytes = seeds[dice.below(seeds.len())].clone();
    for _ in 0..=dice.below(3) {
        let at = dice.below(bytes.len() + 1);
        let end = (at + dice.below(12)).min(bytes.len());
        match dice.below(4) {
            0 => drop(bytes.drain(at..end)),
            1 => {
                let copy = bytes[at..end].to_vec();
                bytes.splice(at..at, copy);
            }
            2 => {
                let other = &seeds[dice.below(seeds.len())];
                let from = dice.below(other.len());
                let length = dice.below(24).min(other.len() - from);
                bytes.splice(at..end, other[from..from + length].iter().copied());
            }
            _ => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << dice.below(7);
                }
            }
        }
    }
    bytes
}

/// Runs the seeds, which come through but for those `refused`, and then damaged ones.
fn check(target: &str, run: fn(&[u8]) -> bool, refused: &[&str], rounds: usize) {
    let (names, seeds): (Vec<String>, Vec<Vec<u8>>) = seeds(target).into_iter().unzip();
    let stuck = names.iter().zip(&seeds).filter(|(_, seed)| !run(seed));
    let stuck: Vec<&str> = stuck.map(|(name, _)| name.as_str()).collect();
    assert_eq!(stuck, refused, "seeds of `{target}`");
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    for _ in 0..rounds {
        run(&damage(&seeds, &mut dice));
    }
}

#[test]
fn models() {
    check("model", fuzz::model, &["anchors"], 1_000);
}

#[test]
fn rules() {
    check("rule", fuzz::rule, &[], 700);
}

#[test]
fn formulas() {
    check("formula", fuzz::formula, &["refused"], 500);
}

#[test]
fn queries() {
    check("query", fuzz::query, &["cursor"], 6_000);
}

#[test]
fn cursors() {
    check("cursor", fuzz::cursor, &[], 3_000);
}
