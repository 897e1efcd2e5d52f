//! What becomes of a picture, by its scores; and of one that nobody can judge.
#![expect(clippy::unwrap_used, reason = "the helpers of tests may, as tests do")]

mod make;

use freehold_media::{Bounds, Moderator, ModeratorError, Picture, Reason, Score, Scores, Settings, Status, Verdict};
use freehold_media::{Limits, moderate, process};
use make::{Extras, Fixed, RedFinder, scores};

fn judged(moderator: &dyn Moderator, settings: &Settings) -> Verdict {
    let bytes = make::png(&make::shades(96, 96), &Extras::default());
    let processed = process(&bytes, settings, moderator).unwrap();
    let verdict = processed.verdict;
    assert_eq!(
        moderate(&bytes, settings, moderator),
        Ok(verdict.clone()),
        "judged again"
    );
    assert_eq!(processed.blurred.is_some(), verdict.status == Status::Unsafe);
    assert_eq!(processed.blurhash.is_some(), verdict.status == Status::Safe);
    verdict
}

#[test]
fn thresholds() {
    for (explicit, status, reasons) in [
        (0.0, Status::Safe, vec![]),
        (0.349, Status::Safe, vec![]),
        (0.35, Status::Held, vec![Reason::Uncertain]),
        (0.599, Status::Held, vec![Reason::Uncertain]),
        (0.6, Status::Unsafe, vec![Reason::Explicit]),
        (1.0, Status::Unsafe, vec![Reason::Explicit]),
    ] {
        let verdict = judged(&Fixed(Ok(scores(explicit))), &Settings::default());
        assert_eq!((verdict.status, verdict.reasons), (status, reasons), "{explicit}");
        assert_eq!(verdict.scores, Some(scores(explicit)));
        assert_eq!(verdict.moderator, "fixed");
    }
}

#[test]
fn a_field_has_its_own_thresholds() {
    let mut settings = Settings::default();
    settings.thresholds.explicit = Bounds::new(0.9, 0.95).unwrap();
    assert_eq!(judged(&Fixed(Ok(scores(0.8))), &settings).status, Status::Safe);
    settings.thresholds.classes = vec![("sexy".to_owned(), Bounds::new(0.5, 0.7).unwrap())];
    let sexy = |value| Scores {
        explicit: 0.0,
        classes: vec![Score {
            class: "sexy".to_owned(),
            value,
        }],
    };
    assert_eq!(judged(&Fixed(Ok(sexy(0.4))), &settings).status, Status::Safe);
    assert_eq!(judged(&Fixed(Ok(sexy(0.5))), &settings).status, Status::Held);
    assert_eq!(judged(&Fixed(Ok(sexy(0.7))), &settings).status, Status::Unsafe);
    // A class that the moderator does not have would be a threshold that never bites.
    let verdict = judged(&Fixed(Ok(scores(0.0))), &settings);
    assert_eq!(
        (verdict.status, verdict.failure),
        (Status::Held, Some(ModeratorError::BadAnswer))
    );
}

#[test]
fn a_moderator_that_fails_holds_the_picture() {
    for answer in [
        Err(ModeratorError::Unavailable),
        Ok(scores(f32::NAN)),
        Ok(scores(-0.1)),
        Ok(scores(1.1)),
        Ok(scores(f32::INFINITY)),
    ] {
        let expected = answer.clone().err().unwrap_or(ModeratorError::BadAnswer);
        let verdict = judged(&Fixed(answer), &Settings::default());
        assert_eq!(verdict.status, Status::Held);
        assert_eq!(verdict.reasons, [Reason::ModeratorFailed]);
        assert_eq!(
            (verdict.failure, verdict.scores, verdict.frames_judged),
            (Some(expected), None, 1)
        );
    }
}

struct Panics;

impl Moderator for Panics {
    fn id(&self) -> &'static str {
        "panics"
    }

    fn score(&self, picture: &Picture<'_>) -> Result<Scores, ModeratorError> {
        panic!("{picture:?}")
    }
}

