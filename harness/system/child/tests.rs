use super::*;
use crate::system::process::Stat;

fn sh(script: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", script]);
    command
}

/// Far beyond what anything here takes, and far below what is left behind would take.
const SOON: Duration = Duration::from_secs(30);

async fn soon<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(SOON, work).await.expect("it waits for what was left behind")
}

fn runs(pid: &str) -> bool {
    Stat::of(pid).is_some_and(|stat| !stat.is_over())
}

async fn until_gone(pid: &str) {
    soon(async {
        while runs(pid) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_child_that_is_left_with_the_output_does_not_keep_us_and_is_killed() {
    let printed = soon(output(&mut sh("sleep 1000 & echo $!; echo said >&2; exit 3"), 100)).await;
    let printed = printed.unwrap();
    assert_eq!(printed.status.code(), Some(3));
    assert_eq!(printed.stderr, b"said\n");
    until_gone(String::from_utf8(printed.stdout).unwrap().trim()).await;
}

#[tokio::test]
async fn a_child_that_left_the_group_with_the_output_does_not_keep_us() {
    let script = "setsid sleep 1000 & echo $!; exec 1>&-; exec sleep 0.2";
    let printed = soon(output(&mut sh(script), 100)).await.unwrap();
    assert!(printed.status.success());
    let left = String::from_utf8(printed.stdout).unwrap();
    assert!(std::process::Command::new("kill").arg(left.trim()).status().unwrap().success());
}

#[tokio::test]
async fn of_endless_output_the_beginning_is_kept_and_the_program_comes_to_its_end() {
    let script = "head -c 3000000 /dev/zero; head -c 3000000 /dev/zero >&2; exit 4";
    let printed = soon(output(&mut sh(script), 1000)).await.unwrap();
    assert_eq!(printed.status.code(), Some(4));
    assert_eq!((printed.stdout.len(), printed.stderr.len()), (1000, 1000));
}

#[tokio::test]
async fn it_leads_a_group_of_its_own_which_an_interrupt_of_ours_does_not_reach() {
    let group = Group::start(sh("exec sleep 1000").stdin(Stdio::null()), GivenUp::Killed).unwrap();
    let id = u32::try_from(group.id.unwrap().as_raw_pid()).unwrap();
    assert_eq!(Stat::of(id).unwrap().group, Some(id));
    assert_ne!(Stat::of("self").unwrap().group, Some(id));
}

#[tokio::test]
async fn given_up_it_is_gone_with_all_that_it_started() {
    let mut command = sh("sleep 1000 & echo $!; wait");
    let mut group = Group::start(command.stdout(Stdio::piped()), GivenUp::Killed).unwrap();
    let own = group.id().unwrap().to_string();
    let mut line = [0; 20];
    let n = group.stdout().unwrap().read(&mut line).await.unwrap();
    let child = String::from_utf8_lossy(&line[..n]).trim().to_owned();
    assert!(runs(&own) && runs(&child));
    drop(group);
    assert!(!runs(&own), "its end was not waited for");
    until_gone(&child).await;
}

#[tokio::test]
async fn one_that_cleans_up_is_asked_first_and_one_that_must_not_be_torn_goes_on() {
    let home = tempfile::tempdir().unwrap();
    let (ready, cleaned) = (home.path().join("ready"), home.path().join("cleaned"));
    let script = format!(
        "trap 'touch {}; exit' TERM; touch {}; sleep 1000 & wait",
        cleaned.display(),
        ready.display()
    );
    let asked = Group::start(&mut sh(&script), GivenUp::Asked(SOON)).unwrap();
    soon(async {
        while !ready.exists() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
    drop(asked);
    assert!(cleaned.exists(), "it was not asked");

    let spared = Group::start(&mut sh("exec sleep 1000"), GivenUp::Spared).unwrap();
    let pid = spared.id().unwrap().to_string();
    drop(spared);
    assert!(runs(&pid));
    assert!(std::process::Command::new("kill").arg(pid).status().unwrap().success());
}
