use super::*;

const GOOD: &str = r#"
[base.small]
pull = "docker.io/library/small@sha256:00"
suite = "trixie"
packages = ["small"]

[[function]]
name = "f"
context = "f"
bases = { BASE = "small" }
files = ["Dockerfile", "f.txt"]
version-command = ["f", "--version"]
memory = "128MiB"
timeout = "10s"
event = '{"a": 1}'
"#;

fn read(text: &str) -> Result<Vec<Function>> {
    parse(text, "f.toml", Path::new("/srv"))
}

#[test]
fn a_function_is_read() {
    let function = read(GOOD).unwrap().remove(0);
    let build = function.build().unwrap();
    assert_eq!(build.context, Path::new("/srv/f"));
    assert_eq!(build.bases["BASE"].packages, ["small"]);
    assert_eq!(function.limits, Limits { memory: 128 << 20, cpus: None });
    assert_eq!(function.reply, ReplyRule::Proof);
    assert!(build.prepare.is_empty());
}

const IMAGE: &str = r#"
[[function]]
name = "mine"
image = "registry.example/mine:1"
memory = "128MiB"
timeout = "10s"
event = '{}'
"#;

#[test]
fn an_image_is_used_as_it_is() {
    let function = read(IMAGE).unwrap().remove(0);
    assert_eq!(function.recipe, Recipe::Image("registry.example/mine:1".into()));
    assert_eq!((function.reply, function.version_command.len()), (ReplyRule::Any, 0));
    let refused = |from: &str, to: &str, part: &str| {
        let message = format!("{:#}", read(&IMAGE.replacen(from, to, 1)).unwrap_err());
        assert!(message.contains(part), "`{part}` is not in: {message}");
    };
    refused("memory", "files = [\"x\"]\nmemory", "f.toml:4:9: `mine` has an `image`");
    refused("memory", "context = \".\"\nmemory", "leave out `context`");
    refused("image = \"registry.example/mine:1\"", "", "needs `image`");
    refused("image = \"registry.example/mine:1\"", "context = \"x\"", "needs `files`");
}

#[test]
fn an_image_that_was_typed_has_a_name() {
    let name = |reference: &str| Function::of_image(reference, "{}", 0).map(|f| f.name);
    assert_eq!(name("localhost:5000/team/Orders-Api:1.2@sha256:00").unwrap(), "orders_api");
    assert_eq!(name("mine").unwrap(), "mine");
    assert!(name("a b\"; c").unwrap_err().to_string().contains("no image reference"));
    assert!(name("").unwrap_err().to_string().contains("no image reference"));
    let error = Function::of_image("mine", "{", 0).unwrap_err();
    assert!(error.to_string().contains("`{` is not JSON"), "{error}");
}

#[test]
fn the_shipped_functions_are_valid() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("functions/functions.toml");
    let names: Vec<_> = load(&file).unwrap().into_iter().map(|f| f.name).collect();
    assert_eq!(names, ["python", "node", "rust", "jvm"]);
}

#[test]
fn mistakes_point_into_the_file() {
    let check = |from: &str, to: &str, parts: &[&str]| {
        let changed = GOOD.replacen(from, to, 1);
        assert_ne!(changed, GOOD, "the case changes nothing: {from}");
        let message = format!("{:#}", read(&changed).unwrap_err());
        for part in parts {
            assert!(message.contains(part), "`{part}` is not in: {message}");
        }
    };
    check("\"small\" }", "\"smal\" }", &["f.toml:10", "unknown base `smal`", "known are `small`"]);
    check("memory", "ram", &["f.toml:13:", "unknown field `ram`"]);
    check("128MiB", "128MB", &["f.toml:13:", "use B, KiB, MiB or GiB"]);
    check("{\"a\": 1}", "{a: 1}", &["f.toml:15", "the event of `f` is not JSON"]);
    check("name = \"f\"", "name = \"F!\"", &["f.toml:8:8: ", "lower-case"]);
    check("[\"f\", \"--version\"]", "[]", &["empty version-command"]);
    check("suite = \"trixie\"\n", "", &["[base.small] has `packages` and no `suite`"]);
    let twice = format!("{GOOD}\n{}", &GOOD[GOOD.find("[[function]]").unwrap()..]);
    assert!(format!("{:#}", read(&twice).unwrap_err()).contains("names must differ"));
}

#[test]
fn a_base_that_cannot_be_bootstrapped_needs_no_recipe() {
    let pulled = GOOD.replace("suite = \"trixie\"\npackages = [\"small\"]\n", "");
    assert_ne!(pulled, GOOD);
    let function = read(&pulled).unwrap().remove(0);
    assert!(function.build().unwrap().bases["BASE"].packages.is_empty());
}

#[test]
fn an_unknown_function_is_told_the_known_ones() {
    let all = read(GOOD).unwrap();
    let message = select(&all, &["g".to_owned()]).unwrap_err().to_string();
    assert_eq!(message, "unknown function `g`: known are `f`");
}

#[test]
fn an_event_that_cannot_carry_a_nonce_is_refused_where_replies_are_proofs() {
    for (event, why) in [("[1]", "must be a JSON object"), (r#"{"coldstart":1}"#, "`coldstart`")] {
        let text = GOOD.replace("event = '{\"a\": 1}'", &format!("event = '{event}'"));
        let error = format!("{:#}", read(&text).unwrap_err());
        assert!(error.contains(why), "{event}: {error}");
    }
    let any = GOOD.replace("event = '{\"a\": 1}'", "event = '[1]'\nreply = \"any\"");
    assert_eq!(read(&any).unwrap()[0].event, "[1]");
}
