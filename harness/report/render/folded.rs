//! Folded stacks, a line each, as flame-graph tools read them: frames between semicolons, a
//! blank, and a weight, here in microseconds.

use std::fmt::Write;

use crate::explain::{Call, Explained, ModuleUse, Native};
use crate::text::sanitize::printable;

/// Modules where the runtime told of them, else packages and their files.
pub(in crate::report) fn stacks(found: &Explained) -> String {
    match &found.modules {
        Some(tree) => modules(&found.function, &tree.modules),
        None => files(found),
    }
}

fn modules(function: &str, modules: &[ModuleUse]) -> String {
    let (mut text, mut above) = (String::new(), Vec::<String>::new());
    for module in modules {
        above.truncate(module.depth as usize);
        above.push(frame(&module.name));
        line(&mut text, function, &above, module.own);
    }
    text
}

fn files(found: &Explained) -> String {
    let mut text = String::new();
    for (at, file) in found.timeline.files.iter().enumerate() {
        let spans = found.timeline.spans.iter().filter(|span| span.file == at);
        let ns = spans.map(|span| span.ns).sum();
        line(&mut text, &found.function, &[frame(&file.package), frame(&file.path)], ns);
    }
    text
}

/// What was sampled until it was ready, in samples of all its starts; none where nothing was.
pub(in crate::report) fn native(found: &Explained) -> Option<String> {
    let native = found.native.as_ref()?;
    let (mut text, mut above) = (String::new(), Vec::<String>::new());
    for Call { frame: at, depth, own, .. } in &native.calls {
        above.truncate(*depth as usize);
        above.push(name(native, *at));
        if *own > 0 {
            // Writing to a string does not fail.
            let _ = writeln!(text, "{} {own}", above.join(";"));
        }
    }
    Some(text)
}

fn name(native: &Native, at: usize) -> String {
    native.frames.get(at).map_or_else(String::new, |found| frame(&found.name))
}

fn line(text: &mut String, function: &str, frames: &[String], ns: u64) {
    if ns >= 1_000 {
        // Writing to a string does not fail.
        let _ = writeln!(text, "{};{} {}", frame(function), frames.join(";"), ns / 1_000);
    }
}

/// A frame has neither the separator nor the end of a line in it.
fn frame(name: &str) -> String {
    printable(name, usize::MAX).replace(';', ":")
}
