//! A file of prices -> [`Prices`]. Wire types, private to it.

use std::ops::RangeInclusive;

use serde::Deserialize;
use toml::Spanned;

use super::{Fargate, Lambda, Machine, Prices, Rates};
use crate::cost::Architecture;
use crate::text::diagnostic::Mistake;

/// The most that anything costs: far beyond every list, and of every product finite.
const DEAREST: f64 = 1e6;
const PRICES: RangeInclusive<f64> = 0.0..=DEAREST;
/// vCPUs and GiB of a machine, and MiB that come with a vCPU.
const SIZES: RangeInclusive<f64> = 0.01..=1e6;
/// Characters of a text that goes onto pages.
const LONGEST: usize = 300;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct WirePrices {
    as_of: Spanned<String>,
    currency: Spanned<String>,
    region: Spanned<String>,
    lambda: WireLambda,
    #[serde(default)]
    fargate: WireFargates,
    #[serde(default)]
    machine: Vec<WireMachine>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct WireLambda {
    request: Spanned<f64>,
    mib_per_vcpu: Spanned<f64>,
    source: Spanned<String>,
    x86: WireRates,
    arm: WireRates,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct WireRates {
    gb_second: Spanned<f64>,
    provisioned_idle_gb_second: Spanned<f64>,
    provisioned_running_gb_second: Spanned<f64>,
    storage_gb_second: Spanned<f64>,
    source: Spanned<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireFargates {
    x86: Option<WireFargate>,
    arm: Option<WireFargate>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct WireFargate {
    vcpu_hour: Spanned<f64>,
    gb_hour: Spanned<f64>,
    source: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct WireMachine {
    name: Spanned<String>,
    architecture: Architecture,
    vcpus: Spanned<f64>,
    memory_gib: Spanned<f64>,
    hour: Spanned<f64>,
    source: Spanned<String>,
}

/// Parses the text of a file of prices; `file` names it in errors.
///
/// # Errors
/// Names the file, the line and what was expected.
pub fn parse(text: &str, file: &str) -> Result<Prices, Mistake> {
    let at = Place { text, file };
    let wire: WirePrices = toml::from_str(text).map_err(|error| at.parser(&error))?;
    let WireFargates { x86, arm } = wire.fargate;
    let fargates = [(Architecture::X86, x86), (Architecture::Arm, arm)];
    let fargates = fargates.into_iter().filter_map(|(of, row)| Some(row?.check(of, at)));
    let mut machines: Vec<Machine> = Vec::new();
    for wire in wire.machine {
        let name = wire.name.span();
        let machine = wire.check(at)?;
        if machines.iter().any(|m| m.name == machine.name) {
            let name_ = &machine.name;
            let message = format!("a second machine is named `{name_}`: names must differ");
            return Err(Mistake::at(text, file, name, message));
        }
        machines.push(machine);
    }
    Ok(Prices {
        as_of: at.text("as-of", &wire.as_of)?,
        currency: at.text("currency", &wire.currency)?,
        region: at.text("region", &wire.region)?,
        lambda: wire.lambda.check(at)?,
        fargate: fargates.collect::<Result<_, _>>()?,
        machines,
    })
}

/// The text that is read, for mistakes that point into it.
#[derive(Clone, Copy)]
struct Place<'a> {
    text: &'a str,
    file: &'a str,
}

impl Place<'_> {
    /// What the parser found, and what to do about it.
    fn parser(self, error: &toml::de::Error) -> Mistake {
        let cure = match error.message() {
            missing if missing.starts_with("missing field") => {
                "; functions/prices.toml of this project has every key, and 0 is a price too"
            }
            wrong if wrong.starts_with("invalid type") && wrong.contains("expected f64") => {
                "; write a plain number, without a unit, such as 0.0000166667"
            }
            _ => return Mistake::in_toml(self.text, self.file, error),
        };
        let message = format!("{}{cure}", error.message());
        match error.span() {
            Some(span) => Mistake::at(self.text, self.file, span, message),
            None => Mistake::of(self.file, message),
        }
    }

    fn price(self, key: &str, value: &Spanned<f64>) -> Result<f64, Mistake> {
        let cure = format!("a price is a plain number from 0 to {DEAREST}");
        self.within(PRICES, key, value, &cure)
    }

    fn size(self, key: &str, value: &Spanned<f64>) -> Result<f64, Mistake> {
        let (least, most) = (SIZES.start(), SIZES.end());
        self.within(SIZES, key, value, &format!("a size is a number from {least} to {most}"))
    }

    fn within(
        self,
        range: RangeInclusive<f64>,
        key: &str,
        value: &Spanned<f64>,
        cure: &str,
    ) -> Result<f64, Mistake> {
        let figure = *value.get_ref();
        if range.contains(&figure) {
            return Ok(figure);
        }
        let message = format!("`{key}` cannot be {figure}: {cure}");
        Err(Mistake::at(self.text, self.file, value.span(), message))
    }

    /// A text that goes onto pages.
    fn text(self, key: &str, value: &Spanned<String>) -> Result<String, Mistake> {
        let text = value.get_ref().trim();
        let wrong = |message: String| Err(Mistake::at(self.text, self.file, value.span(), message));
        if text.is_empty() {
            return wrong(format!("`{key}` is empty: a reader must know what the figures are of"));
        }
        if text.chars().count() > LONGEST {
            return wrong(format!("`{key}` has more than {LONGEST} characters"));
        }
        Ok(text.to_owned())
    }
}

impl WireLambda {
    fn check(self, at: Place<'_>) -> Result<Lambda, Mistake> {
        Ok(Lambda {
            request: at.price("request", &self.request)?,
            mib_per_vcpu: at.size("mib-per-vcpu", &self.mib_per_vcpu)?,
            source: at.text("source", &self.source)?,
            x86: self.x86.check(at)?,
            arm: self.arm.check(at)?,
        })
    }
}

impl WireRates {
    fn check(self, at: Place<'_>) -> Result<Rates, Mistake> {
        let running = &self.provisioned_running_gb_second;
        Ok(Rates {
            gb_second: at.price("gb-second", &self.gb_second)?,
            provisioned_idle: at
                .price("provisioned-idle-gb-second", &self.provisioned_idle_gb_second)?,
            provisioned_running: at.price("provisioned-running-gb-second", running)?,
            storage: at.price("storage-gb-second", &self.storage_gb_second)?,
            source: at.text("source", &self.source)?,
        })
    }
}

impl WireFargate {
    fn check(self, architecture: Architecture, at: Place<'_>) -> Result<Fargate, Mistake> {
        Ok(Fargate {
            architecture,
            vcpu_hour: at.price("vcpu-hour", &self.vcpu_hour)?,
            gb_hour: at.price("gb-hour", &self.gb_hour)?,
            source: at.text("source", &self.source)?,
        })
    }
}

impl WireMachine {
    fn check(self, at: Place<'_>) -> Result<Machine, Mistake> {
        Ok(Machine {
            name: at.text("name", &self.name)?,
            architecture: self.architecture,
            vcpus: at.size("vcpus", &self.vcpus)?,
            memory_gib: at.size("memory-gib", &self.memory_gib)?,
            hour: at.price("hour", &self.hour)?,
            source: at.text("source", &self.source)?,
        })
    }
}
