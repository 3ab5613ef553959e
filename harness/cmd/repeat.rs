//! Commands that are told to be typed: in a record, after a run, by `init`.

use std::fmt::Display;
use std::path::Path;

use crate::cli::{FUNCTIONS_FILE, FunctionFlags};
use coldstart::engine::EngineKind;

/// A command, word by word.
pub(super) struct Words(Vec<String>);

impl Words {
    /// One of a verb.
    pub(super) fn of(verb: &str) -> Self {
        Self(vec!["coldstart".to_owned(), verb.to_owned()])
    }

    /// With something that is no flag.
    pub(super) fn word(mut self, word: impl Display) -> Self {
        let word = word.to_string();
        // What begins like a flag would be taken for one.
        self.0.push(if word.starts_with('-') { format!("./{word}") } else { word });
        self
    }

    /// With a flag and its value.
    pub(super) fn flag(mut self, flag: &str, value: impl Display) -> Self {
        let value = value.to_string();
        if value.starts_with('-') {
            self.0.push(format!("{flag}={value}"));
        } else {
            self.0.extend([flag.to_owned(), value]);
        }
        self
    }

    /// With a flag and its value, where there is one.
    pub(super) fn some(self, flag: &str, value: Option<impl Display>) -> Self {
        match value {
            Some(value) => self.flag(flag, value),
            None => self,
        }
    }

    /// With a flag that has no value, where it was typed.
    pub(super) fn switch(mut self, flag: &str, is_typed: bool) -> Self {
        if is_typed {
            self.0.push(flag.to_owned());
        }
        self
    }

    /// With flags that are there as words already.
    pub(super) fn all(mut self, words: impl IntoIterator<Item = String>) -> Self {
        self.0.extend(words);
        self
    }

    /// With where its functions are described, unless that is where they always are.
    pub(super) fn described(self, file: &Path) -> Self {
        let file = (file != Path::new(FUNCTIONS_FILE)).then(|| file.display());
        self.some("--functions-file", file)
    }

    /// With what else decides how functions are measured.
    pub(super) fn measured(self, common: &FunctionFlags, engine: EngineKind) -> Self {
        let simulated = engine.is_simulated().then_some(engine.name());
        self.described(&common.functions_file).some("--engine", simulated)
    }

    /// As a shell takes it.
    pub(super) fn line(&self) -> String {
        self.0.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
    }
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-/+,:=@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What a shell makes of a line, word by word.
    fn read_by_a_shell(line: &str) -> Vec<String> {
        let script = format!("printf '%s\\0' {line}");
        let output = std::process::Command::new("sh").args(["-c", &script]).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        text.split_terminator('\0').map(str::to_owned).collect()
    }

    #[test]
    fn plain_words_are_not_quoted() {
        let words = Words::of("run").word("s.toml").flag("--image", "a=b:1@sha256:00");
        let words = words.flag("--functions", "a,b").flag("--until", "2%").switch("--x", true);
        let line = "coldstart run s.toml --image a=b:1@sha256:00 --functions a,b --until 2% --x";
        assert_eq!(words.line(), line);
    }

    #[test]
    fn a_word_that_begins_like_a_flag_is_none() {
        let line = Words::of("run").word("-x.toml").flag("--base", "-1").line();
        assert_eq!(line, "coldstart run ./-x.toml --base=-1");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn a_shell_reads_the_words_that_were_typed(
            words in proptest::collection::vec("[^\u{0}]{0,12}", 1..5),
        ) {
            let line = Words(words.clone()).line();
            prop_assert_eq!(read_by_a_shell(&line), words);
        }
    }
}
