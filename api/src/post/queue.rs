//! Letters that wait to be sent: a thread of their own hands them over, so that no request ever waits for a mail server.

use super::Kind;
use super::smtp::{Problem, attempt};
use crate::error::Failure;
use lettre::{Message, SmtpTransport};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};

/// Letters that wait; more are dropped.
const WAITING_MAX: usize = 512;
/// How long to wait before each further attempt. Together less than a link is good for.
const RETRY_AFTER: [Duration; 5] = [
    Duration::from_secs(2),
    Duration::from_secs(15),
    Duration::from_mins(1),
    Duration::from_mins(4),
    Duration::from_mins(10),
];
/// How often who waits for all of them looks.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Hands letters to the thread that sends them.
#[derive(Clone)]
pub(super) struct Queue {
    letters: SyncSender<Waiting>,
    waiting: Arc<AtomicUsize>,
}

/// A letter that is not sent yet.
struct Waiting {
    message: Message,
    kind: Kind,
    due: Instant,
    tries: usize,
}

impl Queue {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the system gives none.
    pub(super) fn start(transport: SmtpTransport) -> Result<Self, Failure> {
        Self::over(RETRY_AFTER.into(), move |message| attempt(&transport, message))
    }

    fn over(
        retry_after: Vec<Duration>,
        attempt: impl Fn(&Message) -> Result<(), Problem> + Send + 'static,
    ) -> Result<Self, Failure> {
        let (letters, received) = sync_channel(WAITING_MAX);
        let waiting = Arc::new(AtomicUsize::new(0));
        let left = waiting.clone();
        std::thread::Builder::new()
            .name("mail".to_owned())
            .spawn(move || work(&received, &left, &retry_after, attempt))
            .map_err(|error| Failure::new(format!("the mail's thread cannot be started: {error}")))?;
        Ok(Self { letters, waiting })
    }

    /// Sends a letter, some time soon.
    pub(super) fn send(&self, message: Message, kind: Kind) {
        if self.waiting.fetch_add(1, Ordering::SeqCst) >= WAITING_MAX {
            self.waiting.fetch_sub(1, Ordering::SeqCst);
            tracing::error!(kind = kind.name(), "a letter is not sent: too many wait already");
            return;
        }
        let waiting = Waiting {
            message,
            kind,
            due: Instant::now(),
            tries: 0,
        };
        // There is room for as many as may wait.
        if self.letters.try_send(waiting).is_err() {
            self.waiting.fetch_sub(1, Ordering::SeqCst);
            tracing::error!(kind = kind.name(), "a letter is not sent: the mail's thread has ended");
        }
    }

    /// Waits until none is left.
    pub(super) async fn flush(&self) {
        while self.waiting.load(Ordering::SeqCst) > 0 {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}

/// Sends letters until nobody can hand over more.
fn work(
    received: &Receiver<Waiting>,
    left: &AtomicUsize,
    retry_after: &[Duration],
    attempt: impl Fn(&Message) -> Result<(), Problem>,
) {
    let mut waiting: Vec<Waiting> = Vec::new();
    loop {
        let next = waiting.iter().map(|letter| letter.due).min();
        let come = match next {
            None => received.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(due) => received.recv_timeout(due.saturating_duration_since(Instant::now())),
        };
        match come {
            Ok(letter) => waiting.push(letter),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        let now = Instant::now();
        let (due, later) = waiting.into_iter().partition(|letter| letter.due <= now);
        waiting = later;
        for mut letter in due {
            let outcome = attempt(&letter.message);
            match (outcome, retry_after.get(letter.tries)) {
                (Err(problem), Some(wait)) if problem.may_pass => {
                    tracing::warn!(kind = letter.kind.name(), "a letter has to wait: {}", problem.what);
                    letter.due = Instant::now() + *wait;
                    letter.tries += 1;
                    waiting.push(letter);
                    continue;
                }
                (Err(problem), _) => {
                    tracing::error!(
                        kind = letter.kind.name(),
                        "a letter could not be sent: {}",
                        problem.what
                    );
                }
                (Ok(()), _) => tracing::info!(kind = letter.kind.name(), "a letter was sent"),
            }
            left.fetch_sub(1, Ordering::SeqCst);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lettre::message::header::ContentType;
    use std::sync::Mutex;

    fn message(subject: &str) -> Message {
        Message::builder()
            .to("ann@acme.test".parse().unwrap())
            .from("desk@acme.test".parse().unwrap())
            .subject(subject)
            .header(ContentType::TEXT_PLAIN)
            .body(String::new())
            .unwrap()
    }

    /// What was tried of two letters, where attempts go like that.
    fn tried(outcomes: &[Option<bool>]) -> Vec<String> {
        let tried = Arc::new(Mutex::new(Vec::new()));
        let outcomes = Mutex::new(outcomes.to_vec());
        let seen = tried.clone();
        let attempt = move |message: &Message| {
            let text = String::from_utf8(message.formatted()).unwrap();
            let subject = text.lines().find_map(|line| line.strip_prefix("Subject: ")).unwrap();
            seen.lock().unwrap().push(subject.to_owned());
            match outcomes.lock().unwrap().remove(0) {
                None => Ok(()),
                Some(may_pass) => Err(Problem {
                    what: String::new(),
                    may_pass,
                }),
            }
        };
        let queue = Queue::over(vec![Duration::from_millis(30); 2], attempt).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        queue.send(message("one"), Kind::Invitation);
        while tried.lock().unwrap().is_empty() {
            std::thread::sleep(Duration::from_millis(1));
        }
        queue.send(message("two"), Kind::Membership);
        runtime.block_on(queue.flush());
        tried.lock().unwrap().clone()
    }

    #[test]
    fn what_may_pass_is_tried_again_and_keeps_nobody_waiting() {
        assert_eq!(tried(&[None, None]), ["one", "two"]);
        assert_eq!(tried(&[Some(true), None, None]), ["one", "two", "one"]);
        assert_eq!(tried(&[Some(false), None]), ["one", "two"], "it will not pass");
        assert_eq!(
            tried(&[Some(true), None, Some(true), Some(true)]),
            ["one", "two", "one", "one"]
        );
    }
}
