//! A function on the official client for Rust; the contract is in ../../../README.md.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use lambda_runtime::{Error, LambdaEvent, service_fn, tracing};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

/// This process.
static INSTANCE: LazyLock<String> = LazyLock::new(|| Uuid::new_v4().simple().to_string());
static INVOCATIONS: AtomicU64 = AtomicU64::new(0);

#[derive(Serialize)]
struct Reply {
    instance: &'static str,
    invocation: u64,
    echo: Value,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    if std::env::args().nth(1).as_deref() == Some("--version") {
        println!(env!("VERSIONS"));
        return Ok(());
    }
    tracing::init_default_subscriber();
    lambda_runtime::run(service_fn(handle)).await
}

/// Echoes the event, with the proof of temperature around it; fails where it is asked to.
async fn handle(event: LambdaEvent<Value>) -> Result<Reply, Error> {
    let invocation = INVOCATIONS.fetch_add(1, Ordering::Relaxed) + 1;
    if event.payload["fail"] == true {
        return Err("the event asks for a failure".into());
    }
    Ok(Reply { instance: &INSTANCE, invocation, echo: event.payload })
}
