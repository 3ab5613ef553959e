//! A variant: the same function, built or started differently.

use serde::{Deserialize, Serialize};

/// What a function is, of which another is the same but for something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Variant {
    /// Name of the function of which it is one.
    pub of: String,
    /// What tells it from that: the end of its name.
    pub name: String,
    /// What it changes, in a sentence.
    pub about: String,
    /// Where that is documented.
    pub link: Option<String>,
    /// How it is shown to be in effect; none where nobody looks.
    pub proof: Option<Proof>,
}

/// What shows that a variant is in effect: a command, run inside the image with the variables
/// of its instances, prints a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// Its words; [`COMMAND`] stands for all words that an instance is started by.
    pub command: Vec<String>,
    /// What a line that it prints must have in it.
    pub text: String,
}

/// What stands for the words that an instance is started by.
pub const COMMAND: &str = "{command}";

impl Proof {
    /// The words to run, where an instance is started by such.
    #[must_use]
    pub fn words(&self, started: &[String]) -> Vec<String> {
        let word = |word: &String| match word.as_str() {
            COMMAND => started.to_vec(),
            _ => vec![word.clone()],
        };
        self.command.iter().flat_map(word).collect()
    }

    /// The first line of an output that shows it.
    #[must_use]
    pub fn shown<'a>(&self, output: &'a str) -> Option<&'a str> {
        output.lines().find(|line| line.contains(&self.text))
    }
}
