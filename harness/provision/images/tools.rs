//! The programs that a function's `prepare` needs.

use crate::provision::bases::Bases;
use crate::provision::command::{installed, is_root};
use crate::provision::packages::{self, Family};
use crate::provision::{Consent, HOW_TO_CONSENT, ProvisionError};
use crate::spec::function::Build;

/// Installs those that are missing, or says how they are had.
pub(super) async fn ensure(
    name: &str,
    build: &Build,
    bases: &Bases<'_>,
) -> Result<(), ProvisionError> {
    let missing = |build: &Build| -> Vec<(String, String)> {
        let tools = build.tools.iter().filter(|(program, _)| !installed(program));
        tools.map(|(program, package)| (program.clone(), package.clone())).collect()
    };
    let absent = missing(build);
    if absent.is_empty() {
        return Ok(());
    }
    let can = is_root() && packages::family() == Family::Debian;
    if !can || bases.consent() == Consent::Withheld {
        return Err(lacking(name, &absent, packages::family()));
    }
    packages::install(&packages_of(&absent), bases.around(), bases.observer()).await?;
    // A package may have it under another name, or where the path does not lead.
    match missing(build) {
        still if still.is_empty() => Ok(()),
        still => Err(lacking(name, &still, packages::family())),
    }
}

/// Each package once.
fn packages_of(absent: &[(String, String)]) -> Vec<&str> {
    let mut packages: Vec<&str> = absent.iter().map(|(_, package)| package.as_str()).collect();
    packages.sort_unstable();
    packages.dedup();
    packages
}

fn lacking(name: &str, absent: &[(String, String)], family: Family) -> ProvisionError {
    let programs: Vec<String> = absent.iter().map(|(program, _)| format!("`{program}`")).collect();
    let packages = packages_of(absent).join(" ");
    let cure = match family {
        Family::Debian => format!(
            "to let coldstart install them: {HOW_TO_CONSENT}, as root; by hand: `apt-get install \
             {packages}`"
        ),
        Family::Other => format!("install them; Debian's packages are called: {packages}"),
    };
    let missing =
        format!("`prepare` of `{name}` needs {}, not on the path here", programs.join(", "));
    ProvisionError::Missing { missing, cure }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn absent() -> Vec<(String, String)> {
        let each = [("a-tool", "tools"), ("another", "tools"), ("third", "more-tools")];
        each.map(|(program, package)| (program.to_owned(), package.to_owned())).to_vec()
    }

    #[test]
    fn what_is_missing_is_named_with_the_packages_that_have_it() {
        let text = lacking("f", &absent(), Family::Debian).to_string();
        assert!(text.contains("`prepare` of `f` needs `a-tool`, `another`, `third`"), "{text}");
        assert!(text.contains("--provision") && text.contains("install more-tools tools`"));
        let text = lacking("f", &absent(), Family::Other).to_string();
        assert!(!text.contains("--provision") && text.contains("more-tools tools"), "{text}");
    }
}
