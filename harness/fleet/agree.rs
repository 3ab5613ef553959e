//! Whether nodes would measure the same: the program and the images of each. Pure.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Job, Member};
use crate::text::sanitize::plain;

/// What a node says that it has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Name and version of the program there.
    pub tool: String,
    /// Name and version of its engine.
    pub engine: String,
    /// The images that were asked for, with their content addresses; null where it has none.
    pub images: BTreeMap<String, Option<String>>,
}

/// Checks that each node would measure what is asked for; `wrong` are the lines of those that
/// could not say what they have.
///
/// # Errors
/// A line for each that would not, with what to do.
pub fn agree(
    job: &Job,
    reports: &[(Member, Report)],
    mut wrong: Vec<String>,
) -> Result<(), String> {
    for (member, report) in reports {
        let name = &member.name;
        if report.tool != job.tool {
            let theirs = plain(&report.tool);
            wrong.push(format!(
                "{name}: it has {theirs}, and this is {}: load the same image there (`coldstart \
                 image --out FILE`, `docker load -i FILE`)",
                job.tool
            ));
        }
        for (reference, digest) in &job.images {
            match report.images.get(reference).and_then(Option::as_ref) {
                Some(theirs) if theirs == digest => {}
                Some(theirs) => wrong.push(format!(
                    "{name}: its image {reference} is {}, and {digest} here: copy this one there",
                    plain(theirs)
                )),
                None => wrong.push(format!(
                    "{name}: it has no image {reference}: `docker save {reference} | ssh {name} \
                     docker load`"
                )),
            }
        }
    }
    match wrong.is_empty() {
        true => Ok(()),
        false => Err(format!("the nodes would not measure the same\n  {}", wrong.join("\n  "))),
    }
}

#[cfg(test)]
mod tests {
    use super::super::job::tests::job;
    use super::*;

    #[test]
    fn every_node_that_would_measure_something_else_is_told_with_what_to_do() {
        let job = job(1);
        let node = |name: &str, tool: &str, digest: Option<&str>| {
            let images = [("f:1".to_owned(), digest.map(str::to_owned))].into();
            let engine = "docker 20".to_owned();
            (Member::named(name), Report { tool: tool.to_owned(), engine, images })
        };
        let good = node("a", &job.tool, Some("sha256:1"));
        assert_eq!(agree(&job, std::slice::from_ref(&good), Vec::new()), Ok(()));
        let all = [
            good,
            node("b", &job.tool, None),
            node("c", &job.tool, Some("sha256:2")),
            node("d", "coldstart 9.9", Some("sha256:1")),
        ];
        let told = agree(&job, &all, Vec::new()).unwrap_err();
        let lines: Vec<&str> = told.lines().skip(1).collect();
        assert_eq!(lines.len(), 3, "{told}");
        assert!(agree(&job, &[], vec!["e: it is full".to_owned()]).unwrap_err().contains("e: it"));
        assert!(lines[0].contains("b: it has no image f:1"), "{told}");
        assert!(lines[1].contains("is sha256:2, and sha256:1 here"), "{told}");
        assert!(lines[2].contains("coldstart 9.9"), "{told}");
    }
}
