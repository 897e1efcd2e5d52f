//! How long each stage of a request took, for the `Server-Timing` header.

use std::fmt::Write;
use std::time::{Duration, Instant};

/// Stages and their times, in order.
#[derive(Debug, Default)]
pub(crate) struct Timings(Vec<(&'static str, Duration)>);

impl Timings {
    /// Runs a stage and notes how long it took.
    pub(crate) fn time<T>(&mut self, stage: &'static str, work: impl FnOnce() -> T) -> T {
        let start = Instant::now();
        let result = work();
        self.0.push((stage, start.elapsed()));
        result
    }

    /// Waits for a stage and notes how long that took.
    pub(crate) async fn wait<T>(&mut self, stage: &'static str, work: impl Future<Output = T>) -> T {
        let start = Instant::now();
        let result = work.await;
        self.0.push((stage, start.elapsed()));
        result
    }

    /// `identify;dur=0.21, prepare;dur=0.05`, in milliseconds; `None` when nothing was timed.
    pub(crate) fn header(&self) -> Option<String> {
        let mut text = String::new();
        for (stage, time) in &self.0 {
            let separator = if text.is_empty() { "" } else { ", " };
            // Writing to a string does not fail.
            let _ = write!(text, "{separator}{stage};dur={:.2}", time.as_secs_f64() * 1000.0);
        }
        (!text.is_empty()).then_some(text)
    }
}
