//! Uploads of pictures. A file of its own, which the targets that have no pictures do not compile.

use freehold_media::{
    Encoded, Fit, Limits, Moderator, ModeratorError, Picture, Scores, Settings, SmallRule, Status, VariantSpec,
    moderate, process, sniff, variant,
};

/// Takes what is bright for unsafe, and fails for what is dark.
struct Brightness;

impl Moderator for Brightness {
    fn id(&self) -> &'static str {
        "brightness"
    }

    fn score(&self, picture: &Picture<'_>) -> Result<Scores, ModeratorError> {
        assert_eq!(
            picture.rgb().len() as u64,
            u64::from(picture.width_px()) * u64::from(picture.height_px()) * 3
        );
        let sum: u64 = picture.rgb().iter().map(|value| u64::from(*value)).sum();
        let mean = sum / (picture.rgb().len() as u64).max(1);
        if mean < 20 {
            return Err(ModeratorError::Unavailable);
        }
        Ok(Scores {
            explicit: mean as f32 / 255.0,
            classes: Vec::new(),
        })
    }
}

/// Small, so that a fuzzer makes many turns.
const LIMITS: Limits = Limits {
    file_bytes_max: 1 << 20,
    side_max_px: 1_024,
    pixels_max: 200_000,
    alloc_bytes_max: 8 << 20,
    frames_max: 12,
    frames_judged_max: 4,
    frame_pixels_max: 400_000,
    scan_pixels_max: 4_000_000,
    profile_bytes_max: 64 << 10,
    output_bytes_max: 4 << 20,
};

/// What is taken is whole, within the limits, of one piece with its verdict, and taken again; what is refused says why.
/// Whether it was taken.
pub fn image(bytes: &[u8]) -> bool {
    let mut settings = Settings {
        limits: LIMITS,
        ..Settings::default()
    };
    settings.thresholds.small = SmallRule::HoldIfFlagged;
    let processed = match process(bytes, &settings, &Brightness) {
        Ok(processed) => processed,
        Err(error) => {
            assert!(!error.word().is_empty() && !error.hint().is_empty());
            return false;
        }
    };
    let verdict = &processed.verdict;
    assert_eq!(processed.kind, sniff(bytes));
    assert_eq!(verdict.status == Status::Safe, verdict.reasons.is_empty());
    assert_eq!(verdict.status == Status::Safe, processed.blurhash.is_some());
    assert_eq!(verdict.status == Status::Unsafe, processed.blurred.is_some());
    assert!(verdict.status != Status::Safe || verdict.scores.is_some());
    assert!(verdict.frames_decoded >= 1 && verdict.frames_decoded <= LIMITS.frames_max);
    check(&processed.original);
    processed.blurred.iter().for_each(check);
    // It is judged alike when it is read again; JPEG may have moved a score a little.
    let again = moderate(&processed.original.bytes, &settings, &Brightness).expect("what was written is read");
    assert_eq!(again.frames_decoded, verdict.frames_decoded);
    true
}

fn check(encoded: &Encoded) {
    assert_eq!(sniff(&encoded.bytes).word(), encoded.format.word());
    assert!(u64::from(encoded.width_px) * u64::from(encoded.height_px) <= LIMITS.pixels_max);
    assert!(encoded.bytes.len() as u64 <= LIMITS.output_bytes_max);
    for secret in [&b"Exif\0\0"[..], b"http://ns.adobe.com/xap"] {
        assert!(!encoded.bytes.windows(secret.len()).any(|window| window == secret));
    }
    let spec = VariantSpec {
        width_px: Some(16),
        height_px: Some(9),
        fit: Fit::Cover,
        ..VariantSpec::default()
    };
    let small = variant(&encoded.bytes, &spec, &LIMITS).expect("what was written has variants");
    assert!(small.width_px <= 16 && small.height_px <= 9 && !small.animated);
}
