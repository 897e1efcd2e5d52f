//! What happens to an upload, in order: size and type, headers, decoding, upright and opaque, judged, written anew.

use crate::animation;
use crate::blur::Cells;
use crate::blurhash;
use crate::decode;
use crate::encode::{self, Encoded, Format, Loss};
use crate::error::MediaError;
use crate::guard;
use crate::jpeg_writer::Detail;
use crate::kind::Kind;
use crate::moderator::Moderator;
use crate::pixels::Pixels;
use crate::profile::Profile;
use crate::settings::Settings;
use crate::verdict::{Judge, Status, Verdict};
use crate::webp;

/// What an upload became.
#[derive(Debug, Clone, PartialEq)]
pub struct Processed {
    /// What was sent.
    pub kind: Kind,
    /// What becomes of it.
    pub verdict: Verdict,
    /// The picture written anew: what is served if it is safe or released, and what a reviewer sees. What was sent is thrown away.
    pub original: Encoded,
    /// What is served instead, if it is unsafe. A new file with a key of its own.
    pub blurred: Option<Encoded>,
    /// Of a safe picture.
    pub blurhash: Option<String>,
}

/// Does all that has to be done before a picture is stored.
///
/// # Errors
/// The picture is not taken, and why. A moderator that fails is no error: the picture is held.
pub fn process(bytes: &[u8], settings: &Settings, moderator: &dyn Moderator) -> Result<Processed, MediaError> {
    guard::caught(|| run(bytes, settings, moderator)).unwrap_or(Err(MediaError::Crashed))
}

/// Judges a stored picture again, and writes nothing: when a new model came, or thresholds changed.
///
/// # Errors
/// Those of decoding.
pub fn moderate(bytes: &[u8], settings: &Settings, moderator: &dyn Moderator) -> Result<Verdict, MediaError> {
    let verdict = guard::caught(|| {
        let mut judge = Judge::new(moderator, &settings.thresholds);
        let looked = match shape(bytes, settings)? {
            Shape::Still { .. } => look_at_still(bytes, settings, &mut judge)?.pixels.dimensions(),
            Shape::Animation(kind) => {
                let animation = animation::run(bytes, kind, &settings.limits, &mut judge, false)?;
                return Ok(judge.finish(animation.size, animation.frames));
            }
        };
        Ok(judge.finish(looked, 1))
    });
    verdict.unwrap_or(Err(MediaError::Crashed))
}

/// How a file is decoded, and what it is written as.
enum Shape {
    Still { kind: Kind, format: Format },
    Animation(Kind),
}

fn shape(bytes: &[u8], settings: &Settings) -> Result<Shape, MediaError> {
    let kind = decode::kind(bytes, &settings.limits)?;
    Ok(match kind {
        Kind::Png => Shape::Still {
            kind,
            format: Format::Png,
        },
        Kind::Gif => Shape::Animation(kind),
        Kind::WebP => {
            let survey = webp::survey(bytes)?;
            if survey.animated {
                Shape::Animation(kind)
            } else if survey.lossless {
                Shape::Still {
                    kind,
                    format: Format::WebP,
                }
            } else {
                // There is no lossy encoder in pure Rust, and without loss a photo would be ten times as large.
                Shape::Still {
                    kind,
                    format: Format::Jpeg,
                }
            }
        }
        _ => Shape::Still {
            kind,
            format: Format::Jpeg,
        },
    })
}

/// A still that was judged.
struct Judged {
    pixels: Pixels,
    profile: Option<Profile>,
    detail: Detail,
}

fn look_at_still(bytes: &[u8], settings: &Settings, judge: &mut Judge<'_>) -> Result<Judged, MediaError> {
    let still = decode::still(bytes, &settings.limits)?;
    let pixels = still.pixels;
    let profile = still
        .profile
        .and_then(|profile| Profile::take(&profile, &pixels, settings.limits.profile_bytes_max));
    let rgb = pixels.rgb();
    match profile.as_ref().and_then(|profile| profile.rendered(&rgb)) {
        Some(rendered) => judge.look(&[&rgb, &rendered]),
        None => judge.look(&[&rgb]),
    }
    drop(rgb);
    Ok(Judged {
        pixels,
        profile,
        detail: still.detail,
    })
}

fn run(bytes: &[u8], settings: &Settings, moderator: &dyn Moderator) -> Result<Processed, MediaError> {
    let mut judge = Judge::new(moderator, &settings.thresholds);
    match shape(bytes, settings)? {
        Shape::Still { kind, format } => {
            let Judged {
                pixels,
                profile,
                detail,
            } = look_at_still(bytes, settings, &mut judge)?;
            let verdict = judge.finish(pixels.dimensions(), 1);
            let profile = profile.as_ref().map(|profile| profile.bytes.as_slice());
            let loss = Loss {
                quality: settings.jpeg_quality,
                detail,
            };
            let original = encode::still(&pixels, format, loss, profile)?;
            if original.bytes.len() as u64 > settings.limits.output_bytes_max {
                return Err(MediaError::OutputTooLarge {
                    size_bytes_max: settings.limits.output_bytes_max,
                });
            }
            let (blurred, blurhash) = match verdict.status {
                Status::Safe => (None, Some(blurhash::of(&pixels.rgb()))),
                Status::Held => (None, None),
                Status::Unsafe => (Some(Cells::of(&pixels.rgb()).to_jpeg()?), None),
            };
            Ok(Processed {
                kind,
                verdict,
                original,
                blurred,
                blurhash,
            })
        }
        Shape::Animation(kind) => {
            let animation = animation::run(bytes, kind, &settings.limits, &mut judge, true)?;
            let verdict = judge.finish(animation.size, animation.frames);
            let (blurred, blurhash) = match verdict.status {
                Status::Safe => (None, Some(animation.blurhash)),
                Status::Held => (None, None),
                Status::Unsafe => (Some(animation.cells.to_jpeg()?), None),
            };
            Ok(Processed {
                kind,
                verdict,
                original: animation.encoded.ok_or(MediaError::NotWritten)?,
                blurred,
                blurhash,
            })
        }
    }
}
