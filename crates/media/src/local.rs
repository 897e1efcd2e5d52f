//! The embedded classifier: MobileNetV2 in five classes (`model/README.md`). It finds sexual content, nothing else, and errs both ways.

use crate::moderator::{Moderator, ModeratorError, Picture, Score, Scores};
use rten::{Model, ModelOptions, NodeId, RunOptions, ThreadPool, op_registry};
use rten_tensor::NdTensor;
use rten_tensor::prelude::*;
use sha2::{Digest, Sha256};
use std::fmt::Write;
use std::sync::Arc;

const MODEL: &[u8] = include_bytes!("../model/nsfw_mobilenet_v2_140_224.u8.onnx");

/// A side of what the model sees.
const SIDE: usize = 224;
/// In the order of the model's output.
const CLASSES: [&str; 5] = ["drawing", "hentai", "neutral", "porn", "sexy"];
const HENTAI: usize = 1;
const PORN: usize = 3;

/// The embedded classifier, or another model with the same input and output. About 45 MB; 45 to 75 ms of processor time a picture.
pub struct LocalModerator {
    id: String,
    model: Model,
    input: NodeId,
    options: RunOptions,
}

impl LocalModerator {
    /// The model that is part of the program.
    ///
    /// # Errors
    /// `BadModel`, never in a program that passed its tests.
    pub fn embedded() -> Result<Self, ModeratorError> {
        Self::from_bytes(MODEL.to_vec())
    }

    /// Another model in ONNX: `image` f32 [N, 3, 224, 224] in RGB from 0 to 1, and of it [N, 5] in the order drawing, hentai, neutral, porn,
    /// sexy; of the operators that the embedded model has.
    ///
    /// # Errors
    /// `BadModel`.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, ModeratorError> {
        let id = bytes_id(&bytes);
        // A model is data: it gets these operators and no more.
        let operators = op_registry!(
            Conv,
            DequantizeLinear,
            Clip,
            Add,
            Mul,
            Sub,
            GlobalAveragePool,
            Flatten,
            Gemm,
            Softmax,
            Identity
        );
        let model = ModelOptions::with_ops(operators)
            .load(bytes)
            .map_err(|_| ModeratorError::BadModel)?;
        let [input] = *model.input_ids() else {
            return Err(ModeratorError::BadModel);
        };
        // One thread: how many pictures are judged at once is for the caller to say.
        let pool = Arc::new(ThreadPool::with_num_threads(1));
        let options = RunOptions::default().with_thread_pool(Some(pool));
        Ok(Self {
            id,
            model,
            input,
            options,
        })
    }
}

impl Moderator for LocalModerator {
    fn id(&self) -> &str {
        &self.id
    }

    fn score(&self, picture: &Picture<'_>) -> Result<Scores, ModeratorError> {
        let seen = see(*picture).ok_or(ModeratorError::Failed)?;
        let seen = NdTensor::from_data([1, 3, SIDE, SIDE], seen);
        let inputs = vec![(self.input, seen.view().into())];
        let &[output] = self.model.output_ids() else {
            return Err(ModeratorError::BadModel);
        };
        let outputs = self
            .model
            .run_n::<1>(inputs, [output], Some(self.options.clone()))
            .map_err(|_| ModeratorError::Failed)?;
        let [output] = outputs;
        let output: NdTensor<f32, 2> = output.try_into().map_err(|_| ModeratorError::BadAnswer)?;
        if output.shape() != [1, CLASSES.len()] {
            return Err(ModeratorError::BadAnswer);
        }
        let values: Vec<f32> = output.iter().copied().collect();
        let classes = CLASSES.iter().zip(&values).map(|(class, value)| Score {
            class: (*class).to_owned(),
            value: *value,
        });
        // Never the class that leads: drawing and neutral change places easily.
        Ok(Scores {
            explicit: (values[HENTAI] + values[PORN]).min(1.0),
            classes: classes.collect(),
        })
    }
}

/// `local:` and the beginning of the model's SHA-256.
fn bytes_id(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().take(8).fold("local:".to_owned(), |mut id, byte| {
        // A string takes all that is written to it.
        let _ = write!(id, "{byte:02x}");
        id
    })
}

/// What the model sees: bilinear with aligned corners, straight to its size, nothing cut off and nothing smoothed, as it was trained. Planes of red,
/// green, blue from 0 to 1. It reads at most four pixels for each of its own, so that a photo costs no more than a stamp.
fn see(picture: Picture<'_>) -> Option<Vec<f32>> {
    let (width, height) = (picture.width_px() as usize, picture.height_px() as usize);
    let rgb = picture.rgb();
    if width == 0 || height == 0 || rgb.len() != width.checked_mul(height)?.checked_mul(3)? {
        return None;
    }
    let (columns, rows) = (axis(width), axis(height));
    let mut seen = vec![0.0; 3 * SIDE * SIDE];
    for (y, (above, below, down)) in rows.into_iter().enumerate() {
        for (x, (left, right, across)) in columns.iter().copied().enumerate() {
            let pixel = |x: usize, y: usize| (y * width + x) * 3;
            let corners = [
                pixel(left, above),
                pixel(right, above),
                pixel(left, below),
                pixel(right, below),
            ];
            for colour in 0..3 {
                let [tl, tr, bl, br] = corners.map(|corner| f32::from(rgb[corner + colour]) / 255.0);
                let top = tl + (tr - tl) * across;
                let bottom = bl + (br - bl) * across;
                seen[colour * SIDE * SIDE + y * SIDE + x] = top + (bottom - top) * down;
            }
        }
    }
    Some(seen)
}

/// For each of the model's pixels: the two between which it lies, and how far from the first.
fn axis(length: usize) -> Vec<(usize, usize, f32)> {
    let step = (length as f32 - 1.0) / (SIDE as f32 - 1.0);
    let place = |at: usize| {
        let place = step * at as f32;
        let below = (place.floor() as usize).min(length - 1);
        (below, (place.ceil() as usize).min(length - 1), place - place.floor())
    };
    (0..SIDE).map(place).collect()
}
