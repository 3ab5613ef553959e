//! That an adapter is what `harness/docs/ADDING.md` says: one that speaks in lines, in this
//! file alone, and functions that speak it, on an engine in memory.

use std::borrow::Cow;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream};
use tokio::sync::mpsc;
use tokio::task::AbortHandle;

use super::*;
use crate::probe::cgroup::Throttle;
use crate::spec::factor::Attachment;

/// Lines: an instance connects and says `ready`, an event is a line, and so is its reply.
struct Lines {
    stamps: Arc<Mutex<Stamps>>,
    events: mpsc::UnboundedSender<(Bytes, oneshot::Sender<Answered>)>,
    server: AbortHandle,
}

impl Drop for Lines {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Adapter for Lines {
    type Shared = ();

    async fn arm<E: Engine>(
        engine: &E,
        _: &Function,
        spec: &mut InstanceSpec,
        clock: Clock,
        _: Arc<Strangers>,
        (): &(),
    ) -> Result<Self, EngineError> {
        let listener = engine.listen(spec.factors.attachment()).await?;
        spec.env.insert("CALL".to_owned(), listener.address().to_owned());
        let (events, waiting) = mpsc::unbounded_channel();
        let stamps = Arc::<Mutex<Stamps>>::default();
        let server = tokio::spawn(serve(listener, waiting, stamps.clone(), clock));
        Ok(Self { stamps, events, server: server.abort_handle() })
    }

    fn invoke(&self, asked: Asked<'_>) -> Invoked {
        let (sender, answer) = oneshot::channel();
        let event = Bytes::from(asked.event.parts("").concat());
        self.events.send((event.clone(), sender)).unwrap();
        Invoked { answer, event }
    }

    fn throttle_when_ready(&self, _: Throttle) {}

    async fn ready(&self) {
        while self.stamps().ready.is_none() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    fn stamps(&self) -> Stamps {
        *self.stamps.lock().unwrap()
    }

    fn progress(&self, _: &InstanceState) -> Cow<'static, str> {
        "it was spoken to".into()
    }

    fn notes(&self) -> Vec<String> {
        Vec::new()
    }
}

async fn serve(
    mut listener: Listener,
    mut events: mpsc::UnboundedReceiver<(Bytes, oneshot::Sender<Answered>)>,
    stamps: Arc<Mutex<Stamps>>,
    clock: Clock,
) {
    let (stream, caller) = listener.accept().await.unwrap().unwrap();
    let mut stream = BufReader::new(stream);
    assert_eq!(line(&mut stream).await, "ready");
    let ready = Ready { at: clock.now(), main: None, ready_self: None, readiness: None };
    stamps.lock().unwrap().ready = Some(ready);
    while let Some((event, answer)) = events.recv().await {
        stream.write_all(&[&event[..], b"\n"].concat()).await.unwrap();
        stamps.lock().unwrap().sent = Some(clock.now());
        let body = Bytes::from(line(&mut stream).await);
        let (responded, length) = (clock.now(), body.len());
        let reply = Reply { first_byte: None, responded, replied: None, body, length };
        let callers = vec![caller.evidence(None)];
        let _ = answer.send(Answered { answer: Answer::Response(reply), callers });
    }
}

async fn line(stream: &mut (impl AsyncBufReadExt + Unpin)) -> String {
    let mut line = String::new();
    stream.read_line(&mut line).await.unwrap();
    line.trim_end().to_owned()
}

/// A function: it says the event again, in capital letters.
async fn function(stream: DuplexStream) {
    tokio::time::sleep(INIT).await;
    let mut stream = BufReader::new(stream);
    stream.write_all(b"ready\n").await.unwrap();
    loop {
        let reply = line(&mut stream).await.to_uppercase();
        tokio::time::sleep(WORK).await;
        stream.write_all(format!("{reply}\n").as_bytes()).await.unwrap();
    }
}

const INIT: Duration = Duration::from_millis(30);
const WORK: Duration = Duration::from_millis(2);

/// Instances are tasks.
#[derive(Default)]
struct Tasks {
    ports: Mutex<BTreeMap<String, mpsc::UnboundedSender<DuplexStream>>>,
    specs: Mutex<BTreeMap<InstanceId, InstanceSpec>>,
    /// Kept, so that no instance ends by itself.
    exits: Mutex<Vec<oneshot::Sender<Exit>>>,
}

impl Engine for Tasks {
    async fn describe(&self) -> Result<EngineInfo, EngineError> {
        Ok(EngineInfo::default())
    }

