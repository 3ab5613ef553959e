//! Notes which compiler builds the function, and how, for `--version`.

use std::env;
use std::process::Command;

fn main() {
    let rustc = env::var_os("RUSTC").expect("cargo says which compiler it runs");
    let output = Command::new(rustc).arg("--version").output().expect("the compiler can be run");
    let version = String::from_utf8(output.stdout).expect("the compiler's version is text");
    println!("cargo::rustc-env=RUSTC_VERSION={}", version.trim());
    let known = |name: &str| env::var(name).unwrap_or_default();
    let (level, debug) = (known("OPT_LEVEL"), known("DEBUG"));
    println!("cargo::rustc-env=BUILT=opt-level {level}, debug {debug}");
    println!("cargo::rerun-if-changed=build.rs");
}
