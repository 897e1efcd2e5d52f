//! A server that runs beside us, and ends with us.

use crate::failure::{During, Failure, Outcome};
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// How long a server may take to listen; the first start makes tables and loads seeds.
const START_MAX: Duration = Duration::from_mins(2);
/// How long it may take to end.
const END_MAX: Duration = Duration::from_secs(20);

/// A running server.
#[derive(Debug)]
pub(crate) struct Program {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Program {
    /// Starts it, and waits for the line that says where it listens.
    pub(crate) fn start(command: &mut Command) -> Outcome<Self> {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .during(&format!("cannot run {}", command.get_program().display()))?;
        match wait(&mut child) {
            Ok(address) => Ok(Self { child, address }),
            Err(failure) => {
                // It may have ended by itself.
                let _ = child.kill();
                let _ = child.wait();
                Err(failure)
            }
        }
    }

    /// Its process.
    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }
}

fn wait(child: &mut Child) -> Outcome<SocketAddr> {
    let stdout = child.stdout.take().ok_or_else(|| Failure::new("no output"))?;
    let (sender, receiver) = mpsc::channel();
    // Goes on reading to the end, so that the server never waits for us.
    std::thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            let _ = sender.send(line);
        }
    });
    let deadline = Instant::now() + START_MAX;
    loop {
        let line = receiver
            .recv_timeout(deadline.saturating_duration_since(Instant::now()))
            .map_err(|_| Failure::new("a server ended, or did not listen in time"))?;
        if let Some(address) = line.strip_prefix("listening on http://") {
            let address = address.split(['/', ' ']).next().unwrap_or_default();
            return address.parse().during("a server listens nowhere");
        }
    }
}

impl Drop for Program {
    /// Asks it to end, and does not ask for long.
    fn drop(&mut self) {
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        let deadline = Instant::now() + END_MAX;
        while Instant::now() < deadline {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
