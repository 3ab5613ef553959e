//! What clients speak to, over HTTP: Lambda's Invoke API, and URLs of functions.
//!
//! Signatures are not checked: whoever reaches the listener may call. Every number that a client
//! could raise has a limit: connections, the time for a head and for a body, their sizes.
//!
//! Must not know of instances, files, terminals. Why a server of a library: decision 0112.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use uuid::Uuid;

use super::Platform;
use super::queue::Queue;

mod ask;
mod body;
mod coming;
mod concurrency;
mod context;
mod fault;
mod frames;
mod invoke;
mod manage;
mod named;
mod reply;
mod route;
mod timing;
mod url;

use reply::Response;

/// The most bytes of a request's head.
const MOST_HEAD: usize = 64 << 10;
/// How long it is waited where the kernel gives no connection, such as for want of descriptors.
const AGAIN: Duration = Duration::from_millis(50);

/// What stands before a platform.
#[derive(Debug)]
pub struct Front<P> {
    /// Who answers.
    pub platform: P,
    /// Where calls go that nobody waits for.
    pub queue: Queue,
    /// What a client may take.
    pub limits: Limits,
}

/// What a client may take.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Connections at a time; more wait in the kernel until one is closed.
    pub connections: usize,
    /// How long a connection may be without a request, and a request's head may take.
    pub head: Duration,
    /// How long the rest of a request may take.
    pub body: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        let [head, body] = [60, 60].map(Duration::from_secs);
        Self { connections: 2048, head, body }
    }
}

/// Serves until it is to stop, and then until every request that came has its answer. Dropped,
/// it closes every connection at once; calls go on.
pub async fn serve<P: Platform>(
    front: Arc<Front<P>>,
    listener: TcpListener,
    stop: impl Future<Output = ()>,
) {
    let permits = Arc::new(Semaphore::new(front.limits.connections));
    let (closing, _) = watch::channel(false);
    let mut open = JoinSet::new();
    let mut stop = pin!(stop);
    loop {
        let accepted = tokio::select! {
            biased;
            () = &mut stop => break,
            accepted = accept(&listener, &permits) => accepted,
        };
        let Some((stream, peer, permit)) = accepted else { continue };
        open.spawn(connection(front.clone(), stream, peer, permit, closing.subscribe()));
        while open.try_join_next().is_some() {}
    }
    drop(listener);
    closing.send_replace(true);
    while open.join_next().await.is_some() {}
}

async fn accept(
    listener: &TcpListener,
    permits: &Arc<Semaphore>,
) -> Option<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let permit = permits.clone().acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, peer)) => Some((stream, peer, permit)),
        Err(_) => {
            tokio::time::sleep(AGAIN).await;
            None
        }
    }
}

async fn connection<P: Platform>(
    front: Arc<Front<P>>,
    stream: TcpStream,
    peer: SocketAddr,
    _permit: OwnedSemaphorePermit,
    mut closing: watch::Receiver<bool>,
) {
    // Who cannot have it is served all the same, and later.
    let _ = stream.set_nodelay(true);
    let head = front.limits.head;
    let service = service_fn(move |request: Request<Incoming>| {
        let front = front.clone();
        async move { Ok::<Response, Infallible>(answer(&front, peer, request).await) }
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(head).max_header_size(MOST_HEAD);
    let mut served = pin!(builder.serve_connection(TokioIo::new(stream), service));
    // How a connection ended is its client's affair.
    tokio::select! {
        _ = served.as_mut() => return,
        _ = closing.wait_for(|closing| *closing) => served.as_mut().graceful_shutdown(),
    }
    let _ = served.await;
}

/// Answers one request.
async fn answer<P: Platform>(
    front: &Front<P>,
    peer: SocketAddr,
    request: Request<Incoming>,
) -> Response {
    let id = Uuid::new_v4();
    let asked = ask::Asked { front, peer, id };
    asked.answer(request).await
}

#[cfg(test)]
mod tests;
