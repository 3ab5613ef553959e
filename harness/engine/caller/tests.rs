use std::net::{SocketAddr, TcpListener, TcpStream};

use super::*;

const ID: &str = "4f6a0c1d2e3b";

fn owner(pid: u32, group: u32, cgroups: &str) -> Evidence {
    let (name, cgroups) = ("x".to_owned(), cgroups.to_owned());
    Evidence::Process(Ok(Holder { pid, group, name, cgroups }))
}

fn judged(evidence: &Evidence, address: Option<&str>, pid: Option<u32>) -> Verdict {
    let address = address.map(|text| text.parse().unwrap());
    evidence.judge(&InstanceId(ID.into()), &InstanceState { pid, address, out_of_memory: false })
}

#[test]
fn an_address_is_proved_by_the_instances_own_alone() {
    let caller = Evidence::Address("172.17.0.2".parse().unwrap());
    assert_eq!(judged(&caller, Some("172.17.0.2"), None), Verdict::Proved);
    let other = judged(&caller, Some("172.17.0.3"), None);
    assert_eq!(other, Verdict::Stranger("172.17.0.2, not 172.17.0.3".into()));
    assert!(matches!(judged(&caller, None, None), Verdict::Gone(_)));
}

#[test]
fn a_process_is_proved_by_its_container_or_by_its_group() {
    let inside = owner(70, 70, &format!("5:memory:/docker/{ID}\n0::/\n"));
    assert_eq!(judged(&inside, None, Some(4)), Verdict::Proved);
    assert_eq!(judged(&owner(70, 70, "0::/"), None, Some(70)), Verdict::Proved);
    assert_eq!(judged(&owner(71, 70, "0::/"), None, Some(70)), Verdict::Proved);
    let other = owner(71, 71, "0::/docker/another");
    assert!(matches!(judged(&other, None, Some(70)), Verdict::Stranger(_)));
    assert!(matches!(judged(&other, None, None), Verdict::Stranger(_)));
}

#[test]
fn what_cannot_be_told_is_no_proof() {
    let hidden = Evidence::Process(Err(Untold::NotPermitted));
    assert!(matches!(judged(&hidden, None, Some(1)), Verdict::Unproved(_)));
    let closed = Evidence::Process(Err(Untold::Closed));
    assert!(matches!(judged(&closed, None, Some(1)), Verdict::Gone(_)));
}

/// A connection on this machine: what its listener knows of it, and its client.
fn connected(to: &str) -> (Caller, TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let ours = listener.local_addr().unwrap();
    let client = TcpStream::connect((to, ours.port())).unwrap();
    let (accepted, theirs) = listener.accept().unwrap();
    (Caller::Local { theirs, ours }, client, accepted)
}

#[test]
fn the_owner_of_a_local_connection_is_found_while_it_is_open() {
    // The second as clients connect that speak both versions of IP.
    for to in ["127.0.0.1", "::ffff:127.0.0.1"] {
        let (caller, client, _accepted) = connected(to);
        let Evidence::Process(Ok(owner)) = caller.evidence(None) else {
            panic!("{to}: {:?}", caller.evidence(None))
        };
        // Not its number: for an instant after a fork of ours it is held twice.
        let cgroups = std::fs::read_to_string("/proc/self/cgroup").unwrap();
        assert!(!owner.name.is_empty() && owner.cgroups == cgroups, "{owner:?}");
        drop(client);
        // Nor at once: a child that another test has forked may hold it, until it executes.
        let closed = Evidence::Process(Err(Untold::Closed));
        let begun = std::time::Instant::now();
        while caller.evidence(None) != closed {
            assert!(begun.elapsed().as_secs() < 10, "{:?}", caller.evidence(None));
            std::thread::yield_now();
        }
    }
}

#[test]
fn a_connection_that_never_was_has_no_owner() {
    let nowhere: SocketAddr = "127.0.0.1:1".parse().unwrap();
    let caller = Caller::Local { theirs: nowhere, ours: nowhere };
    assert_eq!(caller.evidence(None), Evidence::Process(Err(Untold::Closed)));
}

#[test]
fn a_list_says_where_the_holder_is_looked_for_first_and_proves_nothing() {
    let home = tempfile::tempdir().unwrap();
    let list = home.path().join("cgroup.procs");
    let (caller, client, _accepted) = connected("127.0.0.1");
    let sleep = || {
        let mut sleep = std::process::Command::new("sleep");
        sleep.arg("1000");
        sleep
    };
    // One has the connection as its input, beside this process: without a list that one of the two
    // is found first that has the higher number, as the younger has unless numbers began again.
    let input = std::os::fd::OwnedFd::from(client.try_clone().unwrap());
    let mut child = sleep().stdin(input).spawn().unwrap();
    let mut other = sleep().spawn().unwrap();
    let this = std::process::id();
    let (first, second) = (child.id().max(this), child.id().min(this));
    let found = |text: String| {
        std::fs::write(&list, text).unwrap();
        caller.evidence(Some(&list))
    };
    let listed = found(format!("1\n{second}\n"));
    let wrong = found(format!("{}\n", other.id()));
    let nonsense = found("nonsense\n4000000000\n".to_owned());
    std::fs::remove_file(&list).unwrap();
    let none = caller.evidence(Some(&list));
    for process in [&mut child, &mut other] {
        process.kill().unwrap();
        process.wait().unwrap();
    }
    let holder = |evidence: Evidence| match evidence {
        Evidence::Process(Ok(holder)) => holder.pid,
        other => panic!("{other:?}"),
    };
    assert_eq!(holder(listed), second);
    // Who is listed and does not hold it is not taken for the holder.
    assert_eq!([wrong, nonsense, none].map(holder), [first; 3]);
}
