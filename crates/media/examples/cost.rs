//! What a picture costs: `cargo run --release -p freehold-media --example cost -- photo.jpg`.
#![expect(clippy::print_stdout, reason = "its output is what it is for")]

use freehold_media::{LocalModerator, Settings, process};
use std::fs;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("which picture?")?;
    let moderator = LocalModerator::embedded()?;
    let bytes = fs::read(path)?;
    println!("before: {} ms of processor, {}", processor_ms()?, peak()?);
    let before = processor_ms()?;
    let processed = process(&bytes, &Settings::default(), &moderator)?;
    println!("it: {} ms of processor, {}", processor_ms()? - before, peak()?);
    println!(
        "{:?}: {:?}, {:?}",
        processed.verdict.status, processed.original, processed.verdict.scores
    );
    Ok(())
}

/// User and system time of the process, in hundredths of a second by Linux.
fn processor_ms() -> Result<u64, Box<dyn std::error::Error>> {
    let text = fs::read_to_string("/proc/self/stat")?;
    let fields: Vec<&str> = text.rsplit(')').next().unwrap_or("").split_whitespace().collect();
    let ticks = |at: usize| {
        fields
            .get(at)
            .and_then(|field| field.parse::<u64>().ok())
            .ok_or("no time")
    };
    Ok((ticks(11)? + ticks(12)?) * 10)
}

fn peak() -> Result<String, Box<dyn std::error::Error>> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM"))
        .ok_or("no memory")?;
    Ok(line.split_whitespace().collect::<Vec<_>>().join(" "))
}
