use std::sync::Arc;

use super::*;
use crate::engine::{ImageConfig, InstanceSource};
use crate::spec::factor::Factors;

fn texts(of: &[(&str, &str)]) -> BTreeMap<String, String> {
    of.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// What an instance gets where image and user set some of it.
fn armed(image: ImageConfig, user: &[(&str, &str)]) -> (About, BTreeMap<String, String>) {
    let mut spec = InstanceSpec {
        source: InstanceSource::Image("i".to_owned()),
        image: Arc::new(image),
        factors: Factors { memory: 512 << 20, ..Factors::of_a_process() },
        processes: None,
        socket: None,
        env: texts(user),
        launch: Default::default(),
        launcher: None,
        labels: BTreeMap::new(),
    };
    let function = Function::of_image("shop", "i", "{}", 0);
    let about = environment(&function, &mut spec, "172.17.0.1:4000");
    (about, spec.env)
}

#[test]
fn where_nothing_is_set_it_is_as_on_aws_lambda() {
    let (about, env) = armed(ImageConfig::default(), &[]);
    assert_eq!(about.arn, "arn:aws:lambda:us-east-1:000000000000:function:shop");
    let stream = &env["AWS_LAMBDA_LOG_STREAM_NAME"];
    assert!(stream.contains("/[$LATEST]") && stream.len() == 10 + 10 + 32, "{stream}");
    for (name, value) in [
        ("AWS_LAMBDA_RUNTIME_API", "172.17.0.1:4000"),
        ("AWS_LAMBDA_FUNCTION_NAME", "shop"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512"),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
        ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/shop"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
        ("LAMBDA_TASK_ROOT", "/var/task"),
        ("LAMBDA_RUNTIME_DIR", "/var/runtime"),
        ("TZ", ":UTC"),
        ("NO_PROXY", "172.17.0.1"),
        ("no_proxy", "172.17.0.1"),
    ] {
        assert_eq!(env.get(name).map(String::as_str), Some(value), "{name}");
    }
    assert!(!env.contains_key("_HANDLER"));
    assert!(!env.keys().any(|name| name.contains("SECRET") || name.contains("ACCESS_KEY")));
}

#[test]
fn what_an_image_sets_stays_but_for_what_it_cannot_know() {
    let set = [
        ("TZ", "Europe/Berlin"),
        ("AWS_REGION", "eu-central-1"),
        ("AWS_LAMBDA_FUNCTION_NAME", "local"),
        ("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9001"),
        ("no_proxy", "localhost"),
    ];
    let (about, env) = armed(ImageConfig { env: texts(&set), ..ImageConfig::default() }, &[]);
    assert!(about.arn.contains(":eu-central-1:"), "{}", about.arn);
    assert!(!env.contains_key("TZ") && !env.contains_key("AWS_REGION"), "as the image has it");
    assert_eq!(env["AWS_DEFAULT_REGION"], "eu-central-1");
    assert_eq!(env["AWS_LAMBDA_FUNCTION_NAME"], "shop");
    assert_eq!(env["AWS_LAMBDA_RUNTIME_API"], "172.17.0.1:4000");
    assert_eq!([&env["NO_PROXY"], &env["no_proxy"]], ["localhost,172.17.0.1"; 2]);
}

#[test]
fn what_a_user_sets_stays_but_for_the_address() {
    let user = [
        ("AWS_DEFAULT_REGION", "us-west-2"),
        ("AWS_LAMBDA_FUNCTION_NAME", "shop-prod"),
        ("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9001"),
        ("NO_PROXY", "10.0.0.1"),
        ("no_proxy", ""),
    ];
    let (about, env) = armed(ImageConfig::default(), &user);
    assert!(about.arn.contains(":us-west-2:"), "{}", about.arn);
    assert_eq!(env["AWS_REGION"], "us-west-2");
    assert_eq!(env["AWS_LAMBDA_FUNCTION_NAME"], "shop-prod");
    assert_eq!(env["AWS_LAMBDA_RUNTIME_API"], "172.17.0.1:4000");
    assert_eq!(env["NO_PROXY"], "10.0.0.1,172.17.0.1");
    assert_eq!(env["no_proxy"], "172.17.0.1");
}

#[test]
fn the_handler_is_the_word_that_an_entrypoint_is_told() {
    let of = |entrypoint: &[&str], command: &[&str]| {
        let words = |of: &[&str]| of.iter().map(|word| (*word).to_owned()).collect();
        let image = ImageConfig {
            entrypoint: words(entrypoint),
            command: words(command),
            ..ImageConfig::default()
        };
        armed(image, &[]).1.get("_HANDLER").cloned()
    };
    assert_eq!(of(&["/entry.sh"], &["app.handler"]).as_deref(), Some("app.handler"));
    assert_eq!(of(&[], &["/bootstrap"]), None, "that is the program");
    assert_eq!(of(&["/entry.sh"], &["app.handler", "--verbose"]), None);
}
