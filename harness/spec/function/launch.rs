//! How an instance is started where that is not what its image says.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How an instance is started, beside its limits: what is left out is the image's own.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Launch {
    /// In place of the image's command.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub command: Vec<String>,
    /// In place of the image's entrypoint; the image's command then does not hold either.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub entrypoint: Vec<String>,
    /// The folder that it is started in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workdir: Option<String>,
    /// Whether nothing of its root file system can be written to.
    #[serde(default, skip_serializing_if = "is_false")]
    pub read_only: bool,
    /// Whether it is started as AWS Lambda does: a root that cannot be written to, with
    /// [`TMP`] bytes at `/tmp`, the limits [`OPEN_FILES`] and
    /// [`PROCESSES`](super::PROCESSES), and the user [`USER`].
    #[serde(default, skip_serializing_if = "is_false")]
    pub lambda: bool,
}

/// Bytes of `/tmp` on AWS Lambda, unless one pays for more.
pub const TMP: u64 = 512 << 20;
/// The most open files of a process on AWS Lambda.
pub const OPEN_FILES: u32 = 1_024;
/// The longest init on AWS Lambda: one that is not done is ended, and begun again within the
/// invocation.
pub const INIT_LIMIT: Duration = Duration::from_secs(10);
/// Whom a function runs as on AWS Lambda: `sbx_user1051` and its group.
pub const USER: &str = "993:990";
/// A path longer than this is none.
const LONGEST_PATH: usize = 4_096;

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_false(flag: &bool) -> bool {
    !flag
}

impl Launch {
    /// Whether it is started as its image says.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        *self == Self::default()
    }

    /// The first key that says something.
    #[must_use]
    pub fn key(&self) -> Option<&'static str> {
        let said = [
            ("command", !self.command.is_empty()),
            ("entrypoint", !self.entrypoint.is_empty()),
            ("workdir", self.workdir.is_some()),
            ("read-only", self.read_only),
            ("lambda", self.lambda),
        ];
        said.into_iter().find(|(_, is_said)| *is_said).map(|(key, _)| key)
    }

    /// Whether its root file system can be written to.
    #[must_use]
    pub fn is_read_only(&self) -> bool {
        self.read_only || self.lambda
    }
}

impl fmt::Display for Launch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = |key: &str, words: &[String]| {
            (!words.is_empty()).then(|| format!("{key} {}", words.join(" ")))
        };
        let parts = [
            words("entrypoint", &self.entrypoint),
            words("command", &self.command),
            self.workdir.as_ref().map(|folder| format!("in {folder}")),
            self.read_only.then(|| "read-only".to_owned()),
            self.lambda.then(|| "as AWS Lambda".to_owned()),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        f.write_str(if parts.is_empty() { "as its image says" } else { "" })?;
        f.write_str(&parts.join(", "))
    }
}

/// Checks a folder that an instance is to be started in.
///
/// # Errors
/// Says what it must be.
pub fn check_workdir(folder: &str) -> Result<(), String> {
    let fine = folder.starts_with('/') && !folder.contains('\0') && folder.len() <= LONGEST_PATH;
    if fine {
        return Ok(());
    }
    let shown: String = folder.chars().take(60).collect();
    Err(format!("`{}` is no folder of an image: begin it with `/`", shown.escape_debug()))
}

/// Splits a command as a shell does, without running one.
///
/// # Errors
/// Says why it is none.
pub fn split_words(text: &str) -> Result<Vec<String>, String> {
    let shown = || text.chars().take(60).collect::<String>().escape_debug().to_string();
    let words = shlex::split(text)
        .ok_or_else(|| format!("`{}`: a quotation mark or an escape is left open", shown()))?;
    check_words(&words).map_err(|why| format!("`{}`: {why}", shown()))?;
    match words.is_empty() {
        true => Err("it is empty: name a command, or leave it out".to_owned()),
        false => Ok(words),
    }
}

/// Checks words as a kernel takes them; no words are fine.
pub(super) fn check_words(words: &[String]) -> Result<(), &'static str> {
    match words.first().map(String::as_str) {
        Some("") => Err("a command begins with the name of a program"),
        _ if words.iter().any(|word| word.contains('\0')) => Err("a command has no NUL"),
        _ => Ok(()),
    }
}
