//! `freehold access`: who may do what.

use crate::bundle::compile;
use crate::cli::{say, tell};
use crate::config;
use crate::error::Failure;
use crate::sources;
use clap::{Args, Subcommand};
use freehold_policy::matrix::{CallerRow, Difference, EntityRow, Extent, FieldRow, Matrix, compare, matrix};
use std::fmt::Write;
use std::path::{Path, PathBuf};

#[derive(Subcommand)]
pub(crate) enum AccessCommand {
    /// Prints who may do what: every profile and role against every entity, operation and field
    #[command(
        after_help = "Examples:\n  freehold access matrix examples/helpdesk\n  freehold access matrix examples/helpdesk --role agent --conditions\n  \
        freehold access matrix examples/helpdesk --json > access.json\n\nMarks: ● on every row, ◐ on some rows, · on none. Rows are those of the request's tenant."
    )]
    Matrix(MatrixArgs),
    /// Prints what another version of an app lets people do, and what it takes from them
    #[command(
        after_help = "Examples:\n  freehold access diff helpdesk-1.0 examples/helpdesk\n  freehold access diff old new --json\n  \
        freehold access diff old new --fail-on-widening   # for a review in continuous integration"
    )]
    Diff(DiffArgs),
}

#[derive(Args)]
pub(crate) struct MatrixArgs {
    /// The app's directory
    directory: PathBuf,
    /// Only callers with this role; may be given several times
    #[arg(long = "role", value_name = "NAME")]
    roles: Vec<String>,
    /// Prints the conditions instead of marks
    #[arg(long, conflicts_with = "json")]
    conditions: bool,
    /// Prints JSON
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
pub(crate) struct DiffArgs {
    /// The app's directory as it was
    old: PathBuf,
    /// The app's directory as it is
    new: PathBuf,
    /// The exit code is 1 if anybody may do more than before
    #[arg(long)]
    fail_on_widening: bool,
    /// Prints JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(command: &AccessCommand) -> Result<(), Failure> {
    match command {
        AccessCommand::Matrix(args) => print_matrix(args),
        AccessCommand::Diff(args) => print_difference(args),
    }
}

fn print_matrix(args: &MatrixArgs) -> Result<(), Failure> {
    let mut matrix = read(&args.directory)?;
    if !args.roles.is_empty() {
        let wanted = |row: &CallerRow| args.roles.iter().any(|role| row.caller == format!("role {role}"));
        if let Some(unknown) = args
            .roles
            .iter()
            .find(|role| !matrix.callers.iter().any(|row| row.caller == format!("role {role}")))
        {
            return Err(Failure::new(format!("the app has no role `{unknown}`")));
        }
        matrix.callers.retain(wanted);
    }
    if args.json {
        let json = serde_json::to_string_pretty(&matrix).map_err(|error| Failure::new(error.to_string()))?;
        say(json);
    } else {
        say(text(&matrix, args.conditions).trim_end());
    }
    Ok(())
}

fn print_difference(args: &DiffArgs) -> Result<(), Failure> {
    let differences = compare(&read(&args.old)?, &read(&args.new)?);
    if args.json {
        let json = serde_json::to_string_pretty(&differences).map_err(|error| Failure::new(error.to_string()))?;
        say(json);
    } else if differences.is_empty() {
        say("nobody may do more or less than before");
    } else {
        for difference in &differences {
            say(told(difference));
        }
    }
    let widened = differences.iter().filter(|difference| difference.widens).count();
    if args.fail_on_widening && widened > 0 {
        return Err(Failure::new(format!("{widened} rights may be wider than before")));
    }
    Ok(())
}

/// The matrix of an app that compiles.
fn read(directory: &Path) -> Result<Matrix, Failure> {
    let sources = sources::read(directory)?;
    let compiled = compile(&sources);
    match compiled.sound {
        Some((catalog, policy)) => Ok(matrix(&catalog, &policy)),
        None => {
            tell(compiled.report(&sources, config::color()));
            Err(Failure::new(""))
        }
    }
}

/// `+ role agent  ticket.iban  read: never → where …`
fn told(difference: &Difference) -> String {
    let sign = match (difference.widens, difference.new.is_never()) {
        (_, true) => '-',
        (true, false) if difference.old.is_never() => '+',
        (true, false) => '~',
        (false, false) => '-',
    };
    format!(
        "{sign} {:<24} {:<28} {:<10} {} → {}",
        difference.caller, difference.place, difference.what, difference.old, difference.new
    )
}

/// The matrix for people.
pub(crate) fn text(matrix: &Matrix, conditions: bool) -> String {
    let mut out = String::new();
    for row in &matrix.callers {
        // Writing to a string does not fail.
        let _ = writeln!(out, "{}", row.caller);
        if !row.actions.is_empty() {
            let _ = writeln!(out, "  actions  {}", row.actions.join(", "));
        }
        if !row.manages.is_empty() {
            let _ = writeln!(out, "  manages  {}", row.manages.join(", "));
        }
        if row.entities.is_empty() {
            let _ = writeln!(out, "  nothing");
        }
        for entity in &row.entities {
            if conditions {
                with_conditions(&mut out, entity);
            } else {
                with_marks(&mut out, entity);
            }
        }
        out.push('\n');
    }
    out
}

fn with_conditions(out: &mut String, entity: &EntityRow) {
    let _ = writeln!(out, "  {}", entity.entity);
    for cell in &entity.operations {
        let _ = writeln!(out, "    {:<11} {}", cell.operation.word(), cell.rows);
    }
    for field in &entity.fields {
        for (word, extent) in uses(field) {
            if !extent.is_never() {
                let _ = writeln!(out, "    .{:<20} {word:<11} {extent}", field.field);
            }
        }
    }
}

fn with_marks(out: &mut String, entity: &EntityRow) {
    let operations: Vec<String> = entity
        .operations
        .iter()
        .map(|cell| format!("{} {}", cell.operation.word(), mark(&cell.rows)))
        .collect();
    let _ = writeln!(out, "  {:<22} {}", entity.entity, operations.join("  "));
    for field in &entity.fields {
        let marks: Vec<String> = uses(field)
            .into_iter()
            .filter(|(_, extent)| !extent.is_never())
            .map(|(word, extent)| format!("{word} {}", mark(extent)))
            .collect();
        let _ = writeln!(out, "    .{:<19} {}", field.field, marks.join("  "));
    }
}

fn uses(field: &FieldRow) -> [(&'static str, &Extent); 4] {
    [
        ("read", &field.read),
        ("create", &field.create),
        ("update", &field.update),
        ("transition", &field.transition),
    ]
}

fn mark(extent: &Extent) -> char {
    match extent {
        Extent::Never => '·',
        Extent::Sometimes(_) => '◐',
        Extent::Always => '●',
    }
}
