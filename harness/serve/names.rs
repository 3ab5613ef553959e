//! How a function is named in full, as clients of Lambda expect it.

use super::Served;

/// What the version is called that a call means which names none.
pub const LATEST: &str = "$LATEST";
/// The account of what runs here.
pub const ACCOUNT: &str = "000000000000";
/// Where nothing says another.
const REGION: &str = "us-east-1";

/// A function's full name: in the region that its variables name.
#[must_use]
pub fn arn(function: &Served) -> String {
    arn_in(region(&function.environment), &function.name)
}

/// The full name of a function that is not there.
#[must_use]
pub fn arn_of_none(name: &str) -> String {
    arn_in(REGION, name)
}

fn arn_in(region: &str, name: &str) -> String {
    format!("arn:aws:lambda:{region}:{ACCOUNT}:function:{name}")
}

fn region(environment: &[(String, String)]) -> &str {
    let value = |name| environment.iter().find(|(known, _)| known == name).map(|(_, value)| value);
    let names = ["AWS_REGION", "AWS_DEFAULT_REGION"];
    names.into_iter().find_map(value).map_or(REGION, String::as_str)
}
