//! One program run: with the keys for what is encrypted of it, if anything is.

use crate::bundle::{Bundle, Planned};
use crate::environments::Environment;
use crate::error::Refusal;
use crate::keys::{is_about_keys, uses};
use freehold_base::{Caller, Lookup, Value};
use freehold_storage::{Accompanied, Binder, Database};

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
    let read = run(environment, bundle, caller, planned, None).await?;
    read.data.ok_or_else(|| Refusal::internal("a program gave no answer"))
}

/// Who somebody must be for a program to answer them.
pub(crate) struct Proof<'a> {
    /// Finds who they are.
    pub(crate) lookup: &'a Lookup,
    /// Whether what it finds is who they are taken for.
    pub(crate) holds: &'a (dyn Fn(Option<&[Value]>) -> bool + Sync),
}

/// What a program answered to somebody who was taken for a caller.
#[derive(Debug)]
pub(crate) struct Read {
    /// The row of the proof.
    pub(crate) row: Option<Vec<Value>>,
    /// The JSON object of `data`; `None`: they are somebody else, and nothing of the rows has been looked at.
    pub(crate) data: Option<Vec<u8>>,
}

/// Runs a program and the proof of who asks in one flight.
///
/// # Errors
/// As [`read`].
pub(crate) async fn read_if(
    environment: &Environment,
    bundle: &Bundle,
    caller: &Caller,
    planned: &Planned,
    proof: &Proof<'_>,
) -> Result<Read, Refusal> {
    run(environment, bundle, caller, planned, Some(proof)).await
}

async fn run(
    environment: &Environment,
    bundle: &Bundle,
    caller: &Caller,
    planned: &Planned,
    proof: Option<&Proof<'_>>,
) -> Result<Read, Refusal> {
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
        let (database, program) = (&environment.database, &planned.program);
        let answer = |tables: &[_]| Database::answer(program, tables, &binder, &environment.sealer);
        Ok::<_, Refusal>(match proof {
            None => database.fetch(program, &binder).await.and_then(|tables| {
                let data = answer(&tables)?;
                Ok(Read {
                    row: None,
                    data: Some(data),
                })
            }),
            Some(proof) => {
                let fetched = database.fetch_with(proof.lookup, program, &binder).await;
                fetched.and_then(|Accompanied { row, tables }| {
                    let data = if (proof.holds)(row.as_deref()) {
                        Some(answer(&tables)?)
                    } else {
                        None
                    };
                    Ok(Read { row, data })
                })
            }
        })
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
