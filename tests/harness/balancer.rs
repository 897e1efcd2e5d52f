//! HAProxy before several servers.

use crate::folder::Folder;
use crate::server::Server;
use std::fmt::Write;
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A proxy that gives each request to the next server that is there. It ends with this.
#[derive(Debug)]
pub struct Balancer {
    base: String,
    child: Child,
    _folder: Folder,
}

impl Balancer {
    /// Starts one. What it keeps for itself is in a folder of its own.
    ///
    /// # Panics
    ///
    /// Without `haproxy`.
    pub fn before(servers: &[&Server]) -> Self {
        let folder = Folder::new();
        // Taken and given back: whoever is faster takes it, and the proxy says so.
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = listener.local_addr().expect("a listener has an address").to_string();
        drop(listener);
        let mut settings = format!(
            "global\n  maxconn 500\ndefaults\n  mode http\n  timeout connect 2s\n  timeout client 60s\n  timeout server 60s\n  \
             retries 3\n  option redispatch\n  option httpchk GET /readyz\n  default-server inter 200ms fall 1 rise 1\n\
             listen freehold\n  bind {address}\n  balance roundrobin\n"
        );
        for (number, server) in servers.iter().enumerate() {
            let _ = writeln!(settings, "  server s{number} {} check", server.address());
        }
        let file = folder.path().join("haproxy.cfg");
        std::fs::write(&file, settings).expect("a file can be written");
        let program = ["haproxy", "/usr/sbin/haproxy"]
            .into_iter()
            .find(|name| Command::new(name).arg("-v").stdout(Stdio::null()).status().is_ok());
        let program = program.expect("haproxy is missing. On Debian and Ubuntu: apt-get install haproxy");
        let log = std::fs::File::create(folder.path().join("log")).expect("a file can be made");
        let mut child = Command::new(program)
            .arg("-db")
            .arg("-f")
            .arg(&file)
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("haproxy can be run");
        let started = Instant::now();
        while TcpStream::connect(&address).is_err() {
            let log = std::fs::read_to_string(folder.path().join("log")).unwrap_or_default();
            assert!(
                child.try_wait().is_ok_and(|ended| ended.is_none()) && started.elapsed() < Duration::from_secs(20),
                "haproxy does not listen: {log}"
            );
            std::thread::sleep(Duration::from_millis(20));
        }
        Self {
            base: format!("http://{address}"),
            child,
            _folder: folder,
        }
    }

    /// `http://127.0.0.1:PORT`
    pub fn base(&self) -> &str {
        &self.base
    }
}

impl Drop for Balancer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
