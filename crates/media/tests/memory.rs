//! What the worst files cost in memory. One test, in a process of its own: it looks at the process's peak.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "the helpers of tests may, as tests do")]

mod make;

use freehold_media::{MediaError, Settings, Status, process};
use make::{Extras, Fixed, scores};

fn peak_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
}

#[test]
fn bombs_and_large_pictures_are_bounded() {
    let run = |bytes: &[u8]| process(bytes, &Settings::default(), &Fixed(Ok(scores(0.0))));
    let packed = |width: u64, height: u64, bits: u64| make::zeros((width * bits / 8 + 1) * height);

    // All pixels of these are there, and none is looked at: 48 to 800 megapixels.
    for (width, height, depth, colour, bits) in [
        (10_000, 5_001, 8, 2, 24),
        (16_384, 16_384, 1, 0, 1),
        (40_000, 20_000, 1, 0, 1),
        (8_000, 6_000, 16, 6, 64),
    ] {
        let data = packed(u64::from(width), u64::from(height), bits);
        let error = run(&make::raw_png(width, height, depth, colour, &data)).unwrap_err();
        let words = ["too_many_pixels", "side_too_long", "too_much_memory"];
        assert!(words.contains(&error.word()), "{width} × {height}: {error:?}");
    }
    // Unpacked, each is 512 MiB of text or profile.
    let png = make::png(&make::shades(96, 96), &Extras::default());
    for name in [*b"iCCP", *b"zTXt"] {
        let bomb = [b"bomb\0\0".as_slice(), &make::zeros(512 << 20)].concat();
        match run(&make::with_chunks(&png, &[make::chunk(name, &bomb)])) {
            Ok(processed) => assert_eq!(processed.verdict.status, Status::Safe),
            Err(error) => assert_eq!(error, MediaError::TooMuchMemory),
        }
    }
    let refused = peak_mib();
    assert!(refused < 120, "{refused} MiB for what is refused");

    // What cameras make.
    let photo = make::jpeg(&make::shades(4000, 3000), &Extras::default());
    let before = peak_mib();
    assert_eq!(run(&photo).unwrap().verdict.status, Status::Safe);
    let after = peak_mib();
    assert!(
        after < before.max(refused + 100),
        "{before} MiB before a photo, {after} after"
    );

    // As large as is taken: 49 megapixels in 1 MB.
    let processed = run(&make::raw_png(7_000, 7_000, 8, 6, &packed(7_000, 7_000, 32))).unwrap();
    assert_eq!(
        (processed.verdict.status, processed.original.width_px),
        (Status::Safe, 7_000)
    );
    let large = peak_mib();
    assert!(large < 320, "{large} MiB for the largest");
}
