//! The Extensions API, for processes and threads of an instance beside its function.
//!
//! An event is for the function first: extensions are told of it once it was written, and
//! where there is none nothing is done for them. Why an event waits for an extension,
//! and what is not delivered: decision 0071.

use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::Shared;
use super::environment::{ACCOUNT, VERSION};
use super::http::{Connection, Keep, Request};
use super::report::error_text;
use super::serve::{FORGOTTEN, MAX_REPORT};
use crate::adapter::MAX_REPLY;
use crate::text::sanitize::printable;

/// Extensions that an instance may have: as on AWS Lambda.
const MOST: usize = 10;
/// Characters that are kept of a name.
const NAME: usize = 60;
const OK: &str = r#"{"status":"OK"}"#;
const JSON: &str = "Content-Type: application/json\r\n";

/// Those of one instance.
#[derive(Debug, Default)]
pub(super) struct Extensions {
    all: Vec<Extension>,
    /// What one of them said of its own end.
    pub(super) failure: Option<String>,
}

#[derive(Debug)]
struct Extension {
    id: String,
    name: String,
    /// It wants to be told of every invocation.
    hears: bool,
    /// The first event waits until it has asked for one.
    awaited: bool,
    /// What it is to be told when it asks next.
    due: Option<String>,
}

/// What a registration asks for.
#[derive(Deserialize)]
struct Registration {
    #[serde(default)]
    events: Vec<Kind>,
}

#[derive(Deserialize, PartialEq, Eq)]
#[serde(rename_all = "UPPERCASE")]
enum Kind {
    Invoke,
    Shutdown,
}

