//! `serve` and `invoke`, on the simulated engine: what clients get over HTTP is tested beside
//! the code, and with real clients in `tests/clients`.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command as Program, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::*;

/// Only something broken comes near it.
const PATIENCE: Duration = Duration::from_secs(60);

struct Served {
    process: Child,
    port: u16,
    folder: PathBuf,
}

fn serve(folder: PathBuf, more: &[&str]) -> Served {
    let mut program = Program::new(assert_cmd::cargo::cargo_bin!("coldstart"));
    let out = folder.display().to_string();
    let fixed = ["serve", "--engine", "fake", "--image", "one=one:1", "--port", "0", "--out", &out];
    // They are tested beside the code: on real time the simulated engine has them take seconds.
    program
        .args(fixed)
        .arg("--no-controls")
        .args(more)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut process = program.spawn().unwrap();
    let mut first = String::new();
    let mut said = BufReader::new(process.stdout.as_mut().unwrap());
    said.read_line(&mut first).unwrap();
    let Some(address) = first.trim().strip_prefix("AWS_ENDPOINT_URL=http://127.0.0.1:") else {
        let mut why = String::new();
        process.stderr.as_mut().unwrap().read_to_string(&mut why).unwrap();
        panic!("{first}{why}");
    };
    let port = address.parse().unwrap();
    Served { process, port, folder }
}

impl Served {
    /// The head of what comes back, and the rest.
    fn post(&self, headers: &str, body: &str) -> (String, String) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let length = body.len();
        let request = format!(
            "POST /2015-03-31/functions/one/invocations HTTP/1.1\r\nHost: h\r\n\
             Connection: close\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.to_owned(), body.to_owned())
    }

    fn event(&self, body: &str) -> String {
        let (head, _) = self.post("X-Amz-Invocation-Type: Event\r\n", body);
        assert!(head.starts_with("HTTP/1.1 202"), "{head}");
        let id = head.lines().find_map(|line| line.strip_prefix("x-amzn-requestid: "));
        id.unwrap().to_owned()
    }

    /// Its exit status and all that it said.
    fn end(mut self, how: Signal) -> (Option<i32>, String, String) {
        kill_process(Pid::from_child(&self.process), how).unwrap();
        let (mut out, mut err) = (String::new(), String::new());
        self.process.stdout.as_mut().unwrap().read_to_string(&mut out).unwrap();
        self.process.stderr.as_mut().unwrap().read_to_string(&mut err).unwrap();
        (self.process.wait().unwrap().code(), out, err)
    }
}

#[test]
fn calls_are_answered_and_are_rows_of_a_run() {
    let home = tempfile::tempdir().unwrap();
    let served = serve(home.path().join("run"), &["--telemetry"]);
    let (head, body) = served.post("", "{\"a\":1}");
    assert!(head.starts_with("HTTP/1.1 200") && body.contains("\"echo\":{\"a\":1}"), "{body}");
    served.post("", "{}");
    let folder = served.folder.clone();
    let (status, out, err) = served.end(Signal::TERM);
    assert_eq!(status, Some(0), "{err}");
    let reports: Vec<&str> = out.lines().filter(|line| line.starts_with("REPORT ")).collect();
    assert_eq!(reports.len(), 2, "{out}");
    assert!(reports[0].contains("\tInit Duration: ") && !reports[1].contains("Init"), "{out}");
    assert!(err.contains("2 calls, 1 of them cold; 1 starts"), "{err}");
    assert_eq!(fs::read_to_string(folder.join("samples.jsonl")).unwrap().lines().count(), 2);
    let telemetry = fs::read_to_string(folder.join("telemetry.jsonl")).unwrap();
    assert_eq!(telemetry.matches("platform.report").count(), 2);
    assert!(folder.join("report.html").exists());
    let shown = typed(&["show", &folder.display().to_string(), "--rows", "--format", "csv"], 0);
    assert_eq!(shown.lines().count(), 3, "{shown}");
}

#[test]
fn of_two_on_one_port_the_second_is_told_so() {
    let home = tempfile::tempdir().unwrap();
    let first = serve(home.path().join("run"), &[]);
    let port = first.port.to_string();
    let args = ["serve", "--engine", "fake", "--image", "one=one:1", "--port", &port];
    let output = coldstart(&args).current_dir(home.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(4));
    assert!(flat(&err(&output)).contains("type another --port"), "{}", err(&output));
    assert!(!home.path().join("results").exists(), "nothing came of it");
    assert_eq!(first.end(Signal::INT).0, Some(0));
}

