//! Flags about what is shown, and how: the same for every verb.

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};

use coldstart::report::form::{FORMS, Form};

/// How a verb talks. On standard error; a result goes to standard output.
#[derive(Debug, Clone, Copy, Default, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct OutputFlags {
    /// Say nothing but results, warnings and errors
    #[arg(long, short, global = true, conflicts_with = "verbose")]
    pub quiet: bool,

    /// Say more: every trial, every command that is run
    #[arg(long, short, global = true)]
    pub verbose: bool,

    /// Colours: where a terminal shows them and NO_COLOR is not set, or as given
    #[arg(long, value_enum, default_value_t, global = true, value_name = "WHEN")]
    pub color: Colour,
}

/// When text is coloured.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Colour {
    /// In a terminal, unless NO_COLOR is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The flag of verbs that print a result.
#[derive(Debug, Clone, Copy, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct FormatFlag {
    /// The form of the result on standard output
    #[arg(long, value_parser = form(), default_value = FORMS[0].name, value_name = "FORM")]
    pub format: &'static Form,
}

/// A form by its name.
fn form() -> impl TypedValueParser<Value = &'static Form> {
    let names = FORMS.iter().map(|form| PossibleValue::new(form.name).help(form.about));
    let find = |name: String| FORMS.iter().find(|form| form.name == name).ok_or("there is none");
    PossibleValuesParser::new(names).try_map(find)
}
