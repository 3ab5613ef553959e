//! A function that does harm. Its first argument says which; `memory.py` lists them.
//!
//! Built by `rustc` alone, static, for an image without anything else in it.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread::{self, sleep};
use std::time::Duration;
use std::{env, io};

/// Lambda's limit of a reply, which the driver takes.
const REPLY: usize = 6 * 1024 * 1024;

const NEXT: &str = "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: x\r\n\r\n";

fn main() {
    let mode = env::args().nth(1).unwrap_or_default();
    // Whatever the driver answers to it, the harm is done: nobody asks how it ended.
    let _ = harm(&mode);
    sleep(Duration::from_secs(3600));
}

fn harm(mode: &str) -> io::Result<()> {
    match mode {
        "--version" => std::process::exit(writeln!(io::stdout(), "hostile").map_or(1, |()| 0)),
        "silence" => Ok(()),
        "much-version" => {
            (0..64 * 1024).try_for_each(|_| io::stdout().write_all(&[b'x'; 1024]))?;
            std::process::exit(0)
        }
        "endless-stderr" => {
            let own = connect()?;
            (&own).write_all(NEXT.as_bytes())?;
            endless(&mut io::stderr(), b"all work and no play\n")
        }
        "endless-stderr-line" => endless(&mut io::stderr(), &[b'x'; 4096]),
        "much-stderr-then-crash" => {
            for _ in 0..64 * 1024 {
                io::stderr().write_all(&[b'x'; 1024])?;
            }
            std::process::exit(1)
        }
        "endless-method" => after("", b"GGGGGGGGGGGGGGGG"),
        "endless-path" => after("GET /", b"aaaaaaaaaaaaaaaa"),
        "endless-headers" => after("GET / HTTP/1.1\r\n", b"name: value\r\n"),
        "endless-header-name" => after("GET / HTTP/1.1\r\n", b"nnnnnnnnnnnnnnnn"),
        "endless-header-value" => after("GET / HTTP/1.1\r\nname: ", b"vvvvvvvvvvvvvvvv"),
        "wrapping-chunk" => chunked("1\r\nx\r\nffffffffffffffff\r\n", &[b'x'; 4096]),
        "wrapping-chunk-first" => chunked("fffffffffffffffe\r\n", &[b'x'; 4096]),
        "endless-chunks" => chunked("", b"1\r\nx\r\n"),
        "endless-chunk-size" => chunked("", b"0000000000000000"),
        "endless-chunk-extension" => chunked("1;", b"extension-extension"),
        "endless-trailers" => chunked("1\r\nx\r\n0\r\n", b"trailer: x\r\n"),
        "endless-trailer" => chunked("1\r\nx\r\n0\r\ntrailer: ", b"xxxxxxxxxxxxxxxx"),
        "endless-length" => response("Content-Length: 18446744073709551615", "", &[b'x'; 4096]),
        "endless-error" => {
            asked("init/error", "Transfer-Encoding: chunked", "", b"1000\r\n", &[b'x'; 4096])
        }
        "sixteen-replies" => many(16, "invocation/00000000-0000-4000-8000-000000000001/response"),
        "largest-reply" => response(&format!("Content-Length: {REPLY}"), "", &[b'x'; 4096]),
        "largest-reply-of-chunks" => {
            chunked("", &[b"4000\r\n", &[b'x'; 0x4000][..], b"\r\n"].concat())
        }
        "sixteen-errors" => many(16, "init/error"),
        "sixteen-unknown" => many(16, "nothing-of-the-contract"),
        "thousand-connections" => many(1000, "init/error"),
        "after-next" => endless(&mut next()?, &[b'x'; 4096]),
        "requests-after-next" => endless(&mut next()?, b"GET /x HTTP/1.1\r\nHost: x\r\n\r\n"),
        "second-next" => {
            let _first = next()?;
            endless(&mut next()?, &[b'x'; 4096])
        }
        "sixteen-after-next" => {
            let flood = || thread::spawn(|| endless(&mut next()?, &[b'x'; 4096]));
            (0..16).map(|_| flood()).collect::<Vec<_>>().into_iter().for_each(|t| drop(t.join()));
            Ok(())
        }
        "endless-requests" => after("", b"GET /unknown HTTP/1.1\r\nHost: x\r\n\r\n"),
        "endless-connections" => loop {
            connect()?.write_all(b"GET /")?;
        },
        _ => panic!("there is no harm `{mode}`"),
    }
}

fn connect() -> io::Result<TcpStream> {
    let address = env::var("AWS_LAMBDA_RUNTIME_API").map_err(io::Error::other)?;
    let address: SocketAddr = address.parse().map_err(io::Error::other)?;
    TcpStream::connect(address)
}

/// Asks for an event, and gets it where there is one.
fn next() -> io::Result<TcpStream> {
    let mut stream = connect()?;
    stream.write_all(NEXT.as_bytes())?;
    stream.set_read_timeout(Some(Duration::from_millis(100)))?;
    // None is told to the second who asks.
    let _ = stream.read(&mut [0; 4096]);
    Ok(stream)
}

fn endless(stream: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    let block = bytes.repeat((64 * 1024) / bytes.len());
    loop {
        stream.write_all(&block)?;
    }
}

/// A beginning, and then the same for ever.
fn after(begin: &str, bytes: &[u8]) -> io::Result<()> {
    let mut stream = connect()?;
    stream.write_all(begin.as_bytes())?;
    endless(&mut stream, bytes)
}

fn chunked(begin: &str, bytes: &[u8]) -> io::Result<()> {
    response("Transfer-Encoding: chunked", begin, bytes)
}

/// The reply to an event that was asked for, by its own id.
fn response(header: &str, begin: &str, bytes: &[u8]) -> io::Result<()> {
    let mut stream = connect()?;
    stream.write_all(NEXT.as_bytes())?;
    let mut answer = [0; 4096];
    let length = stream.read(&mut answer)?;
    let head = String::from_utf8_lossy(&answer[..length]).to_lowercase();
    let id = head.split("lambda-runtime-aws-request-id: ").nth(1).unwrap_or_default();
    let id = id.split("\r\n").next().unwrap_or_default();
    write!(
        stream,
        "POST /2018-06-01/runtime/invocation/{id}/response HTTP/1.1\r\n{header}\r\n\r\n{begin}"
    )?;
    endless(&mut stream, bytes)
}

fn asked(what: &str, header: &str, begin: &str, each: &[u8], more: &[u8]) -> io::Result<()> {
    let mut stream = connect()?;
    write!(stream, "POST /2018-06-01/runtime/{what} HTTP/1.1\r\n{header}\r\n\r\n{begin}")?;
    endless(&mut stream, &[each, more, b"\r\n"].concat())
}

/// So many connections at once, each with the largest body that is taken, less a byte.
fn many(connections: usize, what: &str) -> io::Result<()> {
    let mut open = Vec::new();
    for _ in 0..connections {
        let Ok(mut stream) = connect() else { continue };
        let head =
            format!("POST /2018-06-01/runtime/{what} HTTP/1.1\r\nContent-Length: {REPLY}\r\n\r\n");
        open.push(thread::spawn(move || -> io::Result<()> {
            stream.write_all(head.as_bytes())?;
            stream.write_all(&vec![b'x'; REPLY - 1])?;
            sleep(Duration::from_secs(3600));
            Ok(())
        }));
    }
    open.into_iter().for_each(|thread| drop(thread.join()));
    Ok(())
}
