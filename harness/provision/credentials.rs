//! What a registry is shown for an image, as the engine's own client finds it: in its
//! configuration (`auths`), or from a helper that it names (`credHelpers`, `credsStore`).

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;
use tokio::process::Command;

use super::Surroundings;
use crate::engine::{Credentials, Login};
use crate::spec::function::read_text;
use crate::system::child;
use crate::text::sanitize::printable;

/// What the client calls the registry of a reference that names none.
const HUB: &str = "https://index.docker.io/v1/";
/// What its hosts are called in references.
const HUB_HOSTS: [&str; 2] = ["docker.io", "index.docker.io"];
/// What a helper gives as the user where the secret is a token.
const TOKEN: &str = "<token>";
/// How long a helper may take: one that asks somebody would wait for ever.
const PATIENCE: Duration = Duration::from_secs(10);
/// The most that is read of what a helper says, in bytes.
const ANSWER: usize = 64 * 1024;

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Config {
    auths: BTreeMap<String, Entry>,
    cred_helpers: BTreeMap<String, String>,
    creds_store: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Entry {
    auth: String,
    username: String,
    password: String,
    identitytoken: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    username: String,
    secret: String,
}

/// What the registry of a reference is shown; none where the client has nothing for it.
///
/// # Errors
/// Why what it has cannot be used.
pub(super) async fn find(
    around: &Surroundings,
    reference: &str,
) -> Result<Option<Credentials>, String> {
    let Some(config) = read(&around.config.join("config.json"))? else { return Ok(None) };
    let registry = registry_of(reference);
    let named = config.cred_helpers.get(registry).or(Some(&config.creds_store));
    let login = match named.filter(|helper| !helper.is_empty()) {
        Some(helper) => ask(helper, registry).await?,
        None => None,
    };
    let login = login.map_or_else(|| written(&config, registry), |login| Ok(Some(login)))?;
    Ok(login.map(|login| Credentials { server: registry.to_owned(), login }))
}

fn read(file: &Path) -> Result<Option<Config>, String> {
    let text = match read_text(file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(format!("{} cannot be read: {error}", file.display())),
    };
    let config = serde_json::from_str(&text);
    config.map(Some).map_err(|error| format!("{} is not readable: {error}", file.display()))
}

/// The registry of a reference, as the client's configuration calls it.
pub(super) fn registry_of(reference: &str) -> &str {
    let host = reference.split_once('/').map(|(host, _)| host);
    let is_host = |host: &&str| host.contains(['.', ':']) || *host == "localhost";
    host.filter(is_host).filter(|host| !HUB_HOSTS.contains(host)).unwrap_or(HUB)
}

/// What the configuration itself says.
fn written(config: &Config, registry: &str) -> Result<Option<Login>, String> {
    let entry = config.auths.get(registry).or_else(|| {
        config.auths.iter().find(|(of, _)| host_of(of) == host_of(registry)).map(|(_, e)| e)
    });
    let Some(entry) = entry else { return Ok(None) };
    if !entry.identitytoken.is_empty() {
        return Ok(Some(Login::Token(entry.identitytoken.clone())));
    }
    if entry.auth.is_empty() {
        let (user, password) = (entry.username.clone(), entry.password.clone());
        return Ok((!user.is_empty()).then_some(Login::Password { user, password }));
    }
    let bytes = BASE64_STANDARD.decode(&entry.auth).ok();
    let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    let pair = text.as_deref().and_then(|text| text.split_once(':'));
    let (user, password) = pair.ok_or_else(|| format!("its `auth` of {registry} is malformed"))?;
    let password = password.trim_end_matches('\0').to_owned();
    Ok(Some(Login::Password { user: user.to_owned(), password }))
}

/// `https://registry.example/v1/` -> `registry.example`.
fn host_of(server: &str) -> &str {
    let bare = server.trim_start_matches("https://").trim_start_matches("http://");
    bare.split('/').next().unwrap_or_default()
}

/// Asks a helper; none where it has nothing for the registry.
async fn ask(helper: &str, registry: &str) -> Result<Option<Login>, String> {
    let program = format!("docker-credential-{helper}");
    let wrong = |why: String| format!("`{program}` gave none for {registry}: {why}");
    let mut command = Command::new(&program);
    let asked = child::answer(command.arg("get"), registry.as_bytes(), ANSWER);
    let late = |_| wrong(format!("no answer within {} s", PATIENCE.as_secs()));
    let answered = tokio::time::timeout(PATIENCE, asked).await.map_err(late)?;
    let output =
        answered.map_err(|error| wrong(format!("{error}: is it installed, and on the path?")))?;
    let said = String::from_utf8_lossy(&output.stdout);
    if !output.status.success() {
        let is_absent = said.contains("credentials not found");
        return if is_absent { Ok(None) } else { Err(wrong(printable(&said, 200))) };
    }
    let answer: Answer = serde_json::from_str(&said)
        .map_err(|_| wrong("what it printed is not what a helper prints".to_owned()))?;
    Ok(match answer {
        Answer { secret, .. } if secret.is_empty() => None,
        Answer { username, secret } if username == TOKEN => Some(Login::Token(secret)),
        Answer { username, secret } => Some(Login::Password { user: username, password: secret }),
    })
}

#[cfg(test)]
mod tests;
