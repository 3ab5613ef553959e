use super::*;
use crate::adapter::{Answer, Answered, Asked, Event, Invoked, Ready, Reply, Stamps};
use crate::engine::{EngineInfo, InstanceState, ListedInstance, Listener};
use crate::sample::Temperature;
use crate::spec::factor::Network;
use crate::spec::function::Function;

mod adding;

fn of_image() -> TargetSpec {
    let function = Function::of_image("f", "image", r#"{"a":1}"#, 0);
    TargetSpec::plain(function, "image".to_owned(), Network::Bridge, "fake")
}
