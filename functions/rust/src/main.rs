//! A function that speaks the AWS Lambda Runtime API, or listens where it is told a `PORT` and
//! no such API; the contract is in ../README.md.

use std::env;
use std::error::Error;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::process::ExitCode;
use std::thread::sleep;
use std::time::Duration;

use rustix::rand::{GetRandomFlags, getrandom};
use rustix::time::{ClockId, clock_gettime};
use serde_json::json;
use serde_json::value::RawValue;

type Result<T, E = Box<dyn Error>> = std::result::Result<T, E>;

fn main() -> ExitCode {
    let main_ns = monotonic_ns();
    if env::args().nth(1).as_deref() == Some("--version") {
        let linked = if cfg!(target_feature = "crt-static") { "static" } else { "dynamic" };
        println!("{}\n{}, {linked}", env!("RUSTC_VERSION"), env!("BUILT"));
        return ExitCode::SUCCESS;
    }
    match run(main_ns) {
        Ok(never) => match never {},
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(main_ns: u64) -> Result<std::convert::Infallible> {
    let address = match (env::var("AWS_LAMBDA_RUNTIME_API"), env::var("PORT")) {
        (Ok(address), _) => address,
        (Err(_), Ok(port)) => return listen(&port, main_ns),
        _ => return Err("AWS_LAMBDA_RUNTIME_API is not set".into()),
    };
    let mut api = Api::connect(&address)?;
    let instance = match start() {
        Ok(instance) => instance,
        Err(error) => {
            api.post_error("init", "Runtime.InvalidConfig", &*error)?;
            return Err(error);
        }
    };

    let ready_ns = monotonic_ns();
    let stamps = format!("Coldstart-Main-Ns: {main_ns}\r\nColdstart-Ready-Ns: {ready_ns}\r\n");
    let mut next = api.call("GET", "invocation/next", &stamps, "")?;
    for invocation in 1_u64.. {
        let id = next.request_id;
        match handle(&next.body, &instance, invocation) {
            Ok(reply) => api.post_reply(&id, &reply)?,
            Err(error) => {
                api.post_error(&format!("invocation/{id}"), "Runtime.NotJson", &*error)?
            }
        };
        next = api.call("GET", "invocation/next", "", "")?;
    }
    unreachable!("more than 2^64 invocations")
}

/// Listens, and answers one request after another on one connection after another.
fn listen(port: &str, main_ns: u64) -> Result<std::convert::Infallible> {
    let instance = start()?;
    let port = port.parse().map_err(|_| format!("PORT is not a port: {port:?}"))?;
    let ready_ns = monotonic_ns();
    let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, port))?;
    let mut stamps = format!("Coldstart-Main-Ns: {main_ns}\r\nColdstart-Ready-Ns: {ready_ns}\r\n");
    let mut invocation = 0;
    loop {
        let (stream, _) = listener.accept()?;
        stream.set_nodelay(true)?;
        let mut client = BufReader::new(stream);
        // A client that goes away is no reason to end.
        while let Ok(Some(event)) = request(&mut client) {
            let (status, reply) = match handle(&event, &instance, invocation + 1) {
                Ok(reply) => ("200 OK", reply),
                Err(error) => ("400 Bad Request", format!("{error}\n")),
            };
            invocation += u64::from(status.starts_with('2'));
            let (stamps, length) = (std::mem::take(&mut stamps), reply.len());
            let head = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\n{stamps}");
            let answer = format!("{head}Coldstart-Replied-Ns: {}\r\n\r\n{reply}", monotonic_ns());
            if client.get_mut().write_all(answer.as_bytes()).is_err() {
                break;
            }
        }
    }
}

/// The body of the next request; none when the client is done.
fn request(client: &mut impl BufRead) -> Result<Option<Vec<u8>>> {
    let (mut length, mut lines) = (0, 0);
    loop {
        let mut line = String::new();
        if client.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        lines += 1;
        match line.trim_end().split_once(':') {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                length = value.trim().parse()?;
            }
            None if lines > 1 => break,
            _ => {}
        }
    }
    let mut body = vec![0; length];
    client.read_exact(&mut body)?;
    Ok(Some(body))
}

/// What must be done before the first event; returns the boot nonce.
fn start() -> Result<String> {
    sleep(told("COLDSTART_INIT_SLEEP_MS")?);
    let work = told("COLDSTART_INIT_WORK_MS")?;
    let begun = executed();
    while executed() - begun < work {}
    let mut nonce = [0; 8];
    getrandom(&mut nonce, GetRandomFlags::empty())?;
    Ok(format!("{:016x}", u64::from_ne_bytes(nonce)))
}

