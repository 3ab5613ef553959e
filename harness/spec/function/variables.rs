//! Variables of instances: names, values, and files of them.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};

use super::{AdapterKind, read_text};
use crate::text::diagnostic::Mistake;

/// The longest variable that a kernel gives to a process, with some to spare.
const LONGEST: usize = 127 << 10;

/// Checks a name that a variable is to have.
///
/// # Errors
/// Says why no process, or none that is spoken to so, can have it.
pub(super) fn check_name(name: &str, adapter: AdapterKind) -> Result<(), String> {
    let shown: String = name.chars().take(60).collect();
    let shown = shown.escape_debug();
    if name.is_empty() || name.contains(['=', '\0']) {
        return Err(format!("`{shown}` is not a valid variable name: not empty, no `=`, no NUL"));
    }
    let (told, what) = adapter.tells();
    if name == told {
        return Err(format!(
            "`{told}` cannot be set: by it the driver tells each instance {what}; leave it out"
        ));
    }
    Ok(())
}

/// Checks what a variable is to hold.
///
/// # Errors
/// Says why no process can have it.
pub(super) fn check_value(name: &str, value: &str) -> Result<(), String> {
    let name = name.escape_debug();
    if value.contains('\0') {
        return Err(format!("the value of `{name}` has a NUL"));
    }
    if name.to_string().len() + value.len() > LONGEST {
        return Err(format!("`{name}` is longer than a process takes: {} KiB", LONGEST >> 10));
    }
    Ok(())
}

/// Reads a variable as it is typed: `NAME=VALUE`, or `NAME`, whose value is looked up.
///
/// # Errors
/// Says what is wrong with it. Its value is in no message: it may be a secret.
pub fn variable(
    typed: &str,
    adapter: AdapterKind,
    known: impl Fn(&str) -> Option<String>,
) -> Result<(String, String), String> {
    let (name, value) = match typed.split_once('=') {
        Some((name, value)) => (name, Some(value.to_owned())),
        None => (typed, known(typed)),
    };
    check_name(name, adapter)?;
    let value = value.ok_or_else(|| {
        let shown: String = name.chars().take(60).collect();
        let shown = shown.escape_debug();
        format!("`{shown}` has no value, and is not in the environment: write `{shown}=VALUE`")
    })?;
    check_value(name, &value)?;
    Ok((name.to_owned(), value))
}

/// Reads a file of variables as Docker's client does: a variable a line, no quotation
/// marks, empty lines and those that begin with `#` left out.
///
/// # Errors
/// Names the file, the line and what is wrong.
pub fn read_variables(
    path: &Path,
    adapter: AdapterKind,
    known: impl Fn(&str) -> Option<String>,
) -> Result<BTreeMap<String, String>> {
    let file = path.display().to_string();
    let text = read_text(path).with_context(|| format!("cannot read the variables in {file}"))?;
    let mut all = BTreeMap::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim_start();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        // Without the line itself: it may hold a secret.
        let (name, value) = variable(line, adapter, &known)
            .map_err(|why| Mistake::of(&format!("{file}:{}", number + 1), why))?;
        all.insert(name, value);
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ASKS: AdapterKind = AdapterKind::RuntimeApi;

    fn known(name: &str) -> Option<String> {
        (name == "HOME").then(|| "/root".to_owned())
    }

    #[test]
    fn a_variable_has_a_value_or_is_looked_up() {
        let pair = |name: &str, value: &str| Ok((name.to_owned(), value.to_owned()));
        assert_eq!(variable("A=b=c", ASKS, known), pair("A", "b=c"));
        assert_eq!(variable("A=", ASKS, known), pair("A", ""));
        assert_eq!(variable("HOME", ASKS, known), pair("HOME", "/root"));
        let wrong = |typed: &str| variable(typed, ASKS, known).unwrap_err();
        assert!(wrong("B").contains("write `B=VALUE`"));
        assert!(wrong("=x").contains("not a valid variable name"));
        assert!(wrong("A=\0").contains("has a NUL"));
        assert!(wrong(&format!("A={}", "x".repeat(1 << 17))).contains("127 KiB"));
    }

    #[test]
    fn what_the_driver_tells_an_instance_cannot_be_set() {
        let why = |typed: &str, adapter| variable(typed, adapter, known).unwrap_err();
        let told = why("AWS_LAMBDA_RUNTIME_API=x:1", ASKS);
        assert!(told.starts_with("`AWS_LAMBDA_RUNTIME_API` cannot be set: "), "{told}");
        assert!(told.contains("where it asks for its events; leave it out"), "{told}");
        // Not even where its value would be looked up.
        let told = why("PORT", AdapterKind::Http);
        assert!(told.contains("which `port` or --http decides"), "{told}");
        for (fine, adapter) in [("PORT=1", ASKS), ("_HANDLER=a.b", ASKS)] {
            assert!(variable(fine, adapter, known).is_ok(), "{fine}");
        }
        assert!(variable("AWS_LAMBDA_RUNTIME_API=x", AdapterKind::Http, known).is_ok());
    }

    #[test]
    fn a_file_of_variables_is_read_as_dockers_client_does_and_keeps_its_secrets() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("x.env");
        let write = |text: &str| std::fs::write(&file, text).unwrap();
        write("# mine\n\nA=\"b\" # c\n  HOME\r\nB=1\nB=2\n");
        let all = read_variables(&file, ASKS, known).unwrap();
        let found: Vec<(&str, &str)> =
            all.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(found, [("A", "\"b\" # c"), ("B", "2"), ("HOME", "/root")]);
        write("A=1\n=s3cret\n");
        let error = format!("{:#}", read_variables(&file, ASKS, known).unwrap_err());
        assert!(error.contains("x.env:2") && !error.contains("s3cret"), "{error}");
        write("A=1\n\nAWS_LAMBDA_RUNTIME_API=s3cret\n");
        let error = format!("{:#}", read_variables(&file, ASKS, known).unwrap_err());
        assert!(error.contains("x.env:3") && error.contains("cannot be set"), "{error}");
        assert!(!error.contains("s3cret"), "{error}");
        let error = read_variables(&folder.path().join("no"), ASKS, known).unwrap_err();
        assert!(error.to_string().contains("cannot read the variables"), "{error}");
    }
}
