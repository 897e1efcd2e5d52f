//! `freehold access`: who may do what.

use crate::bundle::compile;
use crate::cli::{say, tell};
use crate::config;
use crate::error::Failure;
use crate::sources;
use clap::{Args, Subcommand};
use freehold_policy::matrix::{CallerRow, Difference, EntityRow, Extent, FieldRow, Matrix, compare, matrix};
use freehold_schema::catalog::Operation;
use std::fmt::Write;
use std::path::{Path, PathBuf};

#[derive(Subcommand)]
pub(crate) enum AccessCommand {
    /// Prints who may do what: every profile and role against every entity, operation and field
    #[command(
        after_help = "Examples:\n  freehold access matrix examples/helpdesk\n  freehold access matrix examples/helpdesk --role agent --conditions\n  \
        freehold access matrix examples/helpdesk --json > access.json\n\n\
        A row of the matrix is a caller: nobody, a person with that profile outside of any tenant, a member with the default profile and that role.\n\
        Rights of several roles add up. `if then …` is what a changed row must satisfy afterwards."
    )]
    Matrix(MatrixArgs),
    /// Prints what another version of an app lets people do, and what it takes from them
    #[command(
        after_help = "Examples:\n  freehold access diff helpdesk-1.0 examples/helpdesk\n  freehold access diff old new --json\n  \
        freehold access diff old new --fail-on-widening   # for a review in continuous integration\n\n\
        + more than before, - less, ~ another condition, which may be wider: two conditions are not compared."
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
    let sign = match (difference.widens, difference.old.is_never()) {
        (true, true) => '+',
        (true, false) if difference.new == Extent::Always => '+',
        (true, false) => '~',
        (false, _) => '-',
    };
    format!(
        "{sign} {:<24} {:<28} {:<10} {} → {}",
        difference.caller, difference.place, difference.what, difference.old, difference.new
    )
}

/// The columns of the matrix.
const OPERATIONS: [Operation; 6] = [
    Operation::Create,
    Operation::Read,
    Operation::List,
    Operation::Update,
    Operation::Delete,
    Operation::Transition,
];

/// What the marks mean.
const LEGEND: &str = "● on every row   ◐ on some rows, see --conditions   · on none\n\
    Every readable row has its id, version, created_at and updated_at. * is personal.";

/// The matrix for people.
fn text(matrix: &Matrix, conditions: bool) -> String {
    let mut out = String::new();
    // Writing to a string does not fail, in all that follows.
    let width = name_width(matrix);
    for row in &matrix.callers {
        if conditions {
            let _ = writeln!(out, "{}", row.caller);
        } else {
            let words: Vec<&str> = OPERATIONS.iter().map(|operation| operation.word()).collect();
            let _ = writeln!(out, "{:width$}  {}", row.caller, words.join("  "));
        }
        if !row.actions.is_empty() {
            let _ = writeln!(out, "  actions: {}", row.actions.join(", "));
        }
        if !row.manages.is_empty() {
            let _ = writeln!(out, "  manages: {}", row.manages.join(", "));
        }
        if row.entities.is_empty() {
            out.push_str("  nothing\n");
        }
        for entity in &row.entities {
            if conditions {
                with_conditions(&mut out, entity, matrix);
            } else {
                with_marks(&mut out, entity, width);
            }
        }
        out.push('\n');
    }
    if !conditions {
        out.push_str(LEGEND);
    }
    out
}

/// Enough for the longest name of a caller, an entity or a field.
fn name_width(matrix: &Matrix) -> usize {
    let widths = matrix.callers.iter().flat_map(|row| {
        let entities = row.entities.iter().flat_map(|entity| {
            let fields = entity.fields.iter().map(|field| field.field.chars().count() + 5);
            fields.chain([entity.entity.chars().count() + 2])
        });
        entities.chain([row.caller.chars().count()])
    });
    widths.max().unwrap_or_default()
}

fn with_marks(out: &mut String, entity: &EntityRow, width: usize) {
    let of_rows = |operation: Operation| {
        let cell = entity.operations.iter().find(|cell| cell.operation == operation);
        cell.map_or('·', |cell| mark(&cell.rows))
    };
    line(out, &format!("  {}", entity.entity), width, of_rows);
    for field in entity.fields.iter().filter(|field| !field.comes_along) {
        let of_field = |operation: Operation| {
            let used = field.uses().into_iter().find(|(word, _)| *word == operation.word());
            used.map_or(' ', |(_, extent)| if extent.is_never() { ' ' } else { mark(extent) })
        };
        line(out, &format!("    {}", name(field)), width, of_field);
    }
}

/// The field's name; a personal one is marked.
fn name(field: &FieldRow) -> String {
    format!("{}{}", field.field, if field.personal { "*" } else { "" })
}

/// A mark under each operation's word.
fn line(out: &mut String, name: &str, width: usize, mark: impl Fn(Operation) -> char) {
    let mut text = format!("{name:width$}");
    for operation in OPERATIONS {
        let column = operation.word().len();
        let _ = write!(text, "  {:^column$}", mark(operation));
    }
    let _ = writeln!(out, "{}", text.trim_end());
}

fn with_conditions(out: &mut String, entity: &EntityRow, matrix: &Matrix) {
    let reach = matrix.entities.iter().find(|it| it.entity == entity.entity);
    let reach = reach.map(|it| format!(", {}", it.reach)).unwrap_or_default();
    let _ = writeln!(out, "  {}{reach}", entity.entity);
    let operations = entity.operations.iter().map(|cell| (cell.operation.word(), &cell.rows));
    for (words, extent) in together(operations) {
        let _ = writeln!(out, "    {}\n      {extent}", words.join(", "));
    }
    for (index, word) in ["create", "read", "update", "transition"].into_iter().enumerate() {
        let named = entity.fields.iter().filter(|field| !field.comes_along);
        let used = named.map(|field| (name(field), field.uses()[index].1));
        for (names, extent) in together(used.filter(|(_, extent)| !extent.is_never())) {
            let _ = writeln!(out, "    {word}: {}\n      {extent}", names.join(", "));
        }
    }
}

/// What has the same extent, together.
fn together<'a, N>(cells: impl Iterator<Item = (N, &'a Extent)>) -> Vec<(Vec<N>, &'a Extent)> {
    let mut found: Vec<(Vec<N>, &Extent)> = Vec::new();
    for (name, extent) in cells {
        match found.iter_mut().find(|(_, known)| *known == extent) {
            Some((names, _)) => names.push(name),
            None => found.push((vec![name], extent)),
        }
    }
    found
}

fn mark(extent: &Extent) -> char {
    match extent {
        Extent::Never => '·',
        Extent::Sometimes(_) => '◐',
        Extent::Always => '●',
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use freehold_policy::matrix::Way;

    #[test]
    fn signs_tell_the_direction() {
        let some = Extent::Sometimes(vec![Way {
            rows: Some("a".to_owned()),
            then: None,
        }]);
        let sign = |old: &Extent, new: &Extent, widens| {
            let difference = Difference {
                caller: String::new(),
                place: String::new(),
                what: String::new(),
                old: old.clone(),
                new: new.clone(),
                widens,
            };
            told(&difference).chars().next()
        };
        assert_eq!(sign(&Extent::Never, &some, true), Some('+'));
        assert_eq!(sign(&some, &Extent::Always, true), Some('+'));
        assert_eq!(sign(&some, &some, true), Some('~'));
        assert_eq!(sign(&Extent::Always, &some, false), Some('-'));
        assert_eq!(sign(&some, &Extent::Never, false), Some('-'));
    }
}
