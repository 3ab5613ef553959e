//! The end of the init: what sets a CPU quota sets it there, and before the event.

use super::*;
use crate::probe::cgroup::Throttle;

fn quota() -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cpu.max");
    std::fs::write(&file, "").unwrap();
    (folder, file)
}

#[tokio::test(start_paused = true)]
async fn the_quota_is_set_when_the_first_event_is_asked_for_and_once() {
    let (_folder, file) = quota();
    let (api, mut stream) = connected();
    api.throttle_when_ready(Throttle::writing(file.clone()));
    let answer = invoke(&api, "1");
    tokio::time::sleep(Duration::from_millis(30)).await;
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "", "not while it initialises");
    let (id, _) = next(&mut stream).await;
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "1447 20000");
    let Stamps { ready, throttled, sent } = api.stamps();
    assert_eq!((ready.map(|ready| ready.at), throttled), (Some(30_000_000), sent));
    std::fs::remove_file(&file).unwrap();
    send(&mut stream, &response(&id, "1")).await;
    receive(&mut stream).await;
    assert_eq!(answered(answer).await, "1");
    let answer = invoke(&api, "2");
    let (id, _) = next(&mut stream).await;
    send(&mut stream, &response(&id, "2")).await;
    receive(&mut stream).await;
    assert_eq!(answered(answer).await, "2");
    assert_eq!(api.stamps().throttled, throttled);
}

#[tokio::test(start_paused = true)]
async fn without_its_quota_it_is_given_no_event_and_that_is_no_fault_of_the_function() {
    let (folder, _) = quota();
    let (api, mut stream) = connected();
    api.throttle_when_ready(Throttle::writing(folder.path().join("gone")));
    let answer = invoke(&api, "1");
    send(&mut stream, &format!("{NEXT}\r\n")).await;
    let Answer::Unreachable(cause) = answer.await.unwrap().answer else { panic!("it went on") };
    assert!(cause.contains("CPU quota could not be set"), "{cause}");
    assert_eq!((api.stamps().throttled, api.stamps().sent), (None, None));
    assert!(api.stamps().ready.is_some());
}