    async fn listen(&self, _: Attachment) -> Result<Listener, EngineError> {
        let (sender, streams) = mpsc::unbounded_channel();
        let mut ports = self.ports.lock().unwrap();
        let address = format!("memory:{}", ports.len());
        ports.insert(address.clone(), sender);
        Ok(Listener::memory(address, streams))
    }

    async fn create(&self, spec: &InstanceSpec) -> Result<InstanceId, EngineError> {
        let mut specs = self.specs.lock().unwrap();
        let id = InstanceId(format!("{:012}", specs.len()));
        specs.insert(id.clone(), spec.clone());
        Ok(id)
    }

    async fn start(&self, id: &InstanceId) -> Result<(), EngineError> {
        let (ours, theirs) = tokio::io::duplex(1 << 16);
        let call = self.specs.lock().unwrap()[id].env["CALL"].clone();
        self.ports.lock().unwrap()[&call].send(theirs).unwrap();
        tokio::spawn(function(ours));
        Ok(())
    }

    fn watch_exit(&self, _: &InstanceId) -> oneshot::Receiver<Exit> {
        let (sender, exit) = oneshot::channel();
        self.exits.lock().unwrap().push(sender);
        exit
    }

    async fn inspect(&self, _: &InstanceId) -> Result<InstanceState, EngineError> {
        Ok(InstanceState::default())
    }

    async fn remove(&self, _: &InstanceId) -> Result<(), EngineError> {
        Ok(())
    }

    async fn output(&self, _: &InstanceId) -> Result<String, EngineError> {
        Ok(String::new())
    }

    async fn strangers(&self) -> Result<Arc<Strangers>, EngineError> {
        Ok(Arc::default())
    }

    async fn instances(&self, _: Option<&str>) -> Result<Vec<ListedInstance>, EngineError> {
        Ok(Vec::new())
    }
}

/// Cold, warm, and cold again once the instance has outlived its keep-alive, each with its
/// marks and its reply.
#[tokio::test(start_paused = true)]
async fn an_adapter_is_a_type_of_its_own_and_the_platform_needs_no_change_for_it() {
    let clock = Clock::paused();
    let engine = Arc::new(Tasks::default());
    let platform: Platform<Tasks, Lines> = Platform::new(engine, clock, "run-1".to_owned());
    let keep_alive = KeepAlive::Fixed(Duration::from_secs(10));
    let target = Target::new(TargetSpec { keep_alive, ..of_image() }, "run-1", 0);
    let (other, nanoseconds) = (Event::plain("\"else\""), |time: Duration| time.as_nanos() as u64);
    let cold = platform.invoke(Invocation { keep: 99, ..target.invocation(clock.now()) }).await;
    let warm = Invocation { event: &other, keep: 4, ..target.invocation(clock.now()) };
    let warm = platform.invoke(warm).await;
    platform.settle().await.unwrap();
    let later = platform.invoke(target.invocation(clock.now())).await;
    let visits = [cold, warm, later];
    assert!(visits.iter().all(|visit| visit.outcome.is_ok()), "{visits:?}");
    let seen = visits.each_ref().map(|visit| (visit.temperature, &visit.reply[..]));
    let (cold, warm) = (Temperature::Cold, Temperature::Warm);
    // Of the last nothing was to be given back.
    assert_eq!(seen, [(cold, &b"{\"A\":1}"[..]), (warm, b"\"ELS"), (cold, b"")]);
    let latency = visits.each_ref().map(|v| v.marks.between(Mark::Intended, Mark::Responded));
    let (init, work) = (nanoseconds(INIT), nanoseconds(WORK));
    assert_eq!(latency, [init + work, work, init + work].map(Some));
    let ready = visits.each_ref().map(|v| v.marks.between(Mark::StartCalled, Mark::Ready));
    assert_eq!(ready, [Some(init), None, Some(init)]);
}
