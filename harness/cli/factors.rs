//! The flags of the factors: one a factor, made from what is known of it.

use clap::builder::{StringValueParser, TypedValueParser};
use clap::{Arg, ArgAction, ArgGroup, ArgMatches, Args, Command, FromArgMatches};

use coldstart::spec::factor::{
    EngineKind, FACTORS, Factor as _, FactorInfo, FactorMatrix, Network, OciRuntime,
};

/// The group of all flags of factors.
pub(super) const FACTORS_TYPED: &str = "factors";

/// Factors of a start: every combination of the values becomes a cell.
#[derive(Debug, Clone, Default)]
pub(crate) struct FactorFlags(Vec<(&'static FactorInfo, Vec<String>)>);

impl FactorFlags {
    /// Changes the lists as was typed.
    ///
    /// # Errors
    /// Says what cannot be measured together.
    pub(crate) fn change(&self, lists: &mut FactorMatrix) -> Result<(), String> {
        self.0.iter().try_for_each(|(factor, typed)| lists.set(factor.list, typed))?;
        lists.check()
    }

    /// The flags that say the same again, with the values that a list has now. The engine and
    /// its runtime are among them wherever they are known: another machine might choose others.
    pub(crate) fn again(&self, lists: &FactorMatrix) -> Vec<String> {
        let values = FACTORS.iter().zip(lists.typed()).filter(|(_, values)| !values.is_empty());
        let chosen = [EngineKind::LIST, OciRuntime::LIST];
        let typed = |list: &str| {
            chosen.contains(&list) || self.0.iter().any(|(factor, _)| factor.list == list)
        };
        let typed = values.filter(|(factor, _)| typed(factor.list));
        typed.flat_map(|(f, values)| [format!("--{}", f.list), values.join(",")]).collect()
    }
}

/// Changes the lists of verbs that take one engine and one network, and nothing else of them.
///
/// # Errors
/// Says what cannot be measured together.
pub(crate) fn place(
    lists: &mut FactorMatrix,
    engine: Option<&String>,
    network: Option<&String>,
) -> Result<(), String> {
    for (list, typed) in [(EngineKind::LIST, engine), (Network::LIST, network)] {
        typed.map_or(Ok(()), |value| lists.set(list, std::slice::from_ref(value)))?;
    }
    lists.check()
}

impl Args for FactorFlags {
    fn augment_args(command: Command) -> Command {
        let flag = |factor: &'static FactorInfo| {
            let check = move |text: String| (factor.check)(&text).map(|()| text);
            Arg::new(factor.list)
                .long(factor.list)
                .value_name(factor.values)
                .help(factor.help)
                .hide(factor.hidden)
                .help_heading("Factors (lists; every combination is measured)")
                .value_delimiter(',')
                .action(ArgAction::Append)
                .value_parser(StringValueParser::new().try_map(check))
        };
        let group = ArgGroup::new(FACTORS_TYPED).multiple(true);
        let names = FACTORS.iter().map(|factor| factor.list);
        FACTORS.iter().fold(command, |c, factor| c.arg(flag(factor))).group(group.args(names))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for FactorFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut all = Self::default();
        all.update_from_arg_matches(matches)?;
        Ok(all)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        let typed = |factor: &'static FactorInfo| {
            let values = matches.get_many::<String>(factor.list)?;
            Some((factor, values.cloned().collect()))
        };
        self.0 = FACTORS.iter().filter_map(typed).collect();
        Ok(())
    }
}
