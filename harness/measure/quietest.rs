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
    if !lists.leaves_the_engine_open() {
        return Ok(None);
    }
    if let Some(address) = around.elsewhere() {
        return Err(format!("images are kept where {address} is"));
    }
    oci::can_be_had()?;
    lists.engine = vec![EngineKind::Oci];
    let runtime = oci::quietest();
    lists.runtimes.extend(runtime.clone());
    Ok(Some(runtime.unwrap_or_else(|| "an OCI runtime".to_owned())))
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
