//! Which engine makes the instances of a comparison where nobody names one.

use crate::engine::oci;
use crate::provision::Surroundings;
use crate::spec::factor::{EngineKind, FactorMatrix};

/// Leaves daemons out of a comparison where that can be had, and nobody asked for one by name
/// or by what it alone has: what is compared is the functions' own part, and what a daemon adds
/// is nearly all of the noise (decision 0092). By which runtime, if it did.
///
/// # Errors
/// Says why it cannot be had: then everything is as it was.
pub fn without_daemon(
    lists: &mut FactorMatrix,
    around: &Surroundings,
) -> Result<Option<String>, String> {
    if !lists.leaves_the_engine_open() || !oci::has_all(&lists.runtimes) {
        return Ok(None);
    }
    if let Some(address) = around.elsewhere() {
        return Err(format!("images are kept where {address} is"));
    }
    oci::can_be_had()?;
    lists.engine = vec![EngineKind::Oci];
    if lists.runtimes.is_empty() {
        lists.runtimes.extend(oci::quietest());
    }
    Ok(Some(match lists.runtimes.as_slice() {
        [] => "an OCI runtime".to_owned(),
        several => several.join(", "),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn around(host: Option<&str>) -> Surroundings {
        let folder = tempfile::tempdir().unwrap();
        let host = host.map(str::to_owned);
        Surroundings { host, ..Surroundings::within(folder.path()) }
    }

    #[test]
    fn who_names_an_engine_or_what_is_its_own_gets_that() {
        for list in ["engine", "runtimes", "log-drivers"] {
            let mut lists = FactorMatrix::default();
            let value = if list == "engine" { "docker" } else { "x" };
            lists.set(list, &[value.to_owned()]).unwrap();
            let before = lists.clone();
            assert_eq!(without_daemon(&mut lists, &around(None)), Ok(None), "{list}");
            assert_eq!(lists, before);
        }
    }

    #[test]
    fn who_names_runtimes_of_this_machine_has_not_chosen_an_engine() {
        let asked = ["sh".to_owned(), "/bin/sh".to_owned()];
        let mut lists = FactorMatrix { runtimes: asked.to_vec(), ..FactorMatrix::default() };
        let chosen = without_daemon(&mut lists, &around(None));
        if oci::can_be_had().is_ok() {
            assert_eq!(chosen, Ok(Some("sh, /bin/sh".to_owned())));
        }
        assert_eq!(lists.engine() == EngineKind::Oci, oci::can_be_had().is_ok());
        assert_eq!(lists.runtimes, asked);
        lists = FactorMatrix { runtimes: vec!["sh".into(), "x".into()], ..FactorMatrix::default() };
        assert_eq!(without_daemon(&mut lists, &around(None)), Ok(None), "`x` is a daemon's name");
    }

    #[test]
    fn an_engine_on_another_machine_keeps_its_images_there() {
        let mut lists = FactorMatrix::default();
        let why = without_daemon(&mut lists, &around(Some("tcp://there:2376"))).unwrap_err();
        assert!(why.contains("tcp://there:2376"), "{why}");
        assert_eq!(lists.engine(), EngineKind::Docker);
        lists.set("networks", &["host".to_owned()]).unwrap();
        let local = without_daemon(&mut lists, &around(Some("unix:///here.sock")));
        assert_eq!(local.is_ok(), oci::can_be_had().is_ok());
        let runtimes = Vec::from_iter(oci::quietest().filter(|_| local.is_ok()));
        assert_eq!(lists.runtimes, runtimes, "the choice is told, and repeated by the command");
        assert_eq!(lists.engine() == EngineKind::Oci, local.is_ok());
    }
}
