//! The whole compiler: files → catalog and faults.

use crate::catalog::{Catalog, resolve};
use crate::diagnostic::Diagnostics;
use crate::model::{self, Model};
use crate::source::Sources;

/// What became of the files.
#[derive(Clone, Debug)]
pub struct Compiled {
    /// The catalog; `None` when there is an error among the diagnostics.
    pub catalog: Option<Catalog>,
    /// The model as it was read, for what the catalog does not hold: keys, config, secrets, connectors, identity.
    pub model: Option<Model>,
    /// Every fault found.
    pub diagnostics: Diagnostics,
}

/// Compiles the model files among the sources; seeds and tests are left alone.
pub fn compile(sources: &Sources) -> Compiled {
    let mut diagnostics = Diagnostics::default();
    let read = model::read(sources, &mut diagnostics);
    let (model, catalog) = match read {
        Some((model, lost)) => {
            let catalog = resolve(&model, lost, sources, &mut diagnostics);
            (Some(model), catalog)
        }
        None => (None, None),
    };
    Compiled {
        catalog: catalog.filter(|_| !diagnostics.has_errors()),
        model,
        diagnostics,
    }
}
