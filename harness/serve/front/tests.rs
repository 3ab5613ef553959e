use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::*;
use crate::serve::queue::Rules;
use crate::serve::tests::Fake;

mod calls;
mod gateway;
mod luck;
mod managed;
mod streams;
mod urls;

/// A front that is being served.
struct Served {
    fake: Fake,
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
    queue: Queue,
    _folder: TempDir,
}

/// What came back.
#[derive(Debug)]
struct Got {
    status: u16,
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

impl Got {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The exception that an SDK makes of it.
    fn exception(&self) -> (u16, &str) {
        (self.status, self.headers["x-amzn-errortype"].as_str())
    }
}

async fn served(names: &[&str]) -> Served {
    limited(names, Limits::default()).await
}

async fn limited(names: &[&str], limits: Limits) -> Served {
    let folder = tempfile::tempdir().unwrap();
    let (queue, _) = Queue::open(folder.path(), Rules::default(), Arc::new(|_| {})).unwrap();
    let fake = Fake::of(names);
    let front = Front { platform: fake.clone(), queue: queue.clone(), limits };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel();
    let stopped = async move { drop(stopped.await) };
    let task = tokio::spawn(serve(Arc::new(front), listener, stopped));
    Served { fake, address, stop: Some(stop), task, queue, _folder: folder }
}

impl Served {
    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Sends a request as it is written, and reads what comes back.
    async fn raw(&self, request: &[u8]) -> Got {
        let mut stream = self.connect().await;
        stream.write_all(request).await.unwrap();
        got(&mut stream).await
    }

    async fn ask(&self, method: &str, path: &str, headers: &str, body: &[u8]) -> Got {
        let length = body.len();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: {length}\r\n{headers}\r\n"
        );
        self.raw(&[head.as_bytes(), body].concat()).await
    }

    async fn invoke(&self, name: &str, headers: &str, body: &str) -> Got {
        let path = format!("/2015-03-31/functions/{name}/invocations");
        self.ask("POST", &path, headers, body.as_bytes()).await
    }

    async fn get(&self, path: &str) -> Got {
        self.ask("GET", path, "", b"").await
    }
}

/// Reads an answer.
async fn got(stream: &mut TcpStream) -> Got {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break at;
        }
        assert_ne!(stream.read_buf(&mut bytes).await.unwrap(), 0, "closed");
    };
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let mut headers = BTreeMap::new();
    for line in lines {
        let (name, value) = line.split_once(": ").unwrap();
        let joined: &mut String = headers.entry(name.to_owned()).or_default();
        joined.push_str(value);
    }
    let mut body = bytes.split_off(end + 4);
    let length: usize = headers.get("content-length").map_or(0, |n| n.parse().unwrap());
    while body.len() < length {
        assert_ne!(stream.read_buf(&mut body).await.unwrap(), 0, "closed");
    }
    Got { status, headers, body }
}
