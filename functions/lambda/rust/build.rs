//! Notes the compiler and the client that are built with, for `--version`.

use std::env;
use std::fs;
use std::process::Command;

/// The packages that are named.
const PACKAGES: [&str; 1] = ["lambda_runtime"];

fn main() {
    let rustc = env::var_os("RUSTC").expect("cargo says which compiler it runs");
    let output = Command::new(rustc).arg("--version").output().expect("the compiler can be run");
    let rustc = String::from_utf8(output.stdout).expect("the compiler's version is text");
    let lock = fs::read_to_string("Cargo.lock").expect("the versions are locked");
    let versions: Vec<String> = PACKAGES.iter().map(|name| locked(&lock, name)).collect();
    println!("cargo::rustc-env=VERSIONS={}, {}", rustc.trim(), versions.join(", "));
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=Cargo.lock");
}

/// A package's name and the version that the lock file has of it.
fn locked(lock: &str, name: &str) -> String {
    let mut lines = lock.lines().skip_while(|line| *line != format!("name = \"{name}\""));
    let version = lines.nth(1).and_then(|line| line.strip_prefix("version = "));
    format!("{name} {}", version.expect("the lock file has the package").trim_matches('"'))
}
