use super::*;
use crate::observer::Lines;

fn cure(
    consent: Consent,
    root: bool,
    family: Family,
    startable: Startable,
    denied: bool,
) -> String {
    let tried = vec!["unix:///x (no such socket)".to_owned()];
    let absent = Absent { tried, denied, ..Absent::default() };
    told(&absent, consent, root, family, startable)
}

fn told(
    absent: &Absent,
    consent: Consent,
    root: bool,
    family: Family,
    startable: Startable,
) -> String {
    match absent.check(consent, root, family, startable) {
        Ok(()) => "go".to_owned(),
        Err(error) => {
            assert!(matches!(error, ProvisionError::Missing { .. }), "{error:?}");
            error.to_string()
        }
    }
}

#[tokio::test]
async fn the_standard_socket_comes_before_our_own() {
    let folder = tempfile::tempdir().unwrap();
    let around = Surroundings::within(folder.path());
    let unix = |name: &str| format!("unix://{}", folder.path().join(name).display());
    assert_eq!(our_choice(&around), [unix("standard.sock"), unix("state/engine/docker.sock")]);
    let absent = look(&around).await.unwrap_err();
    assert_eq!((absent.named.is_none(), absent.tried.len()), (true, 2), "{absent:?}");
    // podman's is looked at where there is one, and last.
    let _podman = std::os::unix::net::UnixListener::bind(&around.standard_podman).unwrap();
    assert_eq!(our_choice(&around).last(), Some(&unix("podman.sock")));
}

#[tokio::test]
async fn a_named_engine_that_does_not_answer_is_not_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let mut around = Surroundings::within(folder.path());
    // The standard socket would be the next one to try, and must not be.
    let _standard = std::os::unix::net::UnixListener::bind(&around.standard_socket).unwrap();
    let check = |absent: &Absent, parts: &[&str]| {
        assert_eq!(absent.tried.len(), 1, "{absent:?}");
        for consent in [Consent::Given, Consent::Withheld] {
            let text = told(absent, consent, true, Family::Debian, Startable::Docker);
            for part in parts {
                assert!(text.contains(part), "`{part}` is not in: {text}");
            }
            assert!(!text.contains("standard.sock") && !text.contains("--provision"), "{text}");
        }
    };
    around.context = Some("lost".to_owned());
    let absent = look(&around).await.unwrap_err();
    check(&absent, &["the docker context `lost` names", "meta.json", "unset DOCKER_CONTEXT"]);
    around.host = Some("unix:///no/such.sock".to_owned());
    let absent = look(&around).await.unwrap_err();
    check(&absent, &["DOCKER_HOST names", "unix:///no/such.sock (no such", "`unset DOCKER_HOST`"]);
    let error =
        find(&around, Consent::Given, &Lines(|line: &str| panic!("{line}"))).await.unwrap_err();
    assert!(error.to_string().contains("/no/such.sock"), "{error}");
    assert!(!around.state.exists(), "nothing was changed");
}

#[tokio::test]
async fn an_engine_of_a_kind_that_is_not_spoken_is_not_supported_whoever_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut around = Surroundings::within(folder.path());
    for host in ["npipe:////./pipe/docker_engine", "fd://", "localhost:2375"] {
        around.host = Some(host.to_owned());
        let absent = look(&around).await.unwrap_err();
        let text = told(&absent, Consent::Given, true, Family::Debian, Startable::Docker);
        assert!(text.contains(&format!("DOCKER_HOST names is not supported: {host}")), "{text}");
        assert!(text.contains("unix:///path/to/socket") && text.contains("`unset DOCKER_HOST`"));
        assert!(!text.contains("does not answer") && !text.contains("start it"), "{text}");
    }
}

/// As an engine behind TLS answers who speaks without.
#[tokio::test]
async fn an_engine_that_speaks_tls_is_told_as_that() {
    use std::io::{Read, Write};
    let folder = tempfile::tempdir().unwrap();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut around = Surroundings::within(folder.path());
    around.host = Some(format!("tcp://{}", listener.local_addr().unwrap()));
    // It ends with the process.
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 1024]);
            let answer = "HTTP/1.0 400 Bad Request\r\n\r\n\
                          Client sent an HTTP request to an HTTPS server.\n";
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    let absent = look(&around).await.unwrap_err();
    let text = told(&absent, Consent::Given, true, Family::Debian, Startable::Docker);
    assert!(text.contains("DOCKER_HOST names speaks TLS, and has no certificates"), "{text}");
    assert!(text.contains("DOCKER_TLS_VERIFY=1"), "{text}");
    assert!(!text.contains("start it"), "{text}");
}

#[tokio::test]
async fn nothing_and_nobody_and_not_allowed_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let around = Surroundings::within(folder.path());
    let absent = look(&around).await.unwrap_err();
    assert!(absent.tried.iter().all(|t| t.contains("no such socket")), "{absent:?}");
    // Bound and never listening. One that was closed may listen on for an instant, in a child
    // that another test has forked and that has not executed anything yet.
    let bound = tokio::net::UnixSocket::new_stream().unwrap();
    bound.bind(&around.standard_socket).unwrap();
    let absent = look(&around).await.unwrap_err();
    assert!(absent.tried[0].contains("nobody listens"), "{absent:?}");
    assert!(!around.state.exists(), "looking changes nothing");
}

#[test]
fn what_to_type() {
    use Consent::{Given, Withheld};
    assert_eq!(cure(Given, true, Family::Debian, Startable::Nothing, false), "go");
    assert_eq!(cure(Given, true, Family::Other, Startable::Docker, false), "go");
    let text = cure(Withheld, true, Family::Debian, Startable::Nothing, false);
    assert!(text.contains("tried unix:///x") && text.contains("apt-get install"), "{text}");
    assert!(text.contains("coldstart run --provision") && !text.contains("as root"), "{text}");
    assert!(
        cure(Withheld, true, Family::Debian, Startable::Docker, false).contains("systemctl start")
    );
    assert!(cure(Given, false, Family::Debian, Startable::Nothing, false).contains("as root"));
    assert!(
        cure(Given, true, Family::Other, Startable::Nothing, false).contains("this distribution")
    );
    assert!(
        cure(Given, false, Family::Debian, Startable::Docker, true).contains("usermod -aG docker")
    );
    assert_eq!(cure(Given, true, Family::Other, Startable::Podman, false), "go");
    let text = cure(Withheld, true, Family::Other, Startable::Podman, false);
    assert!(text.contains("start a private podman") && text.contains("podman.socket"), "{text}");
    let text = cure(Withheld, true, Family::Debian, Startable::Podman, false);
    assert!(text.contains("install docker.io") || text.contains("recommends docker.io"), "{text}");
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
    let mut around = Surroundings::within(Path::new(&state));
    around.state = state.into();
    let say = Lines(|line: &str| eprintln!("{line}"));
    // Two at once: one engine.
    let both = tokio::join!(
        find(&around, Consent::Given, &say),
        find(&around, Consent::Given, &Lines(|line: &str| eprintln!("second: {line}")))
    );
    let engine = match both {
        (Ok(engine), Ok(_)) => engine,
        (one, two) => panic!("{:?}\n{:?}", one.map(|_| ()), two.map(|_| ())),
    };
    eprintln!("{:?}", engine.describe().await.unwrap());
    let again =
        find(&around, Consent::Withheld, &Lines(|line: &str| panic!("{line}"))).await.unwrap();
    assert_eq!(again.address(), engine.address());
    assert!(daemon::stop_private(&around).await.unwrap());
    assert!(find(&around, Consent::Withheld, &say).await.is_err());
}
