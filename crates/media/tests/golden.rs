//! The embedded classifier gives the scores of the original.
#![cfg(feature = "local-moderation")]

use freehold_media::{LocalModerator, Settings, SmallRule, Status, moderate, process};
use std::path::PathBuf;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

#[test]
fn scores_are_the_original_ones() {
    let golden: serde_json::Value =
        serde_json::from_slice(&std::fs::read(folder().join("golden.json")).unwrap()).unwrap();
    let classes: Vec<&str> = golden["classes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|class| class.as_str().unwrap())
        .collect();
    let tolerance = 1e-4;
    assert_eq!(golden["tolerance"].as_f64(), Some(tolerance));
    let moderator = LocalModerator::embedded().unwrap();
    let mut settings = Settings::default();
    settings.thresholds.small = SmallRule::HoldIfFlagged;
    let expected = golden["scores"].as_object().unwrap();
    assert_eq!(expected.len(), 10);
    for (name, expected) in expected {
        let bytes = std::fs::read(folder().join(name)).unwrap();
        let verdict = moderate(&bytes, &settings, &moderator).unwrap();
        let scores = verdict.scores.unwrap();
        for (class, expected) in classes.iter().zip(expected.as_array().unwrap()) {
            let far = (f64::from(scores.class(class).unwrap()) - expected.as_f64().unwrap()).abs();
            assert!(far < tolerance, "{name}, {class}: {far}");
        }
        let explicit = scores.class("porn").unwrap() + scores.class("hentai").unwrap();
        assert!((explicit - scores.explicit).abs() < 1e-6);
        let status = match scores.explicit {
            0.6.. => Status::Unsafe,
            0.35..0.6 => Status::Held,
            _ => Status::Safe,
        };
        assert_eq!(verdict.status, status, "{name}");
    }
}

#[test]
fn a_flagged_picture_is_blurred() {
    let moderator = LocalModerator::embedded().unwrap();
    let bytes = std::fs::read(folder().join("abstract_flagged_1.png")).unwrap();
    let processed = process(&bytes, &Settings::default(), &moderator).unwrap();
    assert_eq!(processed.verdict.status, Status::Unsafe);
    assert_eq!(processed.verdict.moderator, "local:a9021caca38ba34f");
    assert!(processed.verdict.scores.as_ref().unwrap().explicit > 0.9);
    let blurred = processed.blurred.unwrap();
    assert_eq!(processed.blurhash, None);
    // What is served instead is no longer flagged, and the original written anew still is.
    let again = moderate(&processed.original.bytes, &Settings::default(), &moderator).unwrap();
    assert_eq!(again.status, Status::Unsafe);
    let served = moderate(&blurred.bytes, &Settings::default(), &moderator).unwrap();
    assert_ne!(served.status, Status::Unsafe, "{served:?}");
}

#[test]
fn another_file_is_no_model() {
    for bytes in [&b""[..], b"junk", &[0; 4096]] {
        assert!(LocalModerator::from_bytes(bytes.to_vec()).is_err());
    }
}
