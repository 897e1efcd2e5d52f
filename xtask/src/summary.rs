//! What passed and what failed, over all parts.

use std::fmt;

/// Results of a run.
#[derive(Debug, Default)]
pub(crate) struct Summary {
    passed: usize,
    failures: Vec<String>,
}

impl Summary {
    /// Counts one check that is no Rust test.
    pub(crate) fn add(&mut self, name: &str, result: Result<(), String>) {
        match result {
            Ok(()) => self.passed += 1,
            Err(reason) => {
                eprintln!("{name}: {reason}");
                self.failures.push(name.to_owned());
            }
        }
    }

    /// Reads one line that `cargo test` prints; gives whether it was a result.
    pub(crate) fn read_line(&mut self, line: &str) {
        let Some(rest) = line.strip_prefix("test ") else { return };
        if rest.ends_with(" ... ok") || rest.contains(" - should panic ... ok") {
            self.passed += 1;
        } else if let Some((name, _)) = rest.split_once(" ... FAILED") {
            self.failures.push(name.to_owned());
        }
    }

    /// Whether anything failed.
    pub(crate) fn is_success(&self) -> bool {
        self.failures.is_empty()
    }

    /// Whether nothing at all was run.
    pub(crate) fn is_empty(&self) -> bool {
        self.passed == 0 && self.failures.is_empty()
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for failure in &self.failures {
            writeln!(f, "FAILED {failure}")?;
        }
        write!(f, "{} passed, {} failed", self.passed, self.failures.len())
    }
}

#[cfg(test)]
mod tests {
    use super::Summary;

    fn check(lines: &str, expected: &str) {
        let mut summary = Summary::default();
        lines.lines().for_each(|line| summary.read_line(line));
        assert_eq!(summary.to_string(), expected);
    }

    #[test]
    fn counts_lines_of_cargo_test() {
        check(
            "running 2 tests\ntest a::b ... ok\ntest c ... ok\n",
            "2 passed, 0 failed",
        );
        check("test a::b ... FAILED\ntest c ... ok", "FAILED a::b\n1 passed, 1 failed");
        check("test result: ok. 5 passed; 0 failed; 0 ignored", "0 passed, 0 failed");
        check("test src/lib.rs - thing (line 3) ... ok", "1 passed, 0 failed");
    }
}
