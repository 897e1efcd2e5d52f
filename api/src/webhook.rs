//! Tells somebody else's server of an alert: JSON by POST, from a thread of its own, so that no request ever waits for it.

use crate::secret_url::SecretUrl;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::time::Duration;
use ureq::Agent;

/// Messages that wait; more are dropped. The alerts themselves are in the audit log.
const WAITING_MAX: usize = 64;
/// How long an attempt may take in all.
const TIMEOUT: Duration = Duration::from_secs(5);
/// How long to wait before each further attempt.
const RETRY_AFTER: [Duration; 3] = [Duration::from_secs(1), Duration::from_secs(5), Duration::from_secs(20)];

/// Hands messages to the thread that sends them.
#[derive(Debug)]
pub(crate) struct Webhook {
    messages: SyncSender<String>,
}

impl Webhook {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(crate) fn start(url: SecretUrl) -> std::io::Result<Self> {
        let (messages, waiting) = sync_channel(WAITING_MAX);
        std::thread::Builder::new()
            .name("webhook".to_owned())
            .spawn(move || work(&url, &waiting, &RETRY_AFTER))?;
        Ok(Self { messages })
    }

    /// Sends a message, some time soon.
    pub(crate) fn send(&self, message: String) {
        match self.messages.try_send(message) {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => tracing::warn!("an alert is not told to the webhook: too many wait already"),
            Err(TrySendError::Disconnected(_)) => tracing::error!("the webhook's thread has ended"),
        }
    }
}

/// Sends messages until nobody can hand over more.
fn work(url: &SecretUrl, messages: &Receiver<String>, retry_after: &[Duration]) {
    let agent = agent();
    while let Ok(message) = messages.recv() {
        let mut waits = retry_after.iter();
        // INVARIANT: the address is a secret. What the client says may quote it, so only our own words are logged.
        while let Err(problem) = attempt(&agent, url, &message) {
            match waits.next().filter(|_| problem.may_pass) {
                Some(wait) => std::thread::sleep(*wait),
                None => {
                    tracing::error!("the webhook at {url} could not be told of an alert: {}", problem.what);
                    break;
                }
            }
        }
    }
}

fn agent() -> Agent {
    let config = Agent::config_builder()
        .timeout_global(Some(TIMEOUT))
        // A redirect would carry the message somewhere that nobody named.
        .max_redirects(0)
        .max_redirects_will_error(false)
        .http_status_as_error(false)
        .user_agent(concat!("freehold/", env!("CARGO_PKG_VERSION")));
    config.build().into()
}

/// Why a message did not arrive.
struct Problem {
    what: String,
    /// It may do so later.
    may_pass: bool,
}

fn attempt(agent: &Agent, url: &SecretUrl, message: &str) -> Result<(), Problem> {
    let answer = agent.post(url.expose()).content_type("application/json").send(message);
    match answer.map(|answer| answer.status().as_u16()) {
        Ok(200..=299) => Ok(()),
        Ok(status) => Err(Problem {
            what: format!("it answers with status {status}"),
            may_pass: matches!(status, 408 | 425 | 429 | 500..),
        }),
        Err(error) => Err(problem(&error)),
    }
}

fn problem(error: &ureq::Error) -> Problem {
    let (what, may_pass) = match error {
        ureq::Error::Timeout(_) => ("it takes too long", true),
        ureq::Error::HostNotFound => ("its host is not known", true),
        ureq::Error::ConnectionFailed | ureq::Error::Io(_) => ("it cannot be reached", true),
        ureq::Error::Tls(_) | ureq::Error::Rustls(_) => ("it has no certificate that can be trusted", false),
        ureq::Error::BadUri(_) => ("the address is no URL", false),
        // The client's list of errors is open.
        _ => ("the exchange failed", true),
    };
    Problem {
        what: what.to_owned(),
        may_pass,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};

    /// Reads a request, answers with a status, and gives what was sent.
    fn answer(mut stream: TcpStream, status: &str) -> String {
        let (mut bytes, mut chunk) = (Vec::new(), [0; 4096]);
        while !String::from_utf8_lossy(&bytes).ends_with('}') {
            let read = stream.read(&mut chunk).unwrap();
            assert!(read > 0, "the request has a body");
            bytes.extend_from_slice(&chunk[..read]);
        }
        write!(
            stream,
            "HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        )
        .unwrap();
        String::from_utf8(bytes).unwrap()
    }

    /// The requests that a server hears which answers with these statuses, of two messages.
    fn heard(statuses: &[&str]) -> Vec<String> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/hook/secret", listener.local_addr().unwrap());
        let (messages, waiting) = sync_channel(8);
        let sender = std::thread::spawn(move || {
            work(
                &SecretUrl::parse(&url).unwrap(),
                &waiting,
                &[Duration::ZERO, Duration::ZERO],
            );
        });
        messages.send("{\"n\":1}".to_owned()).unwrap();
        messages.send("{\"n\":2}".to_owned()).unwrap();
        drop(messages);
        let heard = statuses
            .iter()
            .map(|status| answer(listener.accept().unwrap().0, status))
            .map(|request| request.rsplit("\r\n").next().unwrap_or_default().to_owned())
            .collect();
        sender.join().unwrap();
        heard
    }

    #[test]
    fn what_may_pass_is_tried_again_and_not_for_ever() {
        let (one, two) = ("{\"n\":1}", "{\"n\":2}");
        assert_eq!(heard(&["200 OK", "204 No Content"]), [one, two]);
        assert_eq!(heard(&["503 Busy", "200 OK", "200 OK"]), [one, one, two]);
        assert_eq!(heard(&["400 Bad", "200 OK"]), [one, two], "it will not pass");
        assert_eq!(heard(&["500 No", "500 No", "500 No", "200 OK"]), [one, one, one, two]);
        assert_eq!(heard(&["302 Found\r\nLocation: /other", "200 OK"]), [one, two]);
    }

    /// The other side speaks no TLS, and what it says is no reason to show the address.
    #[test]
    fn https_means_tls() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("https://{}/hook/secret", listener.local_addr().unwrap());
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut hello = [0; 6];
            stream.read_exact(&mut hello).unwrap();
            stream
                .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
                .unwrap();
            hello
        });
        let problem = attempt(&agent(), &SecretUrl::parse(&url).unwrap(), "{}").err().unwrap();
        assert!(!problem.what.contains("secret"), "{}", problem.what);
        // A handshake record (22) that holds a ClientHello (1).
        let hello = server.join().unwrap();
        assert_eq!((hello[0], hello[5]), (22, 1));
    }
}
