//! What is made from the flags themselves: completions and manual pages.

use anyhow::Result;
use clap::builder::Resettable;
use clap::{Command, CommandFactory};
use clap_complete::Shell;
use clap_mangen::Man;

use super::Cli;

/// The name of the program.
const NAME: &str = "coldstart";

/// The script that completes verbs and flags in a shell.
#[must_use]
pub(crate) fn completions(shell: Shell) -> Vec<u8> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command(), NAME, &mut script);
    script
}

/// The names of all verbs, in their order.
#[must_use]
pub(crate) fn verbs() -> Vec<String> {
    let all = command();
    all.get_subcommands().map(|verb| verb.get_name().to_owned()).collect()
}

/// The manual page of the program, or of one of its verbs, as roff; none where there is
/// no such verb.
///
/// # Errors
/// Never, in truth: it is written into memory.
pub(crate) fn manual(verb: Option<&str>) -> Result<Option<Vec<u8>>> {
    let all = command();
    let one = match verb {
        None => all,
        Some(verb) => {
            let Some(found) = all.find_subcommand(verb) else { return Ok(None) };
            found.clone()
        }
    };
    // A manual page ends with its examples, laid out as they are typed.
    let parts = [one.get_before_long_help(), one.get_after_long_help()];
    let parts: Vec<String> = parts.iter().flatten().map(ToString::to_string).collect();
    let one = one.after_long_help(Resettable::Reset).after_help(Resettable::Reset);
    let mut page = Vec::new();
    Man::new(one).render(&mut page)?;
    page.extend(section("EXAMPLES", &parts.join("\n\n")).into_bytes());
    Ok(Some(page))
}

/// Text as it stands, as a section of a manual page in roff.
fn section(heading: &str, text: &str) -> String {
    let mut page = format!(".SH {heading}\n.nf\n");
    for line in text.lines().skip_while(|line| line.to_uppercase() == heading) {
        // `\&` is nothing, and keeps a line from being a request.
        let line = line.replace('\\', "\\e").replace('-', "\\-");
        page += &format!("\\&{line}\n");
    }
    page + ".fi\n"
}

/// Every verb, with the flags that all of them have; without the one that clap adds.
fn command() -> Command {
    let mut all = Cli::command().disable_help_subcommand(true);
    all.build();
    all
}
