//! Processes that end when we end, however we end.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// A shell that starts a program, waits until its standard input closes, then stops the program and cleans up.
///
/// The operating system closes the pipe when we exit, are killed or are interrupted, so nothing is left behind.
#[derive(Debug)]
pub(crate) struct Keeper {
    shell: Child,
}

/// `$STOP` is how to stop (a signal), `$CLEAN` a directory to remove afterwards; the arguments are the command.
const SCRIPT: &str = r#"
trap '' INT HUP TERM
exec 3<&0
"$@" </dev/null 3<&- &
program=$!
( cat <&3 >/dev/null; kill -s "$STOP" "$program" 2>/dev/null ) >/dev/null 2>&1 &
watcher=$!
wait "$program"
kill -s KILL "$watcher" 2>/dev/null
[ -z "$CLEAN" ] || rm -rf "$CLEAN"
"#;

impl Keeper {
    /// Starts `command` (program and arguments) under a keeper.
    pub(crate) fn start(mut keeper: Command, command: &[String], stop: &str, clean: &str) -> Result<Self, String> {
        keeper
            .args(["sh", "-c", SCRIPT, "keeper"])
            .args(command)
            .env("STOP", stop)
            .env("CLEAN", clean)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let shell = keeper
            .spawn()
            .map_err(|error| format!("cannot start `{}`: {error}", command.join(" ")))?;
        Ok(Self { shell })
    }

    /// Waits for a line of output that contains `text`, and gives it. Later output is thrown away.
    pub(crate) fn wait_for_line(&mut self, text: &str, patience: Duration) -> Result<String, String> {
        let stdout = self.shell.stdout.take().ok_or("the output was read before")?;
        let (sender, receiver) = mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        let mut seen = String::new();
        loop {
            match receiver.recv_timeout(patience) {
                Ok(line) if line.contains(text) => return Ok(line),
                Ok(line) => seen = seen + &line + "\n",
                Err(_) => return Err(format!("`{text}` did not appear; the output was:\n{seen}")),
            }
        }
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        let _ = self.shell.wait();
    }
}
