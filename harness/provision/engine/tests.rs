use super::*;

fn bare(folder: &Path) -> Surroundings {
    Surroundings {
        host: None,
        context: None,
        config: folder.join("config"),
        standard_socket: folder.join("standard.sock"),
        state: folder.join("state"),
    }
}

fn cure(consent: Consent, root: bool, family: Family, installed: bool, denied: bool) -> String {
    let absent = Absent { tried: vec!["unix:///x (no such socket)".to_owned()], denied };
    match absent.check(consent, root, family, installed) {
        Ok(()) => "go".to_owned(),
        Err(error) => {
            assert_eq!(error.exit_code(), 4);
            error.to_string()
        }
    }
}

#[test]
fn the_order_of_addresses() {
    let folder = tempfile::tempdir().unwrap();
    let mut around = bare(folder.path());
    around.host = Some("tcp://127.0.0.1:2375".to_owned());
    let found: Vec<String> = addresses(&around).into_iter().map(|(_, a)| a).collect();
    let unix = |name: &str| format!("unix://{}", folder.path().join(name).display());
    let standard = unix("standard.sock");
    assert_eq!(
        found,
        ["tcp://127.0.0.1:2375".to_owned(), standard.clone(), unix("state/engine/docker.sock")]
    );
    around.host = Some(standard);
    assert_eq!(addresses(&around).len(), 2);
}

#[tokio::test]
async fn nothing_and_nobody_and_not_allowed_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let around = bare(folder.path());
    let absent = look(&around, &|_| ()).await.unwrap_err();
    assert!(absent.tried.iter().all(|t| t.contains("no such socket")), "{absent:?}");
    drop(std::os::unix::net::UnixListener::bind(&around.standard_socket).unwrap());
    let absent = look(&around, &|_| ()).await.unwrap_err();
    assert!(absent.tried[0].contains("nobody listens"), "{absent:?}");
    assert!(!around.state.exists(), "looking changes nothing");
}

#[test]
fn what_to_type() {
    use Consent::{Given, Withheld};
    assert_eq!(cure(Given, true, Family::Debian, false, false), "go");
    assert_eq!(cure(Given, true, Family::Other, true, false), "go");
    let text = cure(Withheld, true, Family::Debian, false, false);
    assert!(text.contains("tried unix:///x") && text.contains("apt-get install"), "{text}");
    assert!(text.contains("coldstart run --provision") && !text.contains("as root"), "{text}");
    assert!(cure(Withheld, true, Family::Debian, true, false).contains("systemctl start"));
    assert!(cure(Given, false, Family::Debian, false, false).contains("as root"));
    assert!(cure(Given, true, Family::Other, false, false).contains("this distribution"));
    assert!(cure(Given, false, Family::Debian, true, true).contains("usermod -aG docker"));
}

/// To be run in a bare Debian, as a dress rehearsal: once anywhere, with a state
/// folder too long for sockets, which stops it after the installation, then
/// under `unshare --net`.
#[tokio::test]
#[ignore = "installs packages and starts an engine: needs root and a machine to spare"]
async fn from_nothing_to_an_engine() {
    use crate::engine::Engine;
    let Ok(state) = std::env::var("COLDSTART_TEST_STATE") else {
        eprintln!("skipped: COLDSTART_TEST_STATE names no folder");
        return;
    };
    let mut around = bare(Path::new(&state));
    around.state = state.into();
    let say = |line: &str| eprintln!("{line}");
    // Two at once: one engine.
    let both = tokio::join!(
        find(&around, Consent::Given, &say),
        find(&around, Consent::Given, &|line| eprintln!("second: {line}"))
    );
    let engine = match both {
        (Ok(engine), Ok(_)) => engine,
        (one, two) => panic!("{:?}\n{:?}", one.map(|_| ()), two.map(|_| ())),
    };
    eprintln!("{:?}", engine.describe().await.unwrap());
    let again = find(&around, Consent::Withheld, &|line| panic!("{line}")).await.unwrap();
    assert_eq!(again.address(), engine.address());
    assert!(daemon::stop_private(&around).await.unwrap());
    assert!(find(&around, Consent::Withheld, &say).await.is_err());
}
