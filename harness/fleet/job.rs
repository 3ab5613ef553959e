//! What a node is told to do: the same on each, from one seed.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::measure::Measurement;
use crate::spec::function::{Function, ImageSource};
use crate::spec::scenario::Scenario;
use crate::store::FunctionRecord;
use crate::system::maker::Maker;
use crate::text::units::format_size;

/// The variable that has it, on a node.
pub const VARIABLE: &str = "COLDSTART_FLEET_JOB";
/// The variable that says where the engine's socket is on the node's machine.
pub const SOCKET: &str = "COLDSTART_FLEET_SOCKET";

/// The longest text of a job, in bytes: the kernel takes no variable of more than 128 KiB.
const MOST: usize = 120 << 10;

/// What a node is told to do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// Name and version of the program that asks.
    pub tool: String,
    /// The run's id.
    pub id: String,
    /// The process that asks, as a maker is written: what is left when that is gone may go.
    pub maker: String,
    /// The program's image, by its id.
    pub image: String,
    /// What is asked for.
    pub scenario: Scenario,
    /// The functions, each by its image as it is.
    pub functions: Vec<Function>,
    /// That of the controls; its program is taken from its image.
    pub null: Option<Function>,
    /// Of the plan.
    pub seed: u64,
    /// The command that repeats it, on one machine.
    pub command: String,
    /// Whether the kernel's events are listened to.
    pub traced: bool,
    /// The images that a node must have: reference and content address.
    pub images: BTreeMap<String, String>,
}

impl Job {
    /// Of a measurement of one machine whose images are there.
    #[must_use]
    pub fn of(request: &Measurement, records: &[FunctionRecord], image: &str) -> Self {
        let side = &request.sides[0];
        let mut all: Vec<Function> = side.with_null();
        for (function, record) in all.iter_mut().zip(records) {
            function.recipe = ImageSource::Image(record.image.clone());
            function.process = Vec::new();
        }
        let null = side.null.as_ref();
        let null = null.and_then(|null| all.iter().find(|f| f.name == null.name).cloned());
        all.truncate(side.functions.len());
        Self {
            tool: tool(),
            id: request.id.clone(),
            maker: Maker::own().to_string(),
            image: image.to_owned(),
            scenario: request.plan.scenario.clone(),
            functions: all,
            null,
            seed: request.plan.seed,
            command: request.command.clone(),
            traced: request.traced,
            images: records.iter().map(|r| (r.image.clone(), r.digest.clone())).collect(),
        }
    }

    /// As the value of [`VARIABLE`].
    ///
    /// # Errors
    /// When it is larger than a variable may be.
    pub fn encode(&self) -> Result<String> {
        let text = serde_json::to_vec(self).context("writing what a node is to do")?;
        let text = STANDARD.encode(text);
        if text.len() > MOST {
            bail!(
                "what a node is told to do has {}, and {} are the most: give functions smaller \
                 events",
                format_size(text.len() as u64),
                format_size(MOST as u64)
            );
        }
        Ok(text)
    }

    /// As it was encoded.
    ///
    /// # Errors
    /// When it was not, or not by this version.
    pub fn decode(text: &str) -> Result<Self> {
        let bytes = STANDARD.decode(text).context("a job that is not as it was encoded")?;
        let job: Self = serde_json::from_slice(&bytes)
            .context("a job that another version has written: use the same on every node")?;
        Ok(job)
    }

    /// As the environment of a program on a node.
    ///
    /// # Errors
    /// As [`Job::encode`].
    pub fn environment(&self, socket: &str) -> Result<Vec<String>> {
        Ok(vec![format!("{VARIABLE}={}", self.encode()?), format!("{SOCKET}={socket}")])
    }
}

/// Name and version of this program.
#[must_use]
pub fn tool() -> String {
    format!("coldstart {}", env!("CARGO_PKG_VERSION"))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::spec::scenario;

    /// Of one function, with an event of so many bytes.
    pub(in crate::fleet) fn job(event: usize) -> Job {
        let text = "name = \"s\"\nrounds = 3\nkeep-alive = \"1s\"\n\
                    [[pattern]]\nname = \"single\"\nsteps = [{ name = \"cold\", burst = 1 }]";
        let event = format!("\"{}\"", "x".repeat(event));
        Job {
            tool: tool(),
            id: "id".to_owned(),
            maker: "m".to_owned(),
            image: "sha256:0".to_owned(),
            scenario: scenario::parse(text, "the test").unwrap(),
            functions: vec![Function::of_image("f", "f:1", &event, 0)],
            null: None,
            seed: 7,
            command: "coldstart run".to_owned(),
            traced: true,
            images: [("f:1".to_owned(), "sha256:1".to_owned())].into(),
        }
    }

    #[test]
    fn a_node_reads_what_it_was_told() {
        let told = job(10);
        assert_eq!(Job::decode(&told.encode().unwrap()).unwrap(), told);
    }

    #[test]
    fn what_no_variable_can_hold_and_what_is_none_is_refused() {
        let error = job(200 << 10).encode().unwrap_err().to_string();
        assert!(error.contains("smaller events"), "{error}");
        assert!(Job::decode("?").is_err() && Job::decode("e30=").is_err());
    }
}
