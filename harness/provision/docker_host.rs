//! The engine that the user named, as the engine's own client reads it:
//! `DOCKER_HOST`, else a context.

use std::path::{Path, PathBuf};

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::Surroundings;
use crate::spec::factor::{Daemon, Factor};

/// An engine that the user named. No other one is taken in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Named {
    /// What names it.
    pub(super) by: String,
    /// Its address, or why that is not known.
    pub(super) address: Result<String, String>,
    /// The folder of its certificates, where it speaks TLS.
    pub(super) certificates: Option<PathBuf>,
    /// What to type to name none.
    pub(super) undo: &'static str,
}

/// The engine that is named; none where the choice is ours.
pub(super) fn named(around: &Surroundings) -> Option<Named> {
    let daemon = around.daemon.as_ref();
    if let Some((daemon, address)) = daemon.and_then(|d| Some((d, d.address()?))) {
        let by = format!("`{}` of --{}", daemon.name(), Daemon::LIST);
        let (address, certificates) = (Ok(address.to_owned()), around.certificates.clone());
        return Some(Named { by, address, certificates, undo: "leave its address out" });
    }
    if let Some(host) = &around.host {
        let by = "DOCKER_HOST".to_owned();
        let (address, certificates) = (Ok(host.clone()), around.certificates.clone());
        return Some(Named { by, address, certificates, undo: "`unset DOCKER_HOST`" });
    }
    let (name, undo) = match &around.context {
        Some(name) => (name.clone(), "`unset DOCKER_CONTEXT`"),
        None => (current(&around.config)?, "`docker context use default`"),
    };
    if name.is_empty() || name == "default" {
        return None;
    }
    let address = address(&around.config, &name);
    let own = around.config.join("contexts/tls").join(folder(&name)).join("docker");
    let certificates = Some(own).filter(|folder| folder.is_dir());
    Some(Named { by: format!("the docker context `{name}`"), address, certificates, undo })
}

/// The current context. What cannot be read names none.
fn current(config: &Path) -> Option<String> {
    let text = std::fs::read(config.join("config.json")).ok()?;
    let config: Value = serde_json::from_slice(&text).ok()?;
    Some(config["currentContext"].as_str().unwrap_or_default().to_owned())
}

/// The address of a context's engine.
fn address(config: &Path, name: &str) -> Result<String, String> {
    let file = config.join("contexts/meta").join(folder(name)).join("meta.json");
    let unknown = |e: &dyn std::fmt::Display| format!("no address: {}: {e}", file.display());
    let text = std::fs::read(&file).map_err(|e| unknown(&e))?;
    let meta: Value = serde_json::from_slice(&text).map_err(|e| unknown(&e))?;
    let host = meta.pointer("/Endpoints/docker/Host").and_then(Value::as_str);
    host.map(str::to_owned).ok_or_else(|| unknown(&"it names no `Endpoints.docker.Host`"))
}

/// What the folders of a context are called.
fn folder(name: &str) -> String {
    hex(&Sha256::digest(name.as_bytes()))
}

/// Bytes as lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn home(current: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let config = format!("{{\"auths\": {{}}, \"currentContext\": \"{current}\"}}");
        std::fs::write(folder.path().join("config.json"), config).unwrap();
        let meta = folder.path().join("contexts/meta").join(hex(&Sha256::digest(b"lab")));
        std::fs::create_dir_all(&meta).unwrap();
        let text = r#"{"Name":"lab","Metadata":{},
            "Endpoints":{"docker":{"Host":"unix:///run/lab.sock","SkipTLSVerify":false}}}"#;
        std::fs::write(meta.join("meta.json"), text).unwrap();
        folder
    }

    fn around(config: &Path, context: Option<&str>) -> Surroundings {
        Surroundings {
            host: None,
            certificates: None,
            context: context.map(str::to_owned),
            config: config.to_owned(),
            ..Surroundings::read()
        }
    }

    #[test]
    fn the_current_context_is_followed() {
        let folder = home("lab");
        let found = named(&around(folder.path(), None)).unwrap();
        assert_eq!(found.address.as_deref(), Ok("unix:///run/lab.sock"));
        assert_eq!(found.by, "the docker context `lab`");
        assert_eq!(found.undo, "`docker context use default`");
        assert_eq!(named(&around(folder.path(), Some("default"))), None);
    }

    #[test]
    fn certificates_are_of_who_is_named() {
        let home = home("lab");
        let mut around = around(home.path(), None);
        assert_eq!(named(&around).unwrap().certificates, None);
        let own = home.path().join("contexts/tls").join(super::folder("lab")).join("docker");
        std::fs::create_dir_all(&own).unwrap();
        around.certificates = Some("/of/the/host".into());
        assert_eq!(named(&around).unwrap().certificates, Some(own));
        around.host = Some("tcp://127.0.0.1:2376".to_owned());
        assert_eq!(named(&around).unwrap().certificates, Some("/of/the/host".into()));
    }

    #[test]
    fn a_named_context_comes_before_the_current_one() {
        let folder = home("default");
        assert_eq!(named(&around(folder.path(), None)), None);
        let found = named(&around(folder.path(), Some("lab"))).unwrap();
        assert_eq!(found.address.as_deref(), Ok("unix:///run/lab.sock"));
        assert_eq!(found.undo, "`unset DOCKER_CONTEXT`");
        assert_eq!(named(&around(Path::new("/no/such"), None)), None);
    }

    #[test]
    fn a_context_that_cannot_be_read_is_still_named() {
        let folder = home("lost");
        let found = named(&around(folder.path(), None)).unwrap();
        assert!(found.address.unwrap_err().contains("meta.json"));
    }

    #[test]
    fn the_host_comes_before_every_context() {
        let folder = home("lab");
        let mut around = around(folder.path(), Some("lab"));
        around.host = Some("tcp://127.0.0.1:2375".to_owned());
        let found = named(&around).unwrap();
        assert_eq!((found.by.as_str(), found.undo), ("DOCKER_HOST", "`unset DOCKER_HOST`"));
        assert_eq!(found.address.as_deref(), Ok("tcp://127.0.0.1:2375"));
    }

    #[test]
    fn one_of_several_daemons_comes_before_all_and_one_without_an_address_is_what_is_found() {
        let folder = home("lab");
        let mut around = around(folder.path(), None);
        around.host = Some("unix:///run/host.sock".to_owned());
        around.daemon = Daemon::parse("old=unix:///run/old.sock").ok();
        let found = named(&around).unwrap();
        assert_eq!(found.by, "`old` of --daemons");
        assert_eq!(found.address.as_deref(), Ok("unix:///run/old.sock"));
        around.daemon = Daemon::parse("old").ok();
        assert_eq!(named(&around).unwrap().by, "DOCKER_HOST");
    }

    #[test]
    fn hexadecimal_digits() {
        assert_eq!(hex(&[0, 10, 255]), "000aff");
    }
}