#[test]
fn a_driver_that_is_killed_loses_no_event_and_calls_for_none_again_in_silence() {
    let home = tempfile::tempdir().unwrap();
    let queue = home.path().join("queue").display().to_string();
    let more = ["--event-queue", &queue, "--event-calls", "1"];
    let first = serve(home.path().join("first"), &more);
    let ids: Vec<String> = (0..40).map(|n| first.event(&n.to_string())).collect();
    let (status, before, _) = first.end(Signal::KILL);
    assert_eq!(status, None);
    let second = serve(home.path().join("second"), &more);
    let journal = PathBuf::from(&queue).join("queue.journal");
    let done = |id: &String| {
        let bytes = fs::read(&journal).unwrap();
        let entry = format!("{{\"done\":{{\"id\":\"{id}\"}}}}");
        bytes.windows(entry.len()).any(|some| some == entry.as_bytes())
    };
    let begun = Instant::now();
    while !ids.iter().all(done) {
        assert!(begun.elapsed() < PATIENCE, "some are lost");
        std::thread::sleep(Duration::from_millis(20));
    }
    let (status, after, err) = second.end(Signal::TERM);
    assert_eq!(status, Some(0), "{err}");
    for id in &ids {
        let times = before.matches(id.as_str()).count() + after.matches(id.as_str()).count();
        let told = err.matches(&format!("event {id}")).count();
        assert!(times <= 1 + told, "{id}: called for {times} times, told {told} times");
    }
}

#[test]
fn what_cannot_be_served_is_told_with_the_cure() {
    let home = tempfile::tempdir().unwrap();
    let check = |more: &[&str], status: i32, words: &str| {
        let args = [&["serve", "--engine", "fake", "--image", "one=one:1", "--port", "0"], more];
        let output = coldstart(&args.concat()).current_dir(home.path()).output().unwrap();
        assert_eq!(output.status.code(), Some(status), "{more:?}: {}", err(&output));
        assert!(flat(&err(&output)).contains(words), "{more:?}: {}", err(&output));
    };
    check(&["--on-failure", "two"], 2, "write a folder as ./two");
    check(&["--time-scale", "0"], 2, "1 to 1000000");
    check(&["--event-age", "7h"], 2, "from 1s to 6h");
    check(&["--event-retries", "3"], 2, "--event-retries");
    check(&["--reserved", "two=1"], 2, "no function `two` is served");
    let queue = home.path().join("queue");
    fs::create_dir(&queue).unwrap();
    fs::write(queue.join("queue.journal"), "coldstart queue 9\n").unwrap();
    let queue = queue.display().to_string();
    check(&["--event-queue", &queue], 4, "of another version");
    // Before an engine is looked for: there is none.
    let args = ["serve", "--image", "one=one:1", "--port", "0", "--event-queue", &queue];
    let none = format!("unix://{}", home.path().join("none.sock").display());
    let output = coldstart(&args).current_dir(home.path()).env("DOCKER_HOST", none).output();
    let output = output.unwrap();
    assert_eq!(output.status.code(), Some(4));
    assert!(flat(&err(&output)).contains("of another version"), "{}", err(&output));
    assert!(!home.path().join("results").exists(), "nothing came of it");
    let output = coldstart(&["serve"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn one_call_gives_its_answer_and_says_where_the_time_went() {
    let home = tempfile::tempdir().unwrap();
    let invoke = |more: &[&str]| {
        let args = [&["invoke", "--engine", "fake", "--image", "one=one:1"], more].concat();
        coldstart(&args).current_dir(home.path()).output().unwrap()
    };
    let output = invoke(&["--event", "{\"id\":7}"]);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    let answer: serde_json::Value = serde_json::from_str(&out(&output)).unwrap();
    assert_eq!(answer["echo"]["id"], 7);
    let said = err(&output);
    for words in ["START RequestId: ", "REPORT RequestId: ", " Init Duration: ", "engine", "in all"]
    {
        assert!(said.contains(words), "{words} is not in {said}");
    }
    let args = ["invoke", "python", "--env", "A=b", "--engine", "fake"];
    let output = coldstart(&args).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(flat(&err(&output)).contains("is typed for an --image"), "{}", err(&output));
}

#[test]
fn the_keep_alive_of_a_platform_is_found_by_its_url() {
    let home = tempfile::tempdir().unwrap();
    let served = serve(home.path().join("run"), &["--policy", "fixed:200ms"]);
    let url = format!("http://127.0.0.1:{}/url/one/", served.port);
    let folder = home.path().join("study");
    let out = folder.display().to_string();
    let typed = ["study", "idle", "--url", &url, "--instance-field", "instance"];
    let done = coldstart(&typed)
        .args(["--most", "2s", "--within", "500ms", "--out", &out])
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", err(&done));
    assert!(err(&done).contains("4 calls at most"), "{}", err(&done));
    let study = std::fs::read_to_string(folder.join("study.json")).unwrap();
    let study: serde_json::Value = serde_json::from_str(&study).unwrap();
    let found = &study["functions"][0]["found"];
    assert_eq!(found["failures"].as_array().unwrap().len(), 0, "{found}");
    assert_eq!(found["probes"].as_array().unwrap().len(), 3, "{found}");
    // After two seconds nothing can be left that is kept for a tenth of that.
    assert_eq!(found["probes"][0]["cold"], true, "{found}");
    assert!(study.get("run").is_none() && study.get("starts").is_none(), "{study}");
    assert!(folder.join("study.html").exists() && !folder.join("report.html").exists());
    assert_eq!(served.end(Signal::TERM).0, Some(0));
}