/// The milliseconds that a variable tells, none without.
fn told(name: &str) -> Result<Duration> {
    let Some(text) = env::var_os(name) else { return Ok(Duration::ZERO) };
    let digits = text
        .to_str()
        .filter(|text| text.len() < 10 && text.bytes().all(|byte| byte.is_ascii_digit()));
    let Some(milliseconds) = digits.and_then(|digits| digits.parse().ok()) else {
        return Err(format!("{name} is not a whole number: {text:?}").into());
    };
    Ok(Duration::from_millis(milliseconds))
}

/// How long this thread has been executed.
fn executed() -> Duration {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(now.tv_sec.unsigned_abs(), now.tv_nsec as u32)
}

/// Echoes the event byte for byte, with the proof of temperature around it.
fn handle(event: &[u8], instance: &str, invocation: u64) -> Result<String> {
    let event: &RawValue = serde_json::from_slice(event)?;
    Ok(format!(r#"{{"instance":"{instance}","invocation":{invocation},"echo":{event}}}"#))
}

fn monotonic_ns() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64
}

/// One persistent connection to the Runtime API: as much of HTTP/1.1 as it needs.
struct Api {
    host: String,
    stream: BufReader<Box<dyn Stream>>,
}

/// TCP, or a Unix socket where there is no network.
trait Stream: Read + Write {}
impl Stream for TcpStream {}
impl Stream for UnixStream {}

struct Answer {
    /// Empty where the answer carries none.
    request_id: String,
    body: Vec<u8>,
}

impl Api {
    fn connect(address: &str) -> Result<Api> {
        let (host, stream): (_, Box<dyn Stream>) = match address.strip_prefix("unix:") {
            Some(path) => ("localhost", Box::new(UnixStream::connect(path)?)),
            None => {
                // An address, never a name: a static binary in an empty image resolves none.
                let stream = TcpStream::connect(address.parse::<SocketAddr>()?)?;
                stream.set_nodelay(true)?;
                (address, Box::new(stream))
            }
        };
        Ok(Api { host: host.to_owned(), stream: BufReader::new(stream) })
    }

    /// Posts a reply with the instant at which it was written. That stamp goes into a place kept
    /// for it in the finished request: what is done after it counts as the driver's time.
    fn post_reply(&mut self, id: &str, reply: &str) -> Result<Answer> {
        let header = format!("Coldstart-Replied-Ns: {:020}\r\n", 0);
        let mut request =
            self.request("POST", &format!("invocation/{id}/response"), &header, reply);
        let end = request.len() - reply.len() - "\r\n\r\n".len();
        request.replace_range(end - 20..end, &format!("{:020}", monotonic_ns()));
        self.send(&request)
    }

    fn post_error(&mut self, what: &str, kind: &str, error: &dyn Error) -> Result<Answer> {
        let header = format!("Lambda-Runtime-Function-Error-Type: {kind}\r\n");
        let text =
            json!({ "errorMessage": error.to_string(), "errorType": kind, "stackTrace": [] });
        self.call("POST", &format!("{what}/error"), &header, &text.to_string())
    }

    fn call(&mut self, method: &str, path: &str, headers: &str, body: &str) -> Result<Answer> {
        self.send(&self.request(method, path, headers, body))
    }

    fn request(&self, method: &str, path: &str, headers: &str, body: &str) -> String {
        format!(
            "{method} /2018-06-01/runtime/{path} HTTP/1.1\r\nHost: {}\r\nContent-Length: {}\r\n{headers}\r\n{body}",
            self.host,
            body.len(),
        )
    }

    fn send(&mut self, request: &str) -> Result<Answer> {
        self.stream.get_mut().write_all(request.as_bytes())?;

        let status_line = self.line()?;
        if !status_line.starts_with("HTTP/1.1 2") {
            let asked = request.lines().next().unwrap_or_default();
            return Err(format!("{asked:?} was answered with {status_line:?}").into());
        }
        let mut answer = Answer { request_id: String::new(), body: Vec::new() };
        loop {
            let line = self.line()?;
            let Some((name, value)) = line.split_once(':') else { break };
            match name.to_ascii_lowercase().as_str() {
                "lambda-runtime-aws-request-id" => answer.request_id = value.trim().to_owned(),
                "content-length" => answer.body = vec![0; value.trim().parse()?],
                _ => {}
            }
        }
        self.stream.read_exact(&mut answer.body)?;
        Ok(answer)
    }

    /// A line of the answer's head, without its end; empty after the last header.
    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        if self.stream.read_line(&mut line)? == 0 {
            return Err("the Runtime API closed the connection".into());
        }
        line.truncate(line.trim_end().len());
        Ok(line)
    }
}
