//! Who judges a picture.

use image::RgbImage;
use std::fmt;

/// Judges pictures: the embedded classifier, or a service elsewhere.
pub trait Moderator: Send + Sync {
    /// Names the model and its version. Stored with each verdict; a new name starts a re-scan.
    fn id(&self) -> &str;

    /// How a picture scores.
    ///
    /// # Errors
    /// Whatever keeps it from an answer. The picture is held then.
    fn score(&self, picture: &Picture<'_>) -> Result<Scores, ModeratorError>;
}

/// What a browser would show: upright, opaque, 8 bits a colour.
#[derive(Clone, Copy)]
pub struct Picture<'a> {
    image: &'a RgbImage,
}

impl<'a> Picture<'a> {
    pub(crate) fn new(image: &'a RgbImage) -> Self {
        Self { image }
    }

    /// Pixels in a row, at least one.
    pub fn width_px(&self) -> u32 {
        self.image.width()
    }

    /// Rows, at least one.
    pub fn height_px(&self) -> u32 {
        self.image.height()
    }

    /// Red, green, blue of each pixel, row by row.
    pub fn rgb(&self) -> &'a [u8] {
        self.image.as_raw()
    }

    /// A JPEG of it with sides of at most `side_max_px`, for a service that wants bytes. None if it cannot be written.
    pub fn to_jpeg(&self, side_max_px: u32) -> Option<Vec<u8>> {
        let small = crate::shrink::inside(self.image, side_max_px.max(1), side_max_px.max(1));
        crate::encode::jpeg(&small, 85).ok()
    }
}

impl fmt::Debug for Picture<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Picture({} × {})", self.width_px(), self.height_px())
    }
}

/// How a picture scores.
#[derive(Debug, Clone, PartialEq)]
pub struct Scores {
    /// Explicit content, 0 to 1: the one number that is decided on.
    pub explicit: f32,
    /// Each class that the moderator knows.
    pub classes: Vec<Score>,
}

/// How a picture scores in one class.
#[derive(Debug, Clone, PartialEq)]
pub struct Score {
    /// The moderator's name for the class.
    pub class: String,
    /// 0 to 1.
    pub value: f32,
}

impl Scores {
    /// The score of a class.
    pub fn class(&self, name: &str) -> Option<f32> {
        self.classes
            .iter()
            .find(|score| score.class == name)
            .map(|score| score.value)
    }

    /// Refuses what is not a number from 0 to 1.
    pub(crate) fn checked(self) -> Result<Self, ModeratorError> {
        let sound = |value: f32| (0.0..=1.0).contains(&value);
        if sound(self.explicit) && self.classes.iter().all(|score| sound(score.value)) {
            Ok(self)
        } else {
            Err(ModeratorError::BadAnswer)
        }
    }
}

/// Why a moderator has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ModeratorError {
    /// It cannot be reached, or takes too long.
    #[error("the moderator does not answer")]
    Unavailable,
    /// Its answer is not one: not a number, out of range, a class is missing.
    #[error("the moderator's answer is not a score")]
    BadAnswer,
    /// The model cannot be loaded.
    #[error("the model cannot be loaded")]
    BadModel,
    /// It broke.
    #[error("the moderator failed")]
    Failed,
}

impl ModeratorError {
    /// A stable machine word.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Unavailable => "unavailable",
            Self::BadAnswer => "bad_answer",
            Self::BadModel => "bad_model",
            Self::Failed => "failed",
        }
    }
}
