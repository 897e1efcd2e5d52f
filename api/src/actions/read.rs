//! One program run: with the keys for what is encrypted of it, if anything is.

use crate::bundle::{Bundle, Planned};
use crate::environments::Environment;
use crate::error::Refusal;
use crate::keys::{is_about_keys, uses};
use freehold_base::Caller;
use freehold_storage::Binder;

/// Runs a program; gives the JSON object of `data`.
///
/// # Errors
/// When the database refuses, or a value does not open: an answer is whole or it is none.
pub(crate) async fn read(
    environment: &Environment,
    bundle: &Bundle,
    caller: &Caller,
    planned: &Planned,
) -> Result<Vec<u8>, Refusal> {
    let tenant = caller.tenant.as_ref().map(|tenant| tenant.id);
    let uses = uses(&bundle.catalog, &planned.program.keys, tenant);
    let once = async || {
        let cipher = environment.cipher(&uses).await?;
        let binder = Binder {
            catalog: &bundle.catalog,
            caller,
            variables: &planned.variables,
            written: None,
            cipher: Some(&cipher),
        };
        let running = environment.database.run(&planned.program, &binder, &environment.sealer);
        Ok::<_, Refusal>(running.await)
    };
    match once().await? {
        // Another server may have sealed under a data key that it made just now.
        Err(error) if is_about_keys(&error) => {
            environment.vault.forget(&uses);
            Ok(once().await??)
        }
        outcome => Ok(outcome?),
    }
}
