//! How a function that listens is asked, and what a good answer of it is.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The port that web images listen on where nothing else is said of them.
pub const PORT: u16 = 8080;
/// The longest path, in bytes: what servers take.
const LONGEST_PATH: usize = 8_000;

/// What is sent to a function that listens, and what a good answer is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HttpRequest {
    /// Where it listens, inside its container; told to it as `PORT`.
    pub port: u16,
    /// The target of the request: begins with `/`.
    pub path: String,
    /// How it is asked.
    pub method: Method,
    /// The status of a good answer.
    pub status: u16,
    /// A text that the beginning of a good answer has; none for any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
}

impl Default for HttpRequest {
    fn default() -> Self {
        let (path, method) = ("/".to_owned(), Method::default());
        Self { port: PORT, path, method, status: 200, body: None }
    }
}

impl fmt::Display for HttpRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { port, path, method, status, .. } = self;
        write!(f, "{method} {path} on port {port}, for status {status}")?;
        self.body.as_ref().map_or(Ok(()), |body| write!(f, " with `{body}`"))
    }
}

/// A method that asks for something.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[serde(rename_all = "UPPERCASE")]
#[strum(serialize_all = "UPPERCASE")]
pub enum Method {
    /// Without a body.
    #[default]
    Get,
    /// Without a body.
    Delete,
    /// Without a body.
    Options,
    /// The event is its body.
    Post,
    /// The event is its body.
    Put,
    /// The event is its body.
    Patch,
}

impl Method {
    /// Whether the event goes with it.
    #[must_use]
    pub fn has_body(self) -> bool {
        matches!(self, Self::Post | Self::Put | Self::Patch)
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.into())
    }
}

/// Checks a path: it becomes the target of a request.
///
/// # Errors
/// Says what is wrong with it.
pub fn check_path(path: &str) -> Result<(), String> {
    let shown = || path.chars().take(60).collect::<String>().escape_debug().to_string();
    if !path.starts_with('/') {
        return Err(format!("`{}` is not a path: it begins with `/`", shown()));
    }
    if path.len() > LONGEST_PATH || !path.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(format!(
            "`{}` is not a path that can be asked for: at most {LONGEST_PATH} characters, and what \
             is no ASCII, or a space, written as `%20`",
            shown()
        ));
    }
    if path.contains('#') {
        return Err(format!("`{}`: what follows `#` is never sent, so leave it out", shown()));
    }
    Ok(())
}
