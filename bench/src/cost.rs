//! What processes have used so far, by Linux's `/proc`.

use crate::failure::{Failure, Outcome};
use std::fs;
use std::process::Command;
use std::time::Duration;

/// How processes are measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Meter {
    ticks_per_second: u64,
    /// Its children are the sessions.
    postmaster: Option<u32>,
}

/// A reading.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Reading {
    /// Processor time of the server, all threads, user and system.
    pub(crate) server: Duration,
    /// The same of the database; none for SQLite, which is inside the server.
    pub(crate) database: Duration,
    /// Resident memory of the server, now.
    pub(crate) resident_kib: u64,
    /// The most it ever was.
    pub(crate) peak_kib: u64,
}

impl Meter {
    /// With a postmaster, the database is measured too.
    pub(crate) fn new(postmaster: Option<u32>) -> Outcome<Self> {
        let output = Command::new("getconf").arg("CLK_TCK").output()?;
        let ticks = String::from_utf8_lossy(&output.stdout).trim().parse();
        Ok(Self {
            ticks_per_second: ticks.unwrap_or(100),
            postmaster,
        })
    }

    /// Reads what a server and the database have used.
    pub(crate) fn read(&self, server: u32) -> Outcome<Reading> {
        let (resident_kib, peak_kib) = memory(server)?;
        let own = stat(server)?;
        Ok(Reading {
            server: self.duration(own.own_ticks),
            database: self.database()?,
            resident_kib,
            peak_kib,
        })
    }

    /// The postmaster, its sessions, and those of its sessions that have ended.
    fn database(&self) -> Outcome<Duration> {
        let Some(postmaster) = self.postmaster else {
            return Ok(Duration::ZERO);
        };
        let own = stat(postmaster)?;
        let mut sum = self.duration(own.own_ticks + own.ended_ticks);
        for entry in fs::read_dir("/proc")?.filter_map(Result::ok) {
            let process = entry.file_name().to_str().and_then(|name| name.parse().ok());
            // A process that ends meanwhile is counted with its parent the next time.
            let Some((process, stat)) = process.and_then(|process| Some((process, stat(process).ok()?))) else {
                continue;
            };
            if stat.parent == postmaster {
                // Sessions have one thread, whose time the scheduler knows to the nanosecond.
                sum += nanoseconds(process).map_or_else(|| self.duration(stat.own_ticks), Duration::from_nanos);
            }
        }
        Ok(sum)
    }

    fn duration(&self, ticks: u64) -> Duration {
        Duration::from_nanos(ticks * (1_000_000_000 / self.ticks_per_second.max(1)))
    }
}

/// The parent of a PostgreSQL session.
pub(crate) fn postmaster_of(session: u32) -> Outcome<u32> {
    let stat = stat(session)
        .map_err(|_| Failure::new("PostgreSQL is not on this machine, so its processor time cannot be read"))?;
    Ok(stat.parent)
}

struct Stat {
    parent: u32,
    own_ticks: u64,
    ended_ticks: u64,
}

/// proc_pid_stat(5): behind the name in brackets, the parent is the second field, and the times are those from the 12th on.
fn stat(process: u32) -> Outcome<Stat> {
    let text = fs::read_to_string(format!("/proc/{process}/stat"))?;
    parse_stat(&text).ok_or_else(|| Failure::new(format!("/proc/{process}/stat is not as expected")))
}

fn parse_stat(text: &str) -> Option<Stat> {
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |index: usize| fields.get(index)?.parse::<u64>().ok();
    Some(Stat {
        parent: fields.get(1)?.parse().ok()?,
        own_ticks: ticks(11)? + ticks(12)?,
        ended_ticks: ticks(13)? + ticks(14)?,
    })
}

fn nanoseconds(process: u32) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{process}/schedstat")).ok()?;
    text.split_whitespace().next()?.parse().ok()
}

fn memory(process: u32) -> Outcome<(u64, u64)> {
    let text = fs::read_to_string(format!("/proc/{process}/status"))?;
    let find = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().next()?.parse().ok()
    };
    Ok((find("VmRSS:").unwrap_or(0), find("VmHWM:").unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_brackets_do_not_mislead() {
        let text = "42 (a) b) S 7 42 42 0 -1 4194304 1 2 3 4 100 20 30 4 20 0 1 0 5";
        let stat = parse_stat(text).unwrap();
        assert_eq!((stat.parent, stat.own_ticks, stat.ended_ticks), (7, 120, 34));
    }
}
