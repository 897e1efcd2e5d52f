//! What becomes of a picture.

use crate::guard;
use crate::moderator::{Moderator, ModeratorError, Picture, Scores};
use crate::settings::{Bounds, SmallRule, Thresholds};
use image::RgbImage;

/// What becomes of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It may be served.
    Safe,
    /// Nothing of it is served until a person decides.
    Held,
    /// Only the blurred picture is served, and a person decides.
    Unsafe,
}

impl Status {
    /// A stable machine word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Safe => "safe",
            Self::Held => "held",
            Self::Unsafe => "unsafe",
        }
    }
}

/// Why a picture is not simply safe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// A score reaches `blur`.
    Explicit,
    /// A score reaches `queue`.
    Uncertain,
    /// A side is too short to judge.
    Small,
    /// The moderator has no answer.
    ModeratorFailed,
    /// More frames that look different than are judged.
    ManyFrames,
    /// A longer animation than is decoded: it was cut.
    LongAnimation,
}

impl Reason {
    /// A stable machine word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Explicit => "explicit",
            Self::Uncertain => "uncertain",
            Self::Small => "small",
            Self::ModeratorFailed => "moderator_failed",
            Self::ManyFrames => "many_frames",
            Self::LongAnimation => "long_animation",
        }
    }
}

/// What became of a picture, and all that it was decided on.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// What becomes of it.
    pub status: Status,
    /// Why, if it is not safe; each once.
    pub reasons: Vec<Reason>,
    /// Who judged.
    pub moderator: String,
    /// The worst scores of all that was judged.
    pub scores: Option<Scores>,
    /// Why there are none, or not all.
    pub failure: Option<ModeratorError>,
    /// What the scores were held against.
    pub thresholds: Thresholds,
    /// Frames that were decoded; 1 for a still.
    pub frames_decoded: u32,
    /// Frames that were judged; not all that look different, if one was found unsafe.
    pub frames_judged: u32,
}

/// How bad a score is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Clean,
    Uncertain,
    Explicit,
}

/// Judges what is shown to it, frame by frame, and remembers the worst.
pub(crate) struct Judge<'a> {
    moderator: &'a dyn Moderator,
    thresholds: &'a Thresholds,
    worst: Option<(Level, Scores)>,
    failure: Option<ModeratorError>,
    reasons: Vec<Reason>,
    frames_judged: u32,
}

impl<'a> Judge<'a> {
    pub(crate) fn new(moderator: &'a dyn Moderator, thresholds: &'a Thresholds) -> Self {
        Self {
            moderator,
            thresholds,
            worst: None,
            failure: None,
            reasons: Vec::new(),
            frames_judged: 0,
        }
    }

    /// Judges a frame in each of its renderings.
    pub(crate) fn look(&mut self, renderings: &[&RgbImage]) {
        for rendering in renderings {
            // Nothing could change the verdict, and a service that fails once should not be waited for 32 times.
            if self.is_settled() {
                return;
            }
            self.look_once(rendering);
        }
        self.frames_judged += 1;
    }

    /// Whether further frames need not be judged.
    pub(crate) fn is_settled(&self) -> bool {
        self.failure.is_some() || matches!(self.worst, Some((Level::Explicit, _)))
    }

    pub(crate) fn frames_judged(&self) -> u32 {
        self.frames_judged
    }

    /// Holds it, whatever its scores are.
    pub(crate) fn hold(&mut self, reason: Reason) {
        if !self.reasons.contains(&reason) {
            self.reasons.push(reason);
        }
    }

    pub(crate) fn finish(mut self, (width, height): (u32, u32), frames_decoded: u32) -> Verdict {
        let level = self.worst.as_ref().map_or(Level::Clean, |(level, _)| *level);
        let small = width.min(height) < self.thresholds.small_side_px;
        if self.failure.is_some() {
            self.hold(Reason::ModeratorFailed);
        }
        match level {
            Level::Clean => {}
            Level::Uncertain => self.hold(Reason::Uncertain),
            Level::Explicit => self.hold(Reason::Explicit),
        }
        let small_held = match self.thresholds.small {
            SmallRule::Hold => small,
            SmallRule::HoldIfFlagged => small && level > Level::Clean,
        };
        if small_held {
            self.hold(Reason::Small);
        }
        let status = if level == Level::Explicit && !small {
            Status::Unsafe
        } else if self.reasons.is_empty() && self.frames_judged > 0 {
            Status::Safe
        } else {
            Status::Held
        };
        self.reasons.sort();
        Verdict {
            status,
            reasons: self.reasons,
            moderator: self.moderator.id().to_owned(),
            scores: self.worst.map(|(_, scores)| scores),
            failure: self.failure,
            thresholds: self.thresholds.clone(),
            frames_decoded,
            frames_judged: self.frames_judged,
        }
    }

    fn look_once(&mut self, image: &RgbImage) {
        let picture = Picture::new(image);
        let answer = guard::caught(|| self.moderator.score(&picture)).unwrap_or(Err(ModeratorError::Failed));
        let judged = answer
            .and_then(Scores::checked)
            .and_then(|scores| Ok((level(&scores, self.thresholds)?, scores)));
        match judged {
            Ok((level, scores)) => {
                let worse = self
                    .worst
                    .as_ref()
                    .is_none_or(|(worst, before)| (level, scores.explicit) > (*worst, before.explicit));
                if worse {
                    self.worst = Some((level, scores));
                }
            }
            Err(failure) => self.failure = Some(failure),
        }
    }
}

fn level(scores: &Scores, thresholds: &Thresholds) -> Result<Level, ModeratorError> {
    let of = |value: f32, bounds: Bounds| {
        if value >= bounds.blur() {
            Level::Explicit
        } else if value >= bounds.queue() {
            Level::Uncertain
        } else {
            Level::Clean
        }
    };
    let mut level = of(scores.explicit, thresholds.explicit);
    for (class, bounds) in &thresholds.classes {
        // A name that the moderator does not know would switch a threshold off silently.
        let value = scores.class(class).ok_or(ModeratorError::BadAnswer)?;
        level = level.max(of(value, *bounds));
    }
    Ok(level)
}
