//! The stand-in for the driver, with which a function is tried by hand.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Command, Stdio};

use libtest_mimic::Trial;

use crate::bench::{Tested, root};

/// It needs no engine, and an interpreter that is no part of a bare machine: where there is
/// none the test is left out, and counted.
pub(crate) fn trials() -> Vec<Trial> {
    let found = Command::new("python3").arg("--version").output().is_ok();
    let trial = Trial::test("the_stand_in_for_the_driver_serves_a_function", serves_a_function);
    vec![trial.with_ignored_flag(!found)]
}

/// As the contract's page says it is used, two events long.
fn serves_a_function() -> Tested {
    let mut standin = python("standin.py")
        .args(["127.0.0.1", "0"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    standin.stdin.take().unwrap().write_all(b"{\"a\":1}\n{\"b\":[2]}\n")?;
    let mut said = BufReader::new(standin.stdout.take().unwrap());
    let mut first = String::new();
    said.read_line(&mut first)?;
    let (name, address) = first.trim_end().split_once('=').unwrap();
    let function = python("python/function.py").env(name, address).output()?;
    let mut rest = String::new();
    said.read_to_string(&mut rest)?;
    assert!(standin.wait()?.success());
    assert!(rest.contains("Coldstart-Ready-Ns: "), "{rest}");
    assert!(rest.contains(r#""invocation":1,"echo":{"a":1}}"#), "{rest}");
    assert!(rest.contains(r#""invocation":2,"echo":{"b":[2]}}"#), "{rest}");
    // Without a further event it is ended, by a status that the contract knows.
    let error = String::from_utf8_lossy(&function.stderr);
    assert!(error.contains("answered with 500"), "{error}");
    assert_eq!(function.status.code(), Some(1));
    Ok(())
}

fn python(script: &str) -> Command {
    let mut command = Command::new("python3");
    command.arg(root().join("functions").join(script));
    command
}