/// Why a request of an extension is refused: the type and the message that it is told.
type Refusal = (&'static str, String);

impl Extensions {
    /// Whether one has not asked yet that the first event waits for.
    pub(super) fn is_awaited(&self) -> bool {
        self.all.iter().any(|one| one.awaited)
    }

    /// Whether one wants to be told of invocations.
    pub(super) fn hear(&self) -> bool {
        self.all.iter().any(|one| one.hears)
    }

    /// Tells of an invocation whoever wants to hear of it.
    pub(super) fn tell(&mut self, event: &str) {
        for one in self.all.iter_mut().filter(|one| one.hears) {
            one.due = Some(event.to_owned());
        }
    }

    /// Those that the first event waits for, as a failure says it.
    pub(super) fn awaited(&self) -> impl Iterator<Item = String> {
        let awaited = self.all.iter().filter(|one| one.awaited);
        awaited.map(|one| format!("has an extension `{}` that never asked for an event", one.name))
    }

    /// `early`: the function has not asked for an event yet.
    fn register(&mut self, name: &str, body: &[u8], early: bool) -> Result<String, Refusal> {
        let name = printable(name, NAME);
        if name.is_empty() {
            return Err(("Extension.InvalidExtensionName", "Empty extension name".to_owned()));
        }
        let asked: Registration =
            serde_json::from_slice(body).map_err(|e| ("InvalidRequestFormat", e.to_string()))?;
        if self.all.iter().any(|one| one.name == name) {
            let message = format!("Extension {name} is registered already");
            return Err(("Extension.InvalidExtensionState", message));
        }
        if self.all.len() >= MOST {
            return Err((
                "Extension.TooManyExtensions",
                format!("Extension limit ({MOST}) reached"),
            ));
        }
        let id = Uuid::new_v4().to_string();
        let hears = asked.events.contains(&Kind::Invoke);
        let awaited = early && !asked.events.is_empty();
        self.all.push(Extension { id: id.clone(), name, hears, awaited, due: None });
        Ok(id)
    }

    fn find(&mut self, id: Option<&str>) -> Result<&mut Extension, Refusal> {
        let missing = || ("Extension.MissingExtensionIdentifier", "No identifier".to_owned());
        let id = id.ok_or_else(missing)?;
        let unknown = || ("Extension.UnknownExtensionIdentifier", "Unknown extension".to_owned());
        self.all.iter_mut().find(|one| one.id == id).ok_or_else(unknown)
    }
}

impl Shared {
    /// `POST /2020-01-01/extension/register`.
    pub(super) async fn register(&self, connection: &mut Connection, request: &Request) -> bool {
        let keep = Keep { most: MAX_REPLY, kept: MAX_REPORT, end: 0 };
        let Ok(body) = connection.body(request, keep).await else { return false };
        let name = request.extension.name.as_deref().unwrap_or("");
        let registered = {
            let mut state = self.lock();
            let early = state.stamps.ready.is_none();
            state.extensions.register(name, &body.kept, early)
        };
        self.registered.notify_waiters();
        match registered {
            Ok(id) => {
                let fields = format!("{JSON}Lambda-Extension-Identifier: {id}\r\n");
                let about = self.about(request.extension.features.as_deref());
                connection.reply_with(200, "OK", &fields, &about).await
            }
            Err(refusal) => forbid(connection, refusal).await,
        }
    }

    /// `GET /coldstart/extensions/COUNT`, a call of our launcher: answered when as many have
    /// registered, or one of them has failed.
    pub(super) async fn wait_for_extensions(
        &self,
        connection: &mut Connection,
        request: &Request,
        count: &str,
    ) -> bool {
        if connection.body(request, FORGOTTEN).await.is_err() {
            return false;
        }
        let Ok(count) = count.parse::<usize>() else {
            return connection.reply(400, "Bad Request").await;
        };
        loop {
            let changed = self.registered.notified();
            let (here, failed) = {
                let extensions = &self.lock().extensions;
                (extensions.all.len(), extensions.failure.is_some())
            };
            if failed {
                return connection.reply(500, "An extension failed").await;
            }
            if here >= count {
                return connection.reply(200, "OK").await;
            }
            tokio::select! {
                () = changed => {}
                _ = connection.hung_up() => return false,
            }
        }
    }

    /// What an extension is told of its function.
    fn about(&self, features: Option<&str>) -> String {
        let about = &self.function;
        let mut told = json!({
            "functionName": about.name,
            "functionVersion": VERSION,
            "handler": about.handler,
        });
        if features.is_some_and(|list| list.split(',').any(|one| one.trim() == "accountId")) {
            told["accountId"] = ACCOUNT.into();
        }
        told.to_string()
    }

    /// `GET /2020-01-01/extension/event/next`: told of the next invocation, if it wants
    /// to be, else never.
    pub(super) async fn extension_next(
        &self,
        connection: &mut Connection,
        request: &Request,
    ) -> bool {
        if connection.body(request, FORGOTTEN).await.is_err() {
            return false;
        }
        loop {
            // Whoever is told from here on is not missed.
            let told = self.told.notified();
            let due = self.lock().extensions.find(request.extension.id.as_deref()).map(|one| {
                let was_awaited = std::mem::take(&mut one.awaited);
                (was_awaited, one.due.take())
            });
            let (was_awaited, due) = match due {
                Ok(due) => due,
                Err(refusal) => return forbid(connection, refusal).await,
            };
            if was_awaited {
                self.queued.notify_one();
            }
            if let Some(event) = due {
                let id = Uuid::new_v4();
                let fields = format!("{JSON}Lambda-Extension-Event-Identifier: {id}\r\n");
                return connection.reply_with(200, "OK", &fields, &event).await;
            }
            tokio::select! {
                () = told => {}
                flooded = connection.hung_up() => {
                    self.flooded(flooded);
                    return false;
                }
            }
        }
    }

    /// `POST /2020-01-01/extension/{init|exit}/error`: kept, as the cause if the instance
    /// fails.
    pub(super) async fn extension_error(
        &self,
        connection: &mut Connection,
        request: &Request,
        when: &str,
    ) -> bool {
        let keep = Keep { most: MAX_REPLY, kept: MAX_REPORT, end: 0 };
        let Ok(body) = connection.body(request, keep).await else { return false };
        let text = error_text(&body, request.error_type.as_deref());
        let known = {
            let mut state = self.lock();
            let id = request.extension.id.as_deref();
            let name = state.extensions.find(id).map(|one| {
                one.awaited = false;
                one.name.clone()
            });
            name.map(|name| {
                let failed = format!("has an extension `{name}` that failed ({when}): {text}");
                state.extensions.failure.get_or_insert(failed);
            })
        };
        self.queued.notify_one();
        self.registered.notify_waiters();
        match known {
            Ok(()) => connection.reply_with(202, "Accepted", JSON, OK).await,
            Err(refusal) => forbid(connection, refusal).await,
        }
    }

    /// `PUT /2022-07-01/telemetry`, `PUT /2020-08-15/logs`: accepted, and nothing is sent.
    pub(super) async fn subscribe(&self, connection: &mut Connection, request: &Request) -> bool {
        let drained = connection.body(request, FORGOTTEN).await.is_ok();
        drained && connection.reply_with(200, "OK", "Content-Type: text/plain\r\n", "OK").await
    }
}

async fn forbid(connection: &mut Connection, (kind, message): Refusal) -> bool {
    let told = json!({ "errorType": kind, "errorMessage": message }).to_string();
    connection.reply_with(403, "Forbidden", JSON, &told).await
}