#[test]
fn a_moderator_that_panics_holds_the_picture() {
    let verdict = judged(&Panics, &Settings::default());
    assert_eq!(
        (verdict.status, verdict.failure),
        (Status::Held, Some(ModeratorError::Failed))
    );
}

#[test]
fn a_service_that_fails_is_asked_once() {
    struct Down(std::sync::atomic::AtomicU32);
    impl Moderator for Down {
        fn id(&self) -> &'static str {
            "down"
        }
        fn score(&self, _: &Picture<'_>) -> Result<Scores, ModeratorError> {
            self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            Err(ModeratorError::Unavailable)
        }
    }
    let frames = [make::shades(64, 64), make::red(64, 64), make::shades(64, 64)];
    let down = Down(0.into());
    let processed = process(&make::gif(&frames), &Settings::default(), &down).unwrap();
    assert_eq!((processed.verdict.status, down.0.into_inner()), (Status::Held, 1));
}

/// What is judged is at least as bad as its worst frame.
#[test]
fn the_worst_scores_are_kept() {
    let mut some_red = make::shades(64, 64);
    for y in 0..32 {
        for x in 0..52 {
            some_red.put_pixel(x, y, image::Rgb([255, 0, 0]));
        }
    }
    let frames = [make::shades(64, 64), some_red, make::shades(64, 64)];
    let verdict = moderate(
        &make::animated_webp(&frames),
        &Settings::default(),
        &RedFinder::default(),
    )
    .unwrap();
    assert_eq!((verdict.status, verdict.frames_judged), (Status::Held, 2));
    assert!(verdict.scores.unwrap().explicit > 0.4);
}

#[test]
fn a_person_may_blur_and_release() {
    let bytes = make::jpeg(&make::shades(400, 300), &Extras::default());
    let limits = Limits::default();
    let blurred = freehold_media::blur(&bytes, &limits).unwrap();
    assert_eq!((blurred.width_px, blurred.height_px), (400, 300));
    let processed = process(&bytes, &Settings::default(), &RedFinder::default()).unwrap();
    let hash = freehold_media::blurhash(&processed.original.bytes, &limits).unwrap();
    assert_eq!(hash.len(), processed.blurhash.unwrap().len());
    assert!(freehold_media::blur(b"junk", &limits).is_err());
    assert!(freehold_media::blurhash(b"", &limits).is_err());
}

#[cfg(feature = "local-moderation")]
mod local {
    use super::*;
    use freehold_media::LocalModerator;
    use image::{GrayImage, RgbaImage};

    /// The field of grey that the model takes for what it is not.
    fn flagged() -> GrayImage {
        image::load_from_memory(&make::golden("abstract_flagged_1.png"))
            .unwrap()
            .into_luma8()
    }

    #[test]
    fn one_flagged_frame_of_an_animation() {
        let bad = image::DynamicImage::ImageLuma8(flagged()).into_rgb8();
        let (width, height) = bad.dimensions();
        let frames = [
            make::shades(width, height),
            make::shades(width, height),
            bad,
            make::shades(width, height),
        ];
        let moderator = LocalModerator::embedded().unwrap();
        for bytes in [make::gif(&frames), make::animated_webp(&frames)] {
            let processed = process(&bytes, &Settings::default(), &moderator).unwrap();
            assert_eq!(processed.verdict.status, Status::Unsafe, "{:?}", processed.verdict);
            assert_eq!(
                (processed.verdict.frames_decoded, processed.verdict.frames_judged),
                (4, 2)
            );
        }
    }

    /// The picture is in the transparency alone: black that shines through on white.
    #[test]
    fn flagged_by_transparency_alone() {
        let flagged = flagged();
        let shadow = RgbaImage::from_fn(flagged.width(), flagged.height(), |x, y| {
            image::Rgba([0, 0, 0, 255 - flagged.get_pixel(x, y)[0]])
        });
        let moderator = LocalModerator::embedded().unwrap();
        let processed = process(&make::png_rgba(&shadow), &Settings::default(), &moderator).unwrap();
        assert_eq!(processed.verdict.status, Status::Unsafe);
        assert!(processed.verdict.scores.unwrap().explicit > 0.9);
    }
}
