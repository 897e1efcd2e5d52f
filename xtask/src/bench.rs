//! `cargo xtask bench`: Freehold against a hand-written endpoint, both built for release, on both databases.

use crate::test::{cargo, postgres, root, target};
use crate::tools;
use std::process::Command;

/// The benchmark's own arguments are handed on; it says itself what is wrong with them.
pub(crate) fn run(arguments: &[String]) -> Result<bool, String> {
    let root = root();
    let postgres = if needs_postgres(arguments) {
        Some(postgres::get()?)
    } else {
        None
    };
    let packages = ["--package", "freehold", "--package", "freehold-bench"];
    tools::succeed(cargo(&root).args(["build", "--release"]).args(packages))?;
    let mut bench = Command::new(target(&root).join("release").join("freehold-bench"));
    bench.args(arguments);
    if let Some(postgres) = &postgres {
        bench.env("FREEHOLD_TEST_POSTGRES", postgres.url());
    }
    Ok(tools::succeed(&mut bench).is_ok())
}

/// Whether PostgreSQL is among what is measured, and not named already.
fn needs_postgres(arguments: &[String]) -> bool {
    let says = |what: &str| arguments.iter().any(|argument| argument == what);
    let is_named = arguments
        .iter()
        .any(|it| it == "--postgres" || it.starts_with("--postgres="));
    let is_sqlite_alone = says("--database=sqlite")
        || arguments
            .windows(2)
            .any(|pair| pair[0] == "--database" && pair[1] == "sqlite");
    !(is_named || is_sqlite_alone || says("--help") || says("-h"))
}

#[cfg(test)]
mod tests {
    use super::needs_postgres;

    #[test]
    fn postgres_is_started_if_it_is_used() {
        let check = |text: &str, expected| {
            let arguments: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
            assert_eq!(needs_postgres(&arguments), expected, "{text}");
        };
        check("", true);
        check("--scale 0.1 --database postgres", true);
        check("--database sqlite", false);
        check("--database=sqlite", false);
        check("--postgres postgres://h/d", false);
        check("--help", false);
    }
}
