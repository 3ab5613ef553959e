//! Who else can reach the driver, and answers in an instance's place: its answer is in
//! no figure, whether it is a container, of this network or another, a user of the
//! machine, or an instance of the same burst.

use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use coldstart::clock::Clock;
use coldstart::engine::docker::DockerEngine;
use coldstart::platform::{KeepAlive, Platform, Target, TargetSpec, Visit};
use coldstart::sample::{Outcome, Temperature};
use coldstart::spec::factor::Network;
use libtest_mimic::{Failed, Trial};

use crate::bench::{Bench, Tested};
use crate::overheard::Overheard;
use crate::subject::{FUNCTIONS, ok};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Bench::trial("a_container_that_was_there_before_is_refused", was_there_before),
        Bench::trial("a_container_that_answers_for_an_instance_is_a_stranger", answers),
        Bench::trial("a_container_of_another_network_is_refused", of_another_network),
        Bench::trial("another_user_that_answers_on_the_host_is_a_stranger", another_user),
        Bench::trial("siblings_that_answer_for_each_other_are_strangers", siblings),
        Bench::trial("every_function_is_known_by_its_process_on_the_host", known_on_the_host),
    ]
}

const SCRIPT: &str = include_str!("stranger.sh");

/// A platform of one target, and what its engine heard.
struct PageCacheState<'a> {
    bench: &'a Bench,
    engine: Arc<Overheard<DockerEngine>>,
    platform: Platform<Overheard<DockerEngine>>,
}

impl<'a> PageCacheState<'a> {
    fn new(bench: &'a Bench, swaps: bool) -> Self {
        let engine = Arc::new(Overheard::new(bench.engine.clone(), swaps));
        let platform = Platform::new(engine.clone(), Clock::start(), bench.run.clone());
        Self { bench, engine, platform }
    }

    fn target(
        &self,
        function: &str,
        network: Network,
        change: impl FnOnce(&mut TargetSpec),
    ) -> Result<Target, Failed> {
        let (function, record) = self.bench.function(function)?;
        let mut making =
            TargetSpec::plain(function.clone(), record.digest.clone(), network, "runc");
        making.keep_alive = KeepAlive::Fixed(Duration::from_secs(60));
        change(&mut making);
        Ok(Target::new(making, &self.bench.run, 0))
    }

    /// A function that never asks by itself.
    fn sleeper(&self, network: Network) -> Result<Target, Failed> {
        self.target("python", network, |making| {
            making.sleep_ms = 90_000;
            making.function.timeout = Duration::from_secs(60);
        })
    }

    /// One cold start while somebody else does something with the listener's address.
    async fn beside(
        &self,
        target: &Target,
        act: impl FnOnce(SocketAddr) -> Result<Stranger, Failed>,
    ) -> Result<Visit, Failed> {
        self.platform.prepare(target, 1).await;
        let address = self.engine.addresses()[0].parse()?;
        let stranger = act(address)?;
        let mut visit = self.platform.invoke(target.invocation(self.platform.clock().now())).await;
        self.platform.vouch(&mut visit).await;
        drop(stranger);
        self.platform.clear().await?;
        Ok(visit)
    }
}

/// Somebody who answers, and is ended with the test.
struct Stranger {
    child: Child,
    /// Its container and its network, where it has them.
    docker: Option<(String, Vec<String>)>,
}

impl Drop for Stranger {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if let Some((engine, remove)) = &self.docker {
            for words in remove {
                let _ = docker(engine, &words.split(' ').collect::<Vec<_>>()).status();
            }
        }
    }
}

