//! What may be stored and served of a picture that a stranger sent.
//!
//! Pure: bytes in, bytes out; no input or output, no clock, no chance, and no knowledge of other rooms. [`process`] is the one door
//! for uploads: it refuses bombs and impostors, turns a picture upright, drops what it does not show, has it judged by a
//! [`Moderator`], and writes it anew. Whatever a decoder does, an error comes back: what cannot be judged is held, never served.
//!
//! All of it takes processor time (a 12-megapixel photo: a few tenths of a second) and memory (see [`Limits`]): callers bound how many run at once.

mod kind;
mod sniff;

mod error;
mod settings;

mod moderator;
mod pipeline;
mod verdict;

mod animation;
mod decode;
mod jpeg;
mod pixels;
mod profile;
mod upright;
mod webp;

mod blur;
mod blurhash;
mod encode;
mod gif_writer;
mod guard;
mod jpeg_tables;
mod jpeg_writer;
mod shrink;
mod variant;
mod webp_writer;

#[cfg(feature = "local-moderation")]
mod local;

pub use blur::{BLURRED_SIDE_PX, blur};
pub use blurhash::blurhash;
pub use encode::{Encoded, Format};
pub use error::MediaError;
pub use kind::Kind;
#[cfg(feature = "local-moderation")]
pub use local::LocalModerator;
pub use moderator::{Moderator, ModeratorError, Picture, Score, Scores};
pub use pipeline::{Processed, moderate, process};
pub use settings::{Bounds, Limits, Settings, SmallRule, Thresholds};
pub use sniff::{SNIFF_BYTES, sniff};
pub use variant::{Fit, StillFormat, VARIANT_SIDE_MAX_PX, VariantSpec, variant};
pub use verdict::{Reason, Status, Verdict};
