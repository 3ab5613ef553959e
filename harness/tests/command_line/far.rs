//! Engines that are not on this machine: refused, or reached by `ssh`. On a stand-in for one.

use std::os::unix::fs::PermissionsExt;

use super::images::{LACKING, on};
use super::stand_in::StandIn;
use super::*;

#[test]
fn an_engine_on_another_machine_is_refused_before_anything_is_asked_of_it() {
    let home = tempfile::tempdir().unwrap();
    let info = r#"{"ServerVersion":"26.1.5","DefaultRuntime":"runc","KernelVersion":"4.4.0-no"}"#;
    let engine = StandIn::with(&[("GET /info", 200, info)]);
    let output = on(&engine, home.path(), &["run", "quick", "--image", "app:1"]);
    assert_eq!(output.status.code(), Some(4), "{}", err(&output));
    let text = flat(&err(&output));
    assert!(text.contains("runs on another machine") && text.contains("4.4.0-no"), "{text}");
    assert!(text.contains("run coldstart on that machine"), "{text}");
    assert!(engine.asked("POST").is_empty() && engine.asked("GET /images").is_empty());
}

/// A socket that leads to a stand-in.
fn socket_of(engine: &StandIn, file: &Path) {
    let address = engine.address().strip_prefix("tcp://").unwrap().to_owned();
    let listener = std::os::unix::net::UnixListener::bind(file).unwrap();
    // They end with the process.
    std::thread::spawn(move || {
        for near in listener.incoming().flatten() {
            let far = std::net::TcpStream::connect(&address).unwrap();
            let mut there = (near.try_clone().unwrap(), far.try_clone().unwrap());
            std::thread::spawn(move || std::io::copy(&mut there.0, &mut there.1));
            let (mut near, mut far) = (near, far);
            std::thread::spawn(move || std::io::copy(&mut far, &mut near));
        }
    });
}

fn ssh(folder: &Path, script: &str) {
    let file = folder.join("ssh");
    fs::write(&file, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
}

fn by_ssh(home: &Path, host: &str) -> Output {
    let mut command = coldstart(&["run", "quick", "--image", "app:1", "--no-controls"]);
    command.current_dir(home).env("DOCKER_HOST", host).env("DOCKER_CONFIG", home);
    command.env("XDG_STATE_HOME", home).env_remove("DOCKER_CONTEXT");
    let path = std::env::var("PATH").unwrap();
    command.env("PATH", format!("{}:{path}", home.display()));
    command.timeout(std::time::Duration::from_secs(60)).output().unwrap()
}

#[test]
fn an_engine_is_reached_by_ssh_through_one_socket_that_goes_with_the_run() {
    let home = tempfile::tempdir().unwrap();
    let engine = StandIn::with(&[LACKING]);
    let socket = home.path().join("far.sock");
    socket_of(&engine, &socket);
    // Where it is forwarded from and to; as the real one it stays.
    let forwards = "while [ \"$1\" != -L ]; do shift; done\necho \"$2 $3 $4\" >called\n\
                    ln -s \"${2#*:}\" \"${2%%:*}\"; echo $$ >ssh.pid; exec sleep 50";
    ssh(home.path(), forwards);
    let output = by_ssh(home.path(), &format!("ssh://me@lab{}", socket.display()));
    assert_eq!(output.status.code(), Some(4), "{}", err(&output));
    assert_eq!(engine.asked("POST /images/create").len(), 1, "{}", err(&output));
    let called = fs::read_to_string(home.path().join("called")).unwrap();
    assert!(called.ends_with("-- me@lab\n"), "{called}");
    let pid = fs::read_to_string(home.path().join("ssh.pid")).unwrap();
    let line = fs::read_to_string(format!("/proc/{}/cmdline", pid.trim())).unwrap_or_default();
    assert!(!line.contains("sleep"), "it goes on: {line}");
    let local = called.split(':').next().unwrap();
    assert!(!Path::new(local).parent().unwrap().exists(), "its folder stays: {local}");
}

#[test]
fn an_engine_that_ssh_does_not_reach_is_told_in_its_words() {
    let home = tempfile::tempdir().unwrap();
    ssh(home.path(), "echo 'me@lab: Permission denied (publickey).' >&2; exit 255");
    let output = by_ssh(home.path(), "ssh://me@lab");
    assert_eq!(output.status.code(), Some(4), "{}", err(&output));
    let text = flat(&err(&output));
    assert!(
        text.contains("Permission denied (publickey)") && text.contains("ssh://me@lab"),
        "{text}"
    );
}
