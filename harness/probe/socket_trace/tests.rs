use std::net::{Ipv4Addr, Ipv6Addr, TcpListener};
use std::time::Duration;
use tokio::net::TcpSocket;

use proptest::prelude::*;

use super::record::Layout;
use super::*;

const FORMAT: &str = "name: inet_sock_set_state\nID: 2287\nformat:\n\
    \tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n\n\
    \tfield:int oldstate;\toffset:16;\tsize:4;\tsigned:1;\n\
    \tfield:int newstate;\toffset:20;\tsize:4;\tsigned:1;\n\
    \tfield:__u16 sport;\toffset:24;\tsize:2;\tsigned:0;\n\
    \tfield:__u16 family;\toffset:28;\tsize:2;\tsigned:0;\n\
    \tfield:__u8 saddr[4];\toffset:32;\tsize:4;\tsigned:0;\n\
    \tfield:__u8 saddr_v6[16];\toffset:40;\tsize:16;\tsigned:0;\n";

fn record(state: u32, family: u16) -> Vec<u8> {
    let mut record = vec![0; 72];
    record[20..24].copy_from_slice(&state.to_ne_bytes());
    record[24..26].copy_from_slice(&8080_u16.to_ne_bytes());
    record[28..30].copy_from_slice(&family.to_ne_bytes());
    record[32..36].copy_from_slice(&[127, 0, 0, 1]);
    record
}

#[test]
fn a_socket_that_begins_to_listen_is_read_and_no_other() {
    let layout = Layout::parse(FORMAT).unwrap();
    let v4 = layout.listening(&record(10, 2));
    assert_eq!(v4, Some((8080, Ipv4Addr::LOCALHOST.into())));
    let v6 = layout.listening(&record(10, 10));
    assert_eq!(v6, Some((8080, Ipv6Addr::UNSPECIFIED.into())));
    assert_eq!(layout.listening(&record(1, 2)), None);
    assert_eq!(Layout::parse("field:int newstate; offset:20;"), None);
}

proptest! {
    #[test]
    fn whatever_a_record_holds_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
        let _ = Layout::parse(FORMAT).unwrap().listening(&bytes);
        let _ = Layout::parse(&String::from_utf8_lossy(&bytes));
    }
}

/// Where the kernel tells nothing there is nothing to hear.
#[tokio::test]
async fn a_port_that_begins_to_listen_is_told_with_its_instant_and_its_process() {
    let clock = Clock::start();
    let Ok(trace) = SocketTrace::start(clock) else { return };
    let bound = TcpSocket::new_v4().unwrap();
    bound.bind(([127, 0, 0, 1], 0).into()).unwrap();
    let port = bound.local_addr().unwrap().port();
    let (mut heard, mut other) = (trace.expect(port), trace.expect(1));
    let before = clock.now();
    let _listener = bound.listen(1).unwrap();
    let after = clock.now();
    let event = heard.next().await;
    let took = clock.now() - event.at;
    println!("told {took} ns after the stamp");
    assert!((before..=after).contains(&event.at), "{before} {event:?} {after}");
    assert_eq!((event.port, event.address), (port, Ipv4Addr::LOCALHOST.into()));
    assert_eq!(event.pid, std::process::id());
    assert!(!event.cgroups.is_empty());
    let none = tokio::time::timeout(Duration::from_millis(20), other.next()).await;
    assert!(none.is_err(), "another port is nobody's business");
}

/// From the stamp to whoever waits; and what is read of a process on the way.
#[tokio::test]
#[ignore = "a measurement"]
async fn how_long_it_takes_to_be_told() {
    let clock = Clock::start();
    let Ok(trace) = SocketTrace::start(clock) else { return };
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    tokio::time::sleep(Duration::from_millis(20)).await;
    let mut heard = trace.expect(port);
    for _ in 0..5 {
        let (ours, theirs) = std::os::unix::net::UnixStream::pair().unwrap();
        ours.set_nonblocking(true).unwrap();
        let ours = tokio::net::UnixStream::from_std(ours).unwrap();
        let wrote = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(50));
            let at = clock.now();
            std::io::Write::write_all(&mut &theirs, b"x").unwrap();
            (at, theirs)
        });
        ours.readable().await.unwrap();
        let told = clock.now();
        println!("a byte of another thread: {} us", (told - wrote.join().unwrap().0) / 1000);
    }
    for _ in 0..10 {
        let bound = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(50));
            TcpListener::bind(("127.0.0.1", port)).unwrap()
        });
        let event = heard.next().await;
        let told = clock.now();
        let _ = cgroups_of(event.pid);
        let cgroups = clock.now();
        let here = is_on_our_network(event.pid);
        let network = clock.now();
        let address = address_of(event.pid);
        let routed = clock.now();
        let stream = tokio::net::TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        let connected = clock.now();
        println!(
            "told {}, cgroups {}, network {}, address {}, connected {} us ({here}, {address:?})",
            (told - event.at) / 1000,
            (cgroups - told) / 1000,
            (network - cgroups) / 1000,
            (routed - network) / 1000,
            (connected - routed) / 1000,
        );
        drop((bound.join().unwrap(), stream));
    }
}