fn docker(engine: &str, words: &[&str]) -> Command {
    let mut command = Command::new("docker");
    command.env("DOCKER_HOST", engine).args(words);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// A container that answers, on a network.
fn container(bench: &Bench, network: &str, address: SocketAddr) -> Result<Stranger, Failed> {
    named(bench, "stranger", network, address)
}

/// The same by a name, so that there may be several.
fn named(
    bench: &Bench,
    what: &str,
    network: &str,
    address: SocketAddr,
) -> Result<Stranger, Failed> {
    let (_, record) = bench.function("python")?;
    let name = format!("{}-{what}", bench.run);
    let (host, port) = (address.ip().to_string(), address.port().to_string());
    let words = ["run", "--rm", "--name", &name, "--network", network, "--entrypoint", "bash"];
    let mut command = docker(bench.address(), &words);
    command.args([&record.digest, "-c", SCRIPT, "stranger", &host, &port]);
    let remove = vec![format!("rm --force {name}")];
    let stranger =
        Stranger { child: command.spawn()?, docker: Some((bench.address().to_owned(), remove)) };
    let running = ["inspect", "--format", "{{.State.Running}}", &name];
    for _ in 0..300 {
        let said = docker(bench.address(), &running).stdout(Stdio::piped()).output()?;
        if said.stdout.starts_with(b"true") {
            return Ok(stranger);
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    Err("the stranger does not run".into())
}

fn is_stranger(visit: &Visit) -> Tested {
    let is = matches!(visit.outcome, Outcome::Stranger { .. });
    assert!(is, "{:?}", visit.outcome);
    Ok(())
}

fn was_there_before(bench: &Bench) -> Tested {
    let reached = PageCacheState::new(bench, false);
    let target = reached.target("rust", Network::Bridge, |_| {})?;
    // Nobody listens yet where it tries again and again.
    let address = bench.wait(async {
        let free = reached.engine.free_address().await?;
        anyhow::Ok(free)
    })?;
    let stranger = container(bench, "bridge", address)?;
    bench.wait(async {
        reached.platform.settle().await?;
        // On the address that it knows.
        reached.engine.listen_next_on(address);
        let mut visit =
            reached.platform.invoke(target.invocation(reached.platform.clock().now())).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        reached.platform.vouch(&mut visit).await;
        ok(&visit)?;
        reached.platform.clear().await?;
        let warnings = reached.platform.warnings().join("\n");
        let name = format!("(container {}-stranger), who is no instance, were refused", bench.run);
        assert!(warnings.contains(&name), "{warnings}");
        Ok::<_, Failed>(())
    })?;
    drop(stranger);
    Ok(())
}

fn answers(bench: &Bench) -> Tested {
    let reached = PageCacheState::new(bench, false);
    let target = reached.sleeper(Network::Bridge)?;
    let act = |address| container(bench, "bridge", address);
    let visit = bench.wait(reached.beside(&target, act))?;
    is_stranger(&visit)?;
    let warnings = reached.platform.warnings().join("\n");
    assert!(warnings.contains("not the instances' own"), "{warnings}");
    Ok(())
}

fn of_another_network(bench: &Bench) -> Tested {
    let reached = PageCacheState::new(bench, false);
    let target = reached.target("rust", Network::Bridge, |_| {})?;
    let network = format!("{}-net", bench.run);
    if !docker(bench.address(), &["network", "create", &network]).status()?.success() {
        return Err("no second network can be made".into());
    }
    // Some engines have a bridge only while a container is on it: before the instance nobody could
    // come there. This one calls nobody.
    let _holder = named(bench, "holder", "bridge", SocketAddr::from(([127, 0, 0, 1], 1)))?;
    let visit = bench.wait(async {
        reached.platform.settle().await?;
        let act = |address| {
            let mut stranger = container(bench, &network, address)?;
            if let Some((_, remove)) = &mut stranger.docker {
                remove.push(format!("network rm {network}"));
            }
            // Time to be refused before the instance comes.
            std::thread::sleep(Duration::from_secs(1));
            Ok(stranger)
        };
        reached.beside(&target, act).await
    });
    let visit = visit?;
    ok(&visit)?;
    let warnings = reached.platform.warnings().join("\n");
    assert!(warnings.contains("(of another network)"), "{warnings}");
    Ok(())
}

fn another_user(bench: &Bench) -> Tested {
    let reached = PageCacheState::new(bench, false);
    let target = reached.sleeper(Network::Host)?;
    let act = |address: SocketAddr| {
        let nobody = ["--reuid=65534", "--regid=65534", "--clear-groups", "bash", "-c", SCRIPT];
        let mut command = Command::new("setpriv");
        command.args(nobody).arg("stranger");
        command.args([address.ip().to_string(), address.port().to_string()]);
        let child = command.stdin(Stdio::null()).stderr(Stdio::null()).spawn()?;
        Ok(Stranger { child, docker: None })
    };
    let visit = bench.wait(reached.beside(&target, act))?;
    is_stranger(&visit)?;
    let cause = visit.outcome.cause().unwrap_or_default();
    assert!(cause.contains("the answer: process "), "{cause}");
    Ok(())
}

fn siblings(bench: &Bench) -> Tested {
    for network in [Network::Bridge, Network::Host] {
        let reached = PageCacheState::new(bench, true);
        let target = reached.target("rust", network, |_| {})?;
        bench.wait(async {
            let platform = &reached.platform;
            platform.prepare(&target, 2).await;
            let now = platform.clock().now();
            let (mut one, mut other) = tokio::join!(
                platform.invoke(target.invocation(now)),
                platform.invoke(target.invocation(now))
            );
            platform.vouch(&mut one).await;
            platform.vouch(&mut other).await;
            is_stranger(&one)?;
            is_stranger(&other)?;
            Ok::<_, Failed>(platform.clear().await?)
        })?;
    }
    Ok(())
}

fn known_on_the_host(bench: &Bench) -> Tested {
    for function in FUNCTIONS {
        let reached = PageCacheState::new(bench, false);
        let target = reached.target(function, Network::Host, |_| {})?;
        bench.wait(async {
            for temperature in [Temperature::Cold, Temperature::Warm] {
                let platform = &reached.platform;
                let mut visit = platform.invoke(target.invocation(platform.clock().now())).await;
                platform.vouch(&mut visit).await;
                ok(&visit)?;
                assert_eq!(visit.temperature, temperature);
            }
            let warnings = reached.platform.warnings();
            assert!(warnings.is_empty(), "{warnings:?}");
            Ok::<_, Failed>(reached.platform.clear().await?)
        })?;
    }
    Ok(())
}
