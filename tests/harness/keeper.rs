//! Processes that end when the tests end, however they end.

use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A shell that starts a program, waits until its standard input closes, then stops the program and removes its folder,
/// unless a file `keep` lies in it. The operating system closes the pipe when the test process ends: servers that tests share
/// are never dropped.
#[derive(Debug)]
pub(crate) struct Keeper {
    shell: Child,
}

const SCRIPT: &str = r#"
trap '' INT HUP
exec 3<&0
"$@" </dev/null 3<&- &
program=$!
echo "$program" >"$FOLDER/process"
( cat <&3 >/dev/null; kill -s TERM "$program" 2>/dev/null; sleep 5; kill -s KILL "$program" 2>/dev/null ) >/dev/null 2>&1 &
late=$!
wait "$program"
kill -s KILL "$late" 2>/dev/null
[ -e "$FOLDER/keep" ] || rm -rf "$FOLDER"
"#;

impl Keeper {
    /// Starts a command; all it prints goes to `log`.
    pub(crate) fn start(command: &[String], folder: &Path, log: &Path) -> Self {
        let output = File::create(log).expect("a log can be created");
        let errors = output.try_clone().expect("a file handle can be cloned");
        let shell = Command::new("sh")
            .args(["-c", SCRIPT, "keeper"])
            .args(command)
            .env("FOLDER", folder)
            .stdin(Stdio::piped())
            .stdout(output)
            .stderr(errors)
            .spawn()
            .expect("sh can be run");
        Self { shell }
    }

    /// Whether it has ended by itself.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.shell.try_wait().is_ok_and(|status| status.is_some())
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        let _ = self.shell.wait();
    }
}
