//! A stand-in for a Docker engine: it answers what it is told to, and keeps what it was
//! asked. So what the program asks of an engine is tested where there is none.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What was asked.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    /// Method and path, without the version of the API, as in `GET /info`.
    pub(super) what: String,
    /// Header lines, names in lower case.
    pub(super) head: Vec<(String, String)>,
    /// The body.
    pub(super) body: String,
}

type Answers = Vec<(&'static str, (u16, String))>;

/// An engine that has no image and no container, unless it is told otherwise.
pub(super) struct StandIn {
    address: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl StandIn {
    /// Answers what begins with a method and path as is given, the first that fits.
    pub(super) fn with(answers: &[(&'static str, u16, &str)]) -> Self {
        let answers: Answers = answers
            .iter()
            .map(|(what, status, body)| (*what, (*status, (*body).to_owned())))
            .collect();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("tcp://{}", listener.local_addr().unwrap());
        let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let kept = asked.clone();
        // It ends with the process.
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (answers, kept) = (answers.clone(), kept.clone());
                std::thread::spawn(move || serve(stream, &answers, &kept));
            }
        });
        Self { address, asked }
    }

    /// What `DOCKER_HOST` is to be.
    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// What was asked that begins so.
    pub(super) fn asked(&self, begin: &str) -> Vec<Asked> {
        let asked = self.asked.lock().unwrap();
        asked.iter().filter(|asked| asked.what.starts_with(begin)).cloned().collect()
    }
}

fn serve(stream: TcpStream, answers: &Answers, kept: &Mutex<Vec<Asked>>) {
    let mut writer = stream.try_clone().unwrap();
    let mut reader = BufReader::new(stream);
    while let Some(asked) = read(&mut reader) {
        // The stream of events says nothing until the program is gone.
        if asked.what.starts_with("GET /events") {
            let _ = writer.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
            std::thread::sleep(Duration::from_secs(60));
            return;
        }
        let told = answers.iter().find(|(what, _)| asked.what.starts_with(what));
        let (status, body) = told.map_or_else(|| default(&asked.what), |(_, told)| told.clone());
        kept.lock().unwrap().push(asked);
        let length = body.len();
        let head = format!(
            "HTTP/1.1 {status} Told\r\nContent-Type: application/json\r\nApi-Version: 1.41\r\n\
             Content-Length: {length}\r\n\r\n"
        );
        if writer.write_all((head + &body).as_bytes()).is_err() {
            return;
        }
    }
}

fn read(reader: &mut BufReader<TcpStream>) -> Option<Asked> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let mut words = line.split(' ');
    let (method, path) = (words.next()?, words.next()?);
    let versionless = match path.strip_prefix("/v1.") {
        Some(rest) => rest.find('/').map_or(rest, |at| &rest[at..]),
        None => path,
    };
    let what = format!("{method} {versionless}");
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        head.push((name.to_ascii_lowercase(), value.to_owned()));
    }
    let length = head.iter().find(|(name, _)| name == "content-length");
    let length = length.and_then(|(_, length)| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Asked { what, head, body: String::from_utf8_lossy(&body).into_owned() })
}

fn default(what: &str) -> (u16, String) {
    let body = match what.split(['?', ' ']).nth(1).unwrap_or_default() {
        "/version" => r#"{"Version":"20.10","ApiVersion":"1.41","Os":"linux","Arch":"amd64"}"#,
        "/info" => r#"{"ServerVersion":"20.10","Driver":"overlay2","DefaultRuntime":"runc"}"#,
        "/networks/bridge" => r#"{"IPAM":{"Config":[{"Gateway":"127.0.0.1"}]}}"#,
        "/images/json" | "/containers/json" => "[]",
        "/_ping" => "OK",
        _ => return (404, r#"{"message":"no such thing"}"#.to_owned()),
    };
    (200, body.to_owned())
}
