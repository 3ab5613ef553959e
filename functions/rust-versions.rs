//! A build script: notes the compiler and the packages that a Rust function is built with, for its
//! `--version`.

use std::env;
use std::fs;
use std::process::Command;

/// The packages that are named where a function has them.
const NAMED: [&str; 4] = ["axum", "image", "lambda_http", "lambda_runtime"];

fn main() {
    let rustc = env::var_os("RUSTC").expect("cargo says which compiler it runs");
    let output = Command::new(rustc).arg("--version").output().expect("the compiler can be run");
    let rustc = String::from_utf8(output.stdout).expect("the compiler's version is text");
    let lock = fs::read_to_string("Cargo.lock").expect("the versions are locked");
    let versions: Vec<String> = NAMED.iter().filter_map(|name| locked(&lock, name)).collect();
    println!("cargo::rustc-env=VERSIONS={}, {}", rustc.trim(), versions.join(", "));
    println!("cargo::rerun-if-changed=../../rust-versions.rs");
    println!("cargo::rerun-if-changed=Cargo.lock");
}

/// A package's name and the version that the lock file has of it.
fn locked(lock: &str, name: &str) -> Option<String> {
    let mut lines = lock.lines().skip_while(|line| *line != format!("name = \"{name}\""));
    let version = lines.nth(1)?.strip_prefix("version = ")?;
    Some(format!("{name} {}", version.trim_matches('"')))
}
