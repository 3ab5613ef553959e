//! Compiles the launcher, a small static program that is mounted into images with external
//! extensions, and is embedded in ours until then. Where no static program can be linked,
//! ours is made without it, and says so when such an image is measured.

use std::env;
use std::error::Error;
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::Command;

const SOURCE: &str = "harness/launcher/main.rs";
/// Small, and at an address of its own: each page that is touched is a fault in a start that
/// is timed.
const OPTIONS: [&str; 7] = [
    "target-feature=+crt-static",
    "relocation-model=static",
    "opt-level=s",
    "lto=fat",
    "codegen-units=1",
    "panic=abort",
    "strip=symbols",
];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=harness/launcher/build.rs");
    println!("cargo::rerun-if-changed={SOURCE}");
    let made = Path::new(&set("OUT_DIR")?).join("launcher");
    let mut compile = Command::new(set("RUSTC")?);
    compile.args(["--edition", "2024", "--crate-name", "launcher", SOURCE]);
    for option in OPTIONS {
        compile.args(["-C", option]);
    }
    if let Some(linker) = env::var_os("RUSTC_LINKER") {
        compile
            .arg("-C")
            .arg([OsString::from("linker="), linker].into_iter().collect::<OsString>());
    }
    compile.arg("--target").arg(set("TARGET")?).arg("-o").arg(&made);
    if !compile.status()?.success() {
        println!(
            "cargo::warning=no static program can be linked here: images with external extensions \
             cannot be measured"
        );
        fs::write(&made, [])?;
    }
    Ok(())
}

/// What cargo says to a build script.
fn set(name: &str) -> Result<OsString, String> {
    env::var_os(name).ok_or_else(|| format!("{name} is not set: cargo runs this"))
}
