//! `coldstart` measures how long a function takes to answer when no warm
//! instance of it exists, and where that time goes.
//!
//! Data goes one way. Each layer is a folder, and none imports a later one:
//!
//! ```text
//! spec -> drive(platform, adapter, engine, probe) -> sample -> store -> stats -> compare | report
//! what    does it: idle, burst, scale out, reap      facts    files    numbers  words, charts
//! ```
//!
//! A [`measure::Measurement`] says what is measured; [`measure::PreparedEngine`] does it and
//! tells an [`observer::Observer`]; [`store::open`] reads what it left, and [`stats`],
//! [`compare`] and [`report`] make of it what is asked for:
//!
//! ```
//! use coldstart::drive::Stop;
//! use coldstart::measure::{Measurement, PreparedEngine, RunControl, RunIdentity, Side};
//! use coldstart::observer::Silent;
//! use coldstart::provision::Consent;
//! use coldstart::spec::function::Function;
//! use coldstart::{spec::scenario, stats, store};
//!
//! # fn main() -> anyhow::Result<()> {
//! let results = tempfile::tempdir()?;
//! let folder = results.path().join("run");
//! // Simulated, on time that passes when nobody has anything to do.
//! let scenario = scenario::parse(
//!     "name = \"example\"\nengine = [\"fake\"]\nrounds = 5\nkeep-alive = \"1s\"\n\
//!      [[pattern]]\nname = \"single\"\nsteps = [{ name = \"cold\", burst = 1 }]",
//!     "the example",
//! )?;
//! let functions = vec![Function::of_image("hello", "hello:1", "{}", 0)];
//! let name = "run".to_owned();
//! let side = Side { name, functions, null: None, folder: folder.clone(), record: None };
//! let identity = RunIdentity::now();
//! let id = identity.id("example");
//! let measurement = Measurement::new(&identity, id, scenario, vec![side], 7)?;
//! let runtime =
//!     tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build()?;
//! runtime.block_on(async {
//!     let (_sender, mut stop) = tokio::sync::watch::channel(Stop::No);
//!     let engine = PreparedEngine::get(&measurement, Consent::Withheld, &stop, &Silent).await?;
//!     let control = RunControl { stop: &mut stop, more: None };
//!     engine.measure(&measurement, control, &Silent).await
//! })?;
//! for cell in stats::summarise(&store::open(&folder)?.samples) {
//!     println!("{:?} ns at the median", cell.median());
//! }
//! # Ok(())
//! # }
//! ```
//!
//! `harness/examples` has a gate, an engine of one's own and the statistics alone;
//! `harness/README.md` is the map, `harness/docs` the method, the formats and the decisions.

// Leaves.
pub mod clock;
pub mod system;
pub mod text;

// What is asked for, and what was seen: pure.
pub mod cost;
pub mod observer;
pub mod pool;
pub mod sample;
pub mod spec;
pub mod stats;

// Doing it.
pub mod adapter;
pub mod drive;
pub mod engine;
pub mod measure;
pub mod platform;
pub mod probe;
pub mod provision;
pub mod serve;
pub mod study;

// What is made of it.
pub mod explain;
pub mod fleet;
pub mod replay;

// Keeping, comparing and showing it.
pub mod analysis;
mod chart;
pub mod compare;
pub mod report;
pub mod store;
pub mod tune;
mod words;
