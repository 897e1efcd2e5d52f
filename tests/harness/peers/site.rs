//! A small web server, for what a test pretends to be.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A web server that answers as a test says. It ends with the process.
pub struct Site {
    base: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

/// What somebody asked.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// `GET` …
    pub method: String,
    /// Without the query.
    pub path: String,
    /// What stands after the `?`.
    pub query: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

impl Asked {
    /// A value of the query.
    pub fn value(&self, name: &str) -> Option<String> {
        pair(&self.query, name)
    }

    /// A value of a form.
    pub fn field(&self, name: &str) -> Option<String> {
        pair(&self.body, name)
    }

    /// A header.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }
}

fn pair(text: &str, name: &str) -> Option<String> {
    let mut pairs = url::form_urlencoded::parse(text.as_bytes());
    pairs
        .find(|(known, _)| known == name)
        .map(|(_, value)| value.into_owned())
}

/// What is answered.
#[derive(Clone, Debug)]
pub struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

impl Reply {
    /// A status, and a text.
    pub fn text(status: u16, text: &str) -> Self {
        Self {
            status,
            headers: vec![("Content-Type".into(), "text/plain".into())],
            body: text.into(),
        }
    }

    /// JSON.
    pub fn json(status: u16, value: &serde_json::Value) -> Self {
        Self {
            status,
            headers: vec![("Content-Type".into(), "application/json".into())],
            body: value.to_string(),
        }
    }

    /// To somewhere else.
    pub fn redirect(to: &str) -> Self {
        Self {
            status: 302,
            headers: vec![("Location".into(), to.into())],
            body: String::new(),
        }
    }
}

impl Site {
    /// Starts one. It is told its own address, without a slash at the end.
    pub fn start(answer: impl Fn(&str, &Asked) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let base = format!("http://{}", listener.local_addr().expect("it listens"));
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (answer, own, heard) = (Arc::new(answer), base.clone(), asked.clone());
        std::thread::spawn(move || {
            for socket in listener.incoming().flatten() {
                let (answer, own, heard) = (answer.clone(), own.clone(), heard.clone());
                std::thread::spawn(move || {
                    // Whoever breaks off gets no answer.
                    let _ = serve(&socket, &own, &heard, answer.as_ref());
                });
            }
        });
        Self { base, asked }
    }

    /// `http://127.0.0.1:PORT`
    pub fn base(&self) -> &str {
        &self.base
    }

    /// All that was asked of it so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().expect("nobody panics with it").clone()
    }

    /// How often a path was asked for.
    pub fn count(&self, path: &str) -> usize {
        self.asked().iter().filter(|asked| asked.path == path).count()
    }
}

fn serve(
    socket: &TcpStream,
    own: &str,
    heard: &Mutex<Vec<Asked>>,
    answer: &dyn Fn(&str, &Asked) -> Reply,
) -> std::io::Result<()> {
    socket.set_read_timeout(Some(Duration::from_secs(20)))?;
    let mut reader = BufReader::new(socket);
    let Some(asked) = read(&mut reader)? else { return Ok(()) };
    heard.lock().expect("nobody panics with it").push(asked.clone());
    let reply = answer(own, &asked);
    let mut text = format!(
        "HTTP/1.1 {} -\r\nConnection: close\r\nContent-Length: {}\r\n",
        reply.status,
        reply.body.len()
    );
    for (name, value) in &reply.headers {
        text.push_str(name);
        text.push_str(": ");
        text.push_str(value);
        text.push_str("\r\n");
    }
    let mut socket = socket;
    socket.write_all(text.as_bytes())?;
    socket.write_all(b"\r\n")?;
    socket.write_all(reply.body.as_bytes())
}

fn read(reader: &mut impl BufRead) -> std::io::Result<Option<Asked>> {
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut words = line.split_whitespace();
    let (Some(method), Some(target)) = (words.next(), words.next()) else {
        return Ok(None);
    };
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut asked = Asked {
        method: method.into(),
        path: path.into(),
        query: query.into(),
        ..Asked::default()
    };
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        match line.trim_end().split_once(':') {
            Some((name, value)) => asked.headers.push((name.to_ascii_lowercase(), value.trim().to_owned())),
            None => break,
        }
    }
    let length = asked
        .header("content-length")
        .and_then(|length| length.parse().ok())
        .unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    asked.body = String::from_utf8_lossy(&body).into_owned();
    Ok(Some(asked))
}

impl std::fmt::Debug for Site {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Site")
            .field("base", &self.base)
            .finish_non_exhaustive()
    }
}
