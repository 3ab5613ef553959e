//! Where the engine's own client would look: its current context.

use std::path::Path;

use serde::Deserialize;
use sha2::{Digest, Sha256};

#[derive(Deserialize)]
struct Config {
    #[serde(rename = "currentContext", default)]
    current: String,
}

#[derive(Deserialize)]
struct Meta {
    #[serde(rename = "Endpoints")]
    endpoints: Endpoints,
}

#[derive(Deserialize)]
struct Endpoints {
    docker: Endpoint,
}

#[derive(Deserialize)]
struct Endpoint {
    #[serde(rename = "Host")]
    host: String,
}

/// The address of a context: the one named, else the current one. None for the
/// default context, and for what cannot be read.
pub(super) fn address(config: &Path, named: Option<&str>) -> Option<String> {
    let name = match named {
        Some(name) => name.to_owned(),
        None => read::<Config>(&config.join("config.json"))?.current,
    };
    if name.is_empty() || name == "default" {
        return None;
    }
    let folder = hex(&Sha256::digest(name.as_bytes()));
    let meta: Meta = read(&config.join("contexts/meta").join(folder).join("meta.json"))?;
    Some(meta.endpoints.docker.host)
}

fn read<T: serde::de::DeserializeOwned>(file: &Path) -> Option<T> {
    serde_json::from_slice(&std::fs::read(file).ok()?).ok()
}

/// Bytes as lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(current: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let config = format!("{{\"auths\": {{}}, \"currentContext\": \"{current}\"}}");
        std::fs::write(folder.path().join("config.json"), config).unwrap();
        // sha256 of "lab".
        let meta = folder.path().join("contexts/meta").join(hex(&Sha256::digest(b"lab")));
        std::fs::create_dir_all(&meta).unwrap();
        let text = r#"{"Name":"lab","Metadata":{},
            "Endpoints":{"docker":{"Host":"unix:///run/lab.sock","SkipTLSVerify":false}}}"#;
        std::fs::write(meta.join("meta.json"), text).unwrap();
        folder
    }

    #[test]
    fn the_current_context_is_followed() {
        let folder = folder("lab");
        assert_eq!(address(folder.path(), None).as_deref(), Some("unix:///run/lab.sock"));
        assert_eq!(address(folder.path(), Some("default")), None);
    }

    #[test]
    fn a_named_context_comes_before_the_current_one() {
        let folder = folder("default");
        assert_eq!(address(folder.path(), None), None);
        assert_eq!(address(folder.path(), Some("lab")).as_deref(), Some("unix:///run/lab.sock"));
        assert_eq!(address(folder.path(), Some("absent")), None);
        assert_eq!(address(Path::new("/no/such"), None), None);
    }

    #[test]
    fn hexadecimal_digits() {
        assert_eq!(hex(&[0, 10, 255]), "000aff");
    }
}
