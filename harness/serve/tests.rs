//! A platform that does what a script says, for the tests of what stands before it.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{Notify, Semaphore};
use uuid::Uuid;

use super::*;
use crate::clock::Clock;
use crate::sample::Temperature;

/// Answers every call with its event, unless a script says otherwise.
#[derive(Clone)]
pub(super) struct Fake(Arc<Inner>);

struct Inner {
    functions: Mutex<Functions>,
    clock: Clock,
    scripts: Mutex<HashMap<String, VecDeque<End>>>,
    /// What the next answers begin with, where somebody waits for pieces.
    streams: Mutex<HashMap<String, VecDeque<Vec<Piece>>>>,
    calls: Mutex<Vec<Call>>,
    /// A call came.
    called: Notify,
    /// What a call of `slow` waits for.
    gate: Semaphore,
}

pub(super) fn served(name: &str) -> Served {
    Served {
        name: name.to_owned(),
        version: 3,
        timeout: Duration::from_millis(2500),
        memory: Some(128 << 20),
        digest: "00ff".repeat(16),
        size: 1234,
        reserved: None,
        listens: false,
        environment: vec![("TABLE".to_owned(), "orders".to_owned())],
    }
}

impl Fake {
    /// On real time.
    pub(super) fn of(names: &[&str]) -> Self {
        Self::on(Clock::start(), names)
    }

    pub(super) fn on(clock: Clock, names: &[&str]) -> Self {
        let functions: Functions = names.iter().map(|name| served(name)).collect();
        Self(Arc::new(Inner {
            functions: Mutex::new(functions),
            clock,
            scripts: Mutex::default(),
            streams: Mutex::default(),
            calls: Mutex::default(),
            called: Notify::new(),
            gate: Semaphore::new(0),
        }))
    }

    /// What the next calls of a function come to.
    pub(super) fn script(&self, function: &str, ends: impl IntoIterator<Item = End>) {
        let mut scripts = self.0.scripts.lock().unwrap();
        scripts.entry(function.to_owned()).or_default().extend(ends);
    }

    /// What the next answer of a function consists of, to who waits for pieces, before it ends.
    pub(super) fn streams(&self, function: &str, pieces: Vec<Piece>) {
        let mut streams = self.0.streams.lock().unwrap();
        streams.entry(function.to_owned()).or_default().push_back(pieces);
    }

    /// A function is one that listens.
    pub(super) fn listens(&self, function: &str) {
        self.change(function, |served| served.listens = true).unwrap();
    }

    fn change<T>(&self, function: &str, act: impl FnOnce(&mut Served) -> T) -> Option<T> {
        let mut functions = self.0.functions.lock().unwrap();
        let mut changed = functions.to_vec();
        let done = changed.iter_mut().find(|served| served.name == function).map(act);
        *functions = changed.into();
        done
    }

    pub(super) fn calls(&self) -> Vec<Call> {
        self.0.calls.lock().unwrap().clone()
    }

    /// Waits for a call, of any function.
    pub(super) async fn is_called(&self) {
        self.0.called.notified().await;
    }

    /// Lets so many calls of `slow` go on.
    pub(super) fn let_go(&self, calls: usize) {
        self.0.gate.add_permits(calls);
    }

    pub(super) fn remove(&self, function: &str) {
        let mut functions = self.0.functions.lock().unwrap();
        *functions = functions.iter().filter(|f| f.name != function).cloned().collect();
    }
}

impl Platform for Fake {
    fn functions(&self) -> Functions {
        self.0.functions.lock().unwrap().clone()
    }

    fn clock(&self) -> Clock {
        self.0.clock
    }

    async fn update(&self, function: &str, image: Option<String>) -> Result<u32, NotUpdated> {
        if let Some(image) = image.filter(|image| image.contains("gone")) {
            return Err(NotUpdated::Failed(format!("there is no image {image}")));
        }
        let next = |served: &mut Served| {
            served.version += 1;
            served.version
        };
        self.change(function, next).ok_or(NotUpdated::NotFound)
    }

    /// Of a hundred in all.
    fn reserve(&self, function: &str, reserved: Option<u32>) -> Result<(), NotReserved> {
        if reserved.is_some_and(|calls| calls > 100) {
            return Err(NotReserved::Exceeds(100));
        }
        let set = |served: &mut Served| served.reserved = reserved;
        self.change(function, set).ok_or(NotReserved::NotFound)
    }

    async fn call(&self, call: Call) -> Done {
        self.0.calls.lock().unwrap().push(call.clone());
        self.0.called.notify_one();
        let streams = |inner: &Inner| {
            let mut streams = inner.streams.lock().unwrap();
            streams.get_mut(&*call.function).and_then(VecDeque::pop_front).unwrap_or_default()
        };
        if let Some(to) = &call.client.pieces {
            for piece in streams(&self.0) {
                to.send(piece).await;
            }
        }
        if &*call.function == "slow" {
            self.0.gate.acquire().await.unwrap().forget();
        }
        let is_there = self.functions().iter().any(|f| *f.name == *call.function);
        let mut scripts = self.0.scripts.lock().unwrap();
        let scripted = scripts.get_mut(&*call.function).and_then(VecDeque::pop_front);
        let end = match scripted {
            _ if !is_there => End::NotFound,
            Some(end) => end,
            None => End::Response(call.event.clone()),
        };
        let status = match &end {
            End::Response(_) => Some(Status::Success),
            End::Failed(_) => Some(Status::Error),
            _ => None,
        };
        let report = status.map(|status| report(call.request, status));
        let log = call.wants_log.then(|| Bytes::from_static(b"hello\n"));
        Done { end, version: 3, report, log }
    }
}

pub(super) fn report(request: Uuid, status: Status) -> Report {
    Report {
        request,
        duration: Duration::from_nanos(1_234_567),
        billed: Duration::from_millis(125),
        memory: Some(128 << 20),
        used: Some((34 << 20) + 1),
        init: Some(Duration::from_nanos(123_454_000)),
        waited: Duration::from_millis(150),
        temperature: Temperature::Cold,
        status,
    }
}

pub(super) fn failed() -> End {
    End::Failed(Bytes::from_static(b"{\"errorMessage\":\"no\",\"errorType\":\"Oops\"}"))
}
