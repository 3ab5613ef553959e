//! The environment of an instance, as AWS Lambda sets it: what an image or its user sets
//! stays as it is, and no credentials are made up.

use std::collections::BTreeMap;

use uuid::Uuid;

use crate::engine::InstanceSpec;
use crate::spec::function::Function;

/// What a function's version is called that has none.
pub(super) const VERSION: &str = "$LATEST";
/// The account of what runs here.
pub(super) const ACCOUNT: &str = "000000000000";
/// Where nothing says another.
const REGION: &str = "us-east-1";
const REGIONS: [&str; 2] = ["AWS_REGION", "AWS_DEFAULT_REGION"];
/// Both spellings are in use, and clients differ in which they read.
const NO_PROXY: [&str; 2] = ["NO_PROXY", "no_proxy"];

/// What an instance can ask of its function.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct About {
    /// Its name.
    pub name: String,
    /// Its full name.
    pub arn: String,
    /// What of its image handles events; none where that is not told apart.
    pub handler: Option<String>,
}

/// Adds to what an instance is created from what its clients of the API expect in the
/// environment; `address` is the API's.
pub(super) fn environment(function: &Function, spec: &mut InstanceSpec, address: &str) -> About {
    let name = function.name.clone();
    let image = &spec.image.env;
    let known = |name: &str| spec.env.get(name).or_else(|| image.get(name)).cloned();
    let region = REGIONS.iter().find_map(|name| known(name)).unwrap_or_else(|| REGION.to_owned());
    let arn = format!("arn:aws:lambda:{region}:{ACCOUNT}:function:{name}");
    let handler = known("_HANDLER").or_else(|| handler(spec));
    let no_proxy = no_proxy(known, address);
    let mut defaults: Vec<(&str, String)> = vec![
        ("AWS_LAMBDA_FUNCTION_VERSION", VERSION.to_owned()),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", initialization(spec).to_owned()),
        ("AWS_LAMBDA_LOG_GROUP_NAME", format!("/aws/lambda/{name}")),
        ("AWS_LAMBDA_LOG_STREAM_NAME", log_stream()),
        ("LAMBDA_TASK_ROOT", "/var/task".to_owned()),
        ("LAMBDA_RUNTIME_DIR", "/var/runtime".to_owned()),
        ("TZ", ":UTC".to_owned()),
    ];
    defaults.extend(REGIONS.map(|name| (name, region.clone())));
    defaults.extend(handler.iter().map(|handler| ("_HANDLER", handler.clone())));
    defaults.retain(|(name, _)| !image.contains_key(*name));
    // Of these an image cannot know.
    defaults.push(("AWS_LAMBDA_FUNCTION_NAME", name.clone()));
    defaults.push(("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", (spec.factors.memory >> 20).to_string()));
    for (name, value) in defaults {
        spec.env.entry(name.to_owned()).or_insert(value);
    }
    spec.env.extend(no_proxy);
    let (told, _) = function.adapter.tells();
    spec.env.insert(told.to_owned(), address.to_owned());
    About { name, arn, handler }
}

/// What handles events, by how the image is started: its own words, or those in their place.
fn handler(spec: &InstanceSpec) -> Option<String> {
    let (image, launch) = (&spec.image, &spec.launch);
    let (mut entrypoint, mut command) = (&image.entrypoint, &image.command);
    if !launch.entrypoint.is_empty() {
        (entrypoint, command) = (&launch.entrypoint, &launch.command);
    } else if !launch.command.is_empty() {
        command = &launch.command;
    }
    match command.as_slice() {
        [handler] if !entrypoint.is_empty() => Some(handler.clone()),
        _ => None,
    }
}

/// What must not go through a proxy, the API's host added to whatever is known already;
/// nothing where it is reached without a network.
fn no_proxy(known: impl Fn(&str) -> Option<String>, address: &str) -> BTreeMap<String, String> {
    let host = address.rsplit_once(':').map(|(host, _)| host).filter(|host| *host != "unix");
    let Some(host) = host.filter(|host| !host.starts_with("unix:")) else { return BTreeMap::new() };
    let one = |(name, other): (&str, &str)| {
        let before = known(name).or_else(|| known(other)).filter(|hosts| !hosts.is_empty());
        let hosts = before.map_or_else(|| host.to_owned(), |hosts| format!("{hosts},{host}"));
        (name.to_owned(), hosts)
    };
    let [upper, lower] = NO_PROXY;
    [(upper, lower), (lower, upper)].map(one).into()
}

/// By which of Lambda's ways it is started.
fn initialization(spec: &InstanceSpec) -> &'static str {
    match spec.factors.throttled_from_start() {
        Some(_) => "provisioned-concurrency",
        None => "on-demand",
    }
}

/// `2026/11/27/[$LATEST]<32 hex digits>`: each instance has its own.
fn log_stream() -> String {
    let today = jiff::Timestamp::now().strftime("%Y/%m/%d").to_string();
    format!("{today}/[{VERSION}]{}", Uuid::new_v4().simple())
}

#[cfg(test)]
mod tests;
