//! What a field lets pass, and what a picture may cost.

/// How a picture is judged and written.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Where a score begins to matter.
    pub thresholds: Thresholds,
    /// What a picture may cost.
    pub limits: Limits,
    /// Quality of JPEGs that are written, 1 to 100.
    pub jpeg_quality: u8,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            thresholds: Thresholds::default(),
            limits: Limits::default(),
            jpeg_quality: 85,
        }
    }
}

/// Where a score begins to matter. Stored with each verdict.
#[derive(Debug, Clone, PartialEq)]
pub struct Thresholds {
    /// For the score that a moderator gives to explicit content.
    pub explicit: Bounds,
    /// For single classes, by the moderator's names for them; a class that it does not have is a failure of the moderator.
    pub classes: Vec<(String, Bounds)>,
    /// Below this side a picture is small: no classifier has learnt from such, and a blur leaves nothing of it.
    pub small_side_px: u32,
    /// What becomes of a small picture.
    pub small: SmallRule,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            explicit: Bounds {
                queue: 0.35,
                blur: 0.60,
            },
            classes: Vec::new(),
            small_side_px: 64,
            small: SmallRule::Hold,
        }
    }
}

/// What becomes of a small picture. It is never blurred.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmallRule {
    /// A person looks at each.
    Hold,
    /// A person looks at it if its score reaches `queue`; for icons and avatars.
    HoldIfFlagged,
}

/// Two scores, 0 < queue ≤ blur.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    queue: f32,
    blur: f32,
}

impl Bounds {
    /// From `queue` on a person decides, and from `blur` on a blurred picture is served meanwhile. None unless 0 < queue ≤ blur ≤ 1.
    pub fn new(queue: f32, blur: f32) -> Option<Self> {
        // A comparison with NaN is false, so that it is refused.
        (queue > 0.0 && queue <= blur && blur <= 1.0).then_some(Self { queue, blur })
    }

    /// From this score on a person decides.
    pub fn queue(self) -> f32 {
        self.queue
    }

    /// From this score on the picture is unsafe.
    pub fn blur(self) -> f32 {
        self.blur
    }
}

/// What a picture may cost. All of them hold before memory is taken or time is spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the file.
    pub file_bytes_max: u64,
    /// Pixels of a side.
    pub side_max_px: u32,
    /// Pixels of a picture, or of an animation's canvas.
    pub pixels_max: u64,
    /// Bytes that a decoder takes with the picture it makes. Turning it upright or keeping an unusual colour may for a moment take
    /// up to three bytes a pixel more.
    pub alloc_bytes_max: u64,
    /// Frames of an animation that are decoded; a longer one is held, and ends here.
    pub frames_max: u32,
    /// Frames that look different and are judged; an animation with more is held.
    pub frames_judged_max: u32,
    /// Pixels of all frames together; an animation with more is held, and ends here.
    pub frame_pixels_max: u64,
    /// Scans of a progressive JPEG times its pixels.
    pub scan_pixels_max: u64,
    /// Bytes of a colour profile; a larger one is dropped.
    pub profile_bytes_max: usize,
    /// Bytes of what is written.
    pub output_bytes_max: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            file_bytes_max: 64 << 20,
            side_max_px: 16_384,
            pixels_max: 50_000_000,
            alloc_bytes_max: 256 << 20,
            frames_max: 600,
            frames_judged_max: 32,
            frame_pixels_max: 300_000_000,
            scan_pixels_max: 1_000_000_000,
            profile_bytes_max: 64 << 10,
            output_bytes_max: 128 << 20,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_in_order() {
        assert!(Bounds::new(0.35, 0.6).is_some());
        assert!(Bounds::new(1.0, 1.0).is_some());
        for (queue, blur) in [
            (0.6, 0.35),
            (0.0, 0.5),
            (-1.0, 0.5),
            (0.5, 1.1),
            (f32::NAN, 0.5),
            (0.5, f32::NAN),
        ] {
            assert_eq!(Bounds::new(queue, blur), None, "{queue} {blur}");
        }
        let default = Thresholds::default().explicit;
        assert_eq!(Bounds::new(default.queue, default.blur), Some(default));
    }
}
