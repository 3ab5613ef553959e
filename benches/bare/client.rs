//! The bare loop: the Engine API over a blocking Unix socket, the Lambda Runtime
//! API over a blocking listener, and nothing that a program would need besides.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{IpAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use coldstart::engine::docker::DockerEngine;
use coldstart::engine::{LABEL_FUNCTION, LABEL_RUN};
use coldstart::spec::function::Function;
use rustix::fs::{FlockOperation, flock};
use rustix::net::sockopt::{Timeout, set_socket_timeout};
use serde_json::json;

use crate::RUN;

/// How long anything is waited for. Only a stuck engine or a function that does not
/// start come near it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// What an instance is made from.
#[derive(Debug)]
pub(crate) struct Recipe {
    /// The engine's socket.
    pub(crate) socket: PathBuf,
    /// Where instances find us.
    pub(crate) gateway: IpAddr,
    pub(crate) image: String,
    pub(crate) function: Function,
}

/// One connection to the engine, for one start at a time.
pub(crate) struct Client<'a> {
    recipe: &'a Recipe,
    socket: UnixStream,
}

/// An instance that has answered.
pub(crate) struct Started {
    pub(crate) id: String,
    /// From before its listener was bound to its verified reply.
    pub(crate) took: Duration,
    /// Open as long as this lives.
    _connection: TcpStream,
}

impl<'a> Client<'a> {
    pub(crate) fn connect(recipe: &'a Recipe) -> Result<Self> {
        let socket = UnixStream::connect(&recipe.socket)?;
        socket.set_read_timeout(Some(PATIENCE))?;
        Ok(Self { recipe, socket })
    }

    /// One cold start. Returns once the start call has, which is not timed when the
    /// function was faster.
    pub(crate) fn start(&mut self) -> Result<Started> {
        let begun = Instant::now();
        let listener = TcpListener::bind((self.recipe.gateway, 0))?;
        // For accepting, and for what is accepted.
        set_socket_timeout(&listener, Timeout::Recv, Some(PATIENCE))?;
        let body = self.recipe.body(&listener.local_addr()?.to_string());
        self.request("POST", "/containers/create", &body)?;
        let created: serde_json::Value = serde_json::from_slice(&self.reply()?)?;
        let id = created["Id"].as_str().context("the engine created nothing")?.to_owned();
        self.request("POST", &format!("/containers/{id}/start"), "")?;
        let answered = self.recipe.answer(&listener);
        let took = begun.elapsed();
        // Where both failed, this one is the cause.
        self.reply()?;
        Ok(Started { id, took, _connection: answered? })
    }

    /// Removes an instance when it is its turn.
    pub(crate) fn remove(&mut self, id: &str, turn: &Turn) -> Result<()> {
        turn.take(|| {
            self.request("DELETE", &format!("/containers/{id}?force=true&v=true"), "")?;
            self.reply().map(drop)
        })
    }

    fn request(&mut self, method: &str, path: &str, body: &str) -> Result<()> {
        let length = body.len();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: docker\r\nContent-Type: application/json\r\n\
             Content-Length: {length}\r\n\r\n"
        );
        Ok(self.socket.write_all((head + body).as_bytes())?)
    }

    /// The body of the engine's reply, unless it refused.
    fn reply(&mut self) -> Result<Vec<u8>> {
        let (first, body) = read(&mut self.socket)?;
        if !first.starts_with("HTTP/1.1 2") {
            bail!("the engine refused: {} {}", first.trim_end(), String::from_utf8_lossy(&body));
        }
        Ok(body)
    }
}

impl Recipe {
    /// What an instance finds in its environment.
    pub(crate) fn environment(&self, listener: &str) -> BTreeMap<String, String> {
        let Function { name, limits, .. } = &self.function;
        let all = [
            ("AWS_LAMBDA_RUNTIME_API", listener.to_owned()),
            ("AWS_LAMBDA_FUNCTION_NAME", name.clone()),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".to_owned()),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", (limits.memory >> 20).to_string()),
        ];
        all.map(|(name, value)| (name.to_owned(), value)).into()
    }

    /// What the driver asks the engine for, in the engine's words.
    fn body(&self, listener: &str) -> String {
        let Function { name, limits, .. } = &self.function;
        let env = self.environment(listener);
        let env: Vec<_> = env.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let body = json!({
            "Image": self.image,
            "Env": env,
            "Labels": { LABEL_RUN: *RUN, LABEL_FUNCTION: name },
            "HostConfig": {
                "Memory": limits.memory,
                "MemorySwap": limits.memory,
                "NetworkMode": "bridge",
                "LogConfig": { "Type": "json-file", "Config": { "max-size": "1m", "max-file": "1" } },
            },
        });
        body.to_string()
    }

    /// Hands the instance its event and reads its reply. Its connection is given
    /// back: a function whose connection closes ends by itself, before its removal,
    /// and the driver keeps its own open until then.
    pub(crate) fn answer(&self, listener: &TcpListener) -> Result<TcpStream> {
        let (mut stream, _) = listener.accept().context("the function did not call")?;
        stream.set_nodelay(true)?;
        read(&mut stream)?;
        let event = &self.function.event;
        let head = format!(
            "HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: 1\r\nContent-Length: {}\r\n\r\n{event}",
            event.len()
        );
        stream.write_all(head.as_bytes())?;
        let (first, reply) = read(&mut stream)?;
        if !first.contains("/response") || !String::from_utf8_lossy(&reply).contains(event) {
            bail!("a wrong reply: {first}");
        }
        Ok(stream)
    }
}

/// Reads one message, request or response: its first line and its body.
fn read(stream: &mut impl Read) -> Result<(String, Vec<u8>)> {
    let mut stream = BufReader::new(stream);
    let (mut first, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line)? == 0 {
            bail!("the connection closed");
        }
        if first.is_empty() {
            first.clone_from(&line);
        }
        match line.trim_end().to_lowercase().split_once(':') {
            Some(("content-length", value)) => length = value.trim().parse()?,
            Some(_) => {}
            None if line.trim_end().is_empty() => break,
            None => {}
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    Ok((first, body))
}

/// Whose turn it is to remove. Engines before 20.10.27 never answer again when two
/// containers leave one network at once (moby 46661, decision 0096), so the bare loops
/// cannot do without: the least that does is a mutex, and what the driver loses beyond
/// that is its own cost.
///
/// It guards the file by which the driver's processes take turns: the engine may be
/// in use by others, who would lose it. When it is not, that is two system calls. On
/// other engines neither side takes turns.
pub(crate) struct Turn(Option<Mutex<File>>);

impl Turn {
    pub(crate) fn of(engine: &DockerEngine) -> Result<Self> {
        let open = |file: &Path| File::open(file).or_else(|_| File::create_new(file));
        Ok(Self(engine.turns().map(open).transpose()?.map(Mutex::new)))
    }

    fn take<T>(&self, remove: impl FnOnce() -> Result<T>) -> Result<T> {
        let Some(file) = &self.0 else { return remove() };
        let file = file.lock().unwrap_or_else(PoisonError::into_inner);
        flock(&*file, FlockOperation::LockExclusive)?;
        let removed = remove();
        flock(&*file, FlockOperation::Unlock)?;
        removed
    }
}
