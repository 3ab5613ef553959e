use super::*;

mod variants;

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
    assert_eq!(
        function.limits,
        Limits { memory: 128 << 20, cpus: None, processes: Some(PROCESSES) }
    );
    assert_eq!((&function.reply, function.adapter.name()), (&ReplyCheck::Proof, "runtime-api"));
    assert!(build.prepare.is_empty() && build.tools.is_empty() && !function.optional);
}

#[test]
fn what_is_needed_to_prepare_is_read_and_is_for_a_prepare() {
    let with = |lines: &str| read(&GOOD.replacen("memory", &format!("{lines}\nmemory"), 1));
    let given =
        "prepare = [\"make\"]\ntools = { make = \"make\", c = \"g++\" }\ninputs = [\"f.txt\"]";
    let function = with(given).unwrap().remove(0);
    let build = function.build().unwrap();
    assert_eq!((build.tools["c"].as_str(), build.inputs.len()), ("g++", 1));
    let refused = |lines: &str, part: &str| {
        let message = format!("{:#}", with(lines).unwrap_err());
        assert!(message.contains(part), "`{part}` is not in: {message}");
    };
    refused("tools = { make = \"make\" }", "`f` has `tools` and no `prepare`");
    refused("inputs = [\"x\"]", "`f` has `inputs` and no `prepare`");
    refused("prepare = [\"make\"]\ntools = { make = \"--force\" }", "`--force` is not the name");
}

#[test]
fn optional_functions_are_chosen_by_name_alone() {
    let second = GOOD[GOOD.find("[[function]]").unwrap()..].replace("\"f\"", "\"g\"");
    let optional = second.replace("memory", "optional = true\nmemory");
    let all = read(&format!("{GOOD}\n{optional}")).unwrap();
    let names = |names: &[&str]| {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        choose(&all, &names).map(|all| all.into_iter().map(|f| f.name).collect::<Vec<_>>())
    };
    assert_eq!(names(&[]).unwrap(), ["f"]);
    assert_eq!(names(&["g", "f"]).unwrap(), ["f", "g"]);
    let message = choose(&all[1..], &[]).unwrap_err().to_string();
    assert!(message.contains("--functions") && message.contains("`g`"), "{message}");
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
    assert_eq!(function.recipe, ImageSource::Image("registry.example/mine:1".into()));
    assert_eq!((&function.reply, function.version_command.len()), (&ReplyCheck::Any, 0));
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
    let named = |typed: &str| Ok::<_, String>(names(&[typed.parse()?], &[])?.remove(0));
    assert_eq!(named("localhost:5000/team/Orders-Api:1.2@sha256:00").unwrap(), "orders_api");
    assert_eq!(named("mine").unwrap(), "mine");
    assert_eq!(named("orders=registry/a:1").unwrap(), "orders");
    assert_eq!(named(&format!("sha256:{}", "0a".repeat(32))).unwrap(), "0a0a0a0a0a0a");
    assert_eq!(named(&"0a".repeat(32)).unwrap(), "0a0a0a0a0a0a", "an id, as some write it");
    for wrong in ["a b\"; c", "", "name=", "--flag", ":1", "@sha256:00"] {
        assert!(named(wrong).unwrap_err().contains("no image reference"), "{wrong}");
    }
    for wrong in ["=a", "My=a", "a b=c"] {
        assert!(named(wrong).unwrap_err().contains("is not a valid name"), "{wrong}");
    }
}

#[test]
fn images_of_one_name_are_told_apart_by_tag_then_by_digest() {
    let of = |typed: &[&str], taken: &[&str]| {
        let images: Vec<TypedImage> = typed.iter().map(|image| image.parse().unwrap()).collect();
        names(&images, taken)
    };
    assert_eq!(of(&["app:1", "app:2", "other"], &[]).unwrap(), ["app_1", "app_2", "other"]);
    assert_eq!(of(&["app", "app:2"], &[]).unwrap(), ["app_latest", "app_2"]);
    assert_eq!(of(&["app:1"], &["app"]).unwrap(), ["app_1"]);
    let (one, two) = ("11".repeat(32), "22".repeat(32));
    let pinned = [format!("app@sha256:{one}"), format!("app@sha256:{two}")];
    let digests = ["app_111111111111", "app_222222222222"];
    assert_eq!(of(&[&pinned[0], &pinned[1]], &[]).unwrap(), digests);
    let pinned = [format!("app:1@sha256:{one}"), format!("app:1@sha256:{two}")];
    assert_eq!(of(&[&pinned[0], &pinned[1]], &[]).unwrap(), digests);
    let long = ["x".repeat(60) + ":1", "x".repeat(60) + ":2"];
    let found = of(&[&long[0], &long[1]], &[]).unwrap();
    assert!(found.iter().all(|name| is_name(name)) && found[0] != found[1], "{found:?}");
    for (typed, taken) in [(["a/app:1", "b/app:1"], [""]), (["x=app:1", "x=app:2"], [""])] {
        let why = of(&typed, &taken).unwrap_err();
        assert!(typed.iter().all(|typed| why.contains(&format!("`--image {typed}`"))), "{why}");
    }
    assert!(of(&["x=app:1"], &["x"]).unwrap_err().contains("a function of that name"));
}

#[test]
fn a_reference_without_a_tag_means_latest() {
    let check = |reference: &str, whole: &str| assert_eq!(with_tag(reference), whole);
    check("app", "app:latest");
    check("registry:5000/team/app", "registry:5000/team/app:latest");
    check("app:1", "app:1");
    check("registry:5000/app:1", "registry:5000/app:1");
    check("app@sha256:00", "app@sha256:00");
    check("sha256:00", "sha256:00");
}

#[test]
fn an_event_is_json_and_the_byte_that_is_not_is_told() {
    let wrong = |event: &str| check_event(event).unwrap_err();
    assert_eq!(check_event("{\"a\": [1e5, null]}"), Ok(()));
    assert_eq!(wrong("{\n  a: 1}").at, 4);
    assert_eq!(wrong("").at, 0);
    assert_eq!(wrong("{").at, 0);
    assert!(wrong("\u{feff}{}").why.contains("byte order mark"));
    assert!(wrong("[] []").why.contains("trailing"));
    assert!(
        check_event(&format!("\"{}\"", "x".repeat(7 << 20))).unwrap_err().why.contains("6 MiB")
    );
    let error = read_event("{").unwrap_err();
    assert!(error.to_string().contains("`{` is not JSON"), "{error}");
}

#[test]
fn a_file_that_is_no_text_of_a_size_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("f.toml");
    let read = |bytes: &[u8]| {
        std::fs::write(&file, bytes).unwrap();
        read_text(&file).map_err(|error| error.to_string())
    };
    assert_eq!(read(b"a = 1").unwrap(), "a = 1");
    assert!(read(b"a = \xff").unwrap_err().contains("byte 5"));
    assert!(read("\u{feff}a = 1".as_bytes()).unwrap_err().contains("byte order mark"));
    // A file without an end is not read to its end.
    assert!(read_text(Path::new("/dev/zero")).unwrap_err().to_string().contains("larger than"));
}

/// In the file's own folder its parent is an empty path.
#[test]
fn a_bare_file_name_is_relative_to_the_current_folder() {
    let here = std::env::current_dir().unwrap();
    let folder = tempfile::tempdir_in(&here).unwrap();
    let file = folder.path().join("f.toml");
    std::fs::write(&file, GOOD).unwrap();
    let relative = file.strip_prefix(&here).unwrap();
    let function = load(relative).unwrap().remove(0);
    assert_eq!(function.build().unwrap().context, folder.path().join("f"));
}

#[test]
fn the_shipped_functions_are_valid() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("functions/functions.toml");
    let all = load(&file).unwrap();
    let names = |all: &[Function]| all.iter().map(|f| f.name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&choose(&all, &[]).unwrap()), ["python", "node", "rust", "jvm"]);
    assert!(names(&all).contains(&"python_lambda".to_owned()));
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
    check("{\"a\": 1}", "\u{feff}{}", &["f.toml:15:9: ", "byte order mark"]);
    check("{\"a\": 1}", "", &["f.toml:15:9: ", "the event of `f` is not JSON"]);
    check("docker.io/library/small", "a b", &["f.toml:3:8: ", "no image reference"]);
    check("\"f\", \"--v", "\"\", \"--v", &["f.toml:12", "begins with the name of a program"]);
    check("\"f\", \"--v", "\"f\\u0000\", \"--v", &["f.toml:12", "a command has no NUL"]);
    check("suite = \"trixie\"\n", "", &["[base.small] has `packages` and no `suite`"]);
    check(
        "memory",
        "adapter = \"runtime-ap\"\nmemory",
        &["f.toml:13:11: unknown variant `runtime-ap`", "did you mean `runtime-api`?"],
    );
    let twice = format!("{GOOD}\n{}", &GOOD[GOOD.find("[[function]]").unwrap()..]);
    assert!(format!("{:#}", read(&twice).unwrap_err()).contains("names must differ"));
}

#[test]
fn every_number_of_a_function_has_bounds_that_are_told_with_the_place() {
    let check = |line: &str, place: &str, part: &str| {
        let key = line.split(' ').next().unwrap();
        let is_there = GOOD.lines().find(|of| of.starts_with(&format!("{key} =")));
        let text = match is_there {
            Some(old) => GOOD.replacen(old, line, 1),
            None => format!("{}{line}\n", GOOD),
        };
        let message = format!("{:#}", read(&text).unwrap_err());
        assert!(message.contains(place) && message.contains(part), "{line}: {message}");
    };
    check("memory = \"99999999999GiB\"", "f.toml:13:10: ", "1048576GiB at most");
    check("memory = \"1B\"", "f.toml:13:10: ", "less memory than any engine takes: 6.0 MiB");
    check("timeout = \"0s\"", "f.toml:14:11: ", "1ms at least and 24h at most");
    check("timeout = \"25h\"", "f.toml:14:11: ", "1ms at least and 24h at most");
    check("timeout = \"99999999999h\"", "f.toml:14:11: ", "365 days at most");
    check("cpus = 99999", "f.toml:16:8: ", "0.01 to 4096");
    check("cpus = nan", "f.toml:16:8: ", "0.01 to 4096");
    check("processes = 0", "f.toml:16:13: ", "processes: 1 to 4194304");
    check("processes = 99999999", "f.toml:16:13: ", "processes: 1 to 4194304");
    check("processes = -1", "f.toml:16:13: ", "-1");
    let some = read(&format!("{GOOD}processes = 64\n")).unwrap().remove(0);
    assert_eq!(some.limits.processes, Some(64));
}

#[test]
fn a_variable_that_no_kernel_takes_is_refused_with_its_place() {
    let check = |env: &str, place: &str, part: &str| {
        let message = format!("{:#}", read(&format!("{GOOD}env = {env}\n")).unwrap_err());
        assert!(message.contains(place) && message.contains(part), "{env}: {message}");
    };
    check("{ \"\" = \"x\" }", "f.toml:16:9: ", "`` is not a valid variable name");
    check("{ A = \"x\", \"B=C\" = \"x\" }", "f.toml:16:18: ", "`B=C` is not a valid variable name");
    let told = "`AWS_LAMBDA_RUNTIME_API` cannot be set";
    check("{ A = \"x\", AWS_LAMBDA_RUNTIME_API = \"x\" }", "f.toml:16:18: ", told);
    check("{ \"A\\u0000\" = \"x\" }", "f.toml:16:9: ", "`A\\0` is not a valid variable name");
    check("{ A = \"x\\u0000\" }", "f.toml:16:13: ", "the value of `A` has a NUL");
    let long = format!("{{ A = \"{}\" }}", "x".repeat(128 << 10));
    check(&long, "f.toml:16:13: ", "longer than a process takes");
    let env = read(&format!("{GOOD}env = {{ A = \"x=y\", b = \"\" }}\n")).unwrap().remove(0).env;
    assert_eq!((env["A"].as_str(), env["b"].as_str()), ("x=y", ""));
}

#[test]
fn an_adapter_is_read_by_the_name_that_it_has() {
    let name = AdapterKind::RuntimeApi.name();
    let function = read(&format!("{GOOD}adapter = \"{name}\"\n")).unwrap().remove(0);
    assert_eq!(function.adapter, AdapterKind::RuntimeApi);
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

#[test]
fn an_event_may_be_in_a_file_of_its_own() {
    let home = tempfile::tempdir().unwrap();
    let write = |text: &str| std::fs::write(home.path().join("event.json"), text).unwrap();
    let text = GOOD.replace("event = '{\"a\": 1}'", "event = '@event.json'");
    let read = || parse(&text, "f.toml", home.path());
    write("{\"a\": [1]}\n");
    assert_eq!(read().unwrap()[0].event, "{\"a\": [1]}", "byte for byte, but for the end");
    let refused = |part: &str| {
        let message = format!("{:#}", read().unwrap_err());
        assert!(message.contains("the event of `f`") && message.contains(part), "{message}");
    };
    write("{\"a\": ");
    refused("event.json");
    std::fs::remove_file(home.path().join("event.json")).unwrap();
    refused("cannot read the event");
}

#[test]
fn how_an_image_is_started_is_read_and_what_no_image_takes_is_refused() {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("x.env"), "A=of the file\nB=1\n").unwrap();
    let keys = "env-file = \"x.env\"\nenv = { A = \"2\" }\ncommand = [\"app.handler\"]\n\
                entrypoint = [\"/e\", \"x y\"]\nworkdir = \"/srv\"\nread-only = true\n\
                lambda = true\nreply = { status = [200] }\nmemory";
    let with = |keys: &str| parse(&IMAGE.replacen("memory", keys, 1), "f.toml", home.path());
    let function = with(keys).unwrap().remove(0);
    let Launch { command, entrypoint, workdir, read_only, lambda } = &function.launch;
    assert_eq!(
        (&command[..], &entrypoint[..]),
        (&["app.handler".into()][..], &["/e".into(), "x y".into()][..])
    );
    assert!(workdir.as_deref() == Some("/srv") && *read_only && *lambda);
    let env: Vec<_> = function.env.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    assert_eq!(env, [("A", "2"), ("B", "1")], "what is written comes before a file");
    assert!(!function.reply.proves());
    let refused = |keys: &str, part: &str| {
        let message = format!("{:#}", with(&format!("{keys}\nmemory")).unwrap_err());
        assert!(message.contains(part), "`{part}` is not in: {message}");
    };
    refused("env-file = \"no.env\"", "the `env-file` of `mine`");
    refused("command = [\"\"]", "begins with the name of a program");
    refused("entrypoint = [\"a\\u0000\"]", "no NUL");
    refused("workdir = \"srv\"", "begin it with `/`");
    refused("reply = \"some\"", "expected \"proof\", \"any\"");
    refused("reply = { pointer = \"/a\", equal = 1 }", "unknown field `equal`");
    let process = GOOD.replacen("memory", "process = [\"f\"]\ncommand = [\"x\"]\nmemory", 1);
    let message = format!("{:#}", read(&process).unwrap_err());
    assert!(message.contains("`f` has a `process`") && message.contains("`command`"), "{message}");
}

#[test]
fn a_command_that_is_typed_is_split_as_a_shell_does() {
    assert_eq!(split_words("app.handler").unwrap(), ["app.handler"]);
    assert_eq!(split_words("sh -c 'a  b' \"c\"").unwrap(), ["sh", "-c", "a  b", "c"]);
    for (wrong, part) in [("", "is empty"), ("'a", "left open"), ("'' a", "name of a program")] {
        assert!(split_words(wrong).unwrap_err().contains(part), "{wrong}");
    }
}

#[test]
fn a_build_of_ones_own_names_its_image_and_needs_nothing_else() {
    let from = "image = \"registry.example/mine:1\"";
    let with = |keys: &str| read(&IMAGE.replacen(from, keys, 1));
    let build = "build = [\"docker\", \"build\", \"-t\", \"{image}\", \".\"]";
    let function = with(build).unwrap().remove(0);
    let ImageSource::Command(own) = &function.recipe else { panic!("it is not built") };
    assert_eq!((own.folder.as_path(), own.command.len()), (Path::new("/srv"), 5));
    assert_eq!((&function.reply, function.image()), (&ReplyCheck::Any, None));
    let function = with(&format!("{build}\ncontext = \"sub\"")).unwrap().remove(0);
    assert_eq!(function.folder(), Some(Path::new("/srv/sub")));
    let refused = |keys: &str, part: &str| {
        let message = format!("{:#}", with(keys).unwrap_err());
        assert!(message.contains(part), "`{part}` is not in: {message}");
    };
    refused("build = [\"make\"]", "write `{image}` where its tag stands");
    refused(&format!("{build}\n{from}"), "has an `image` and a `build`");
    refused(&format!("{build}\nfiles = [\"x\"]"), "leave out `files`");
    refused(&format!("{from}\nnetwork = true"), "leave out `network`");
    let network = read(&GOOD.replacen("memory", "network = true\nmemory", 1)).unwrap().remove(0);
    assert!(network.build().unwrap().network);
}

#[test]
fn a_function_that_listens_says_how_it_is_asked_and_nothing_else_may() {
    let listens = format!("{GOOD}adapter = \"http\"\n");
    let function = read(&listens).unwrap().remove(0);
    assert_eq!(function.http, Some(HttpRequest::default()));
    assert_eq!((&function.reply, function.adapter.name()), (&ReplyCheck::Any, "http"));
    let keys = "port = 3000\npath = \"/a?b=%20\"\nmethod = \"PUT\"\nstatus = 201\nbody = \"ok\"\n";
    let asked = read(&format!("{listens}{keys}")).unwrap().remove(0).http.unwrap();
    assert_eq!((asked.port, asked.path.as_str(), asked.method), (3000, "/a?b=%20", Method::Put));
    assert_eq!((asked.status, asked.body.as_deref()), (201, Some("ok")));
    let without = listens.replace("event = '{\"a\": 1}'\n", "");
    assert_eq!(read(&without).unwrap()[0].event, "{}");
    let proves = format!("{listens}reply = \"proof\"\nmethod = \"POST\"\n");
    assert!(read(&proves).unwrap()[0].reply.proves());
    let check = |text: String, parts: &[&str]| {
        let message = format!("{:#}", read(&text).unwrap_err());
        for part in parts {
            assert!(message.contains(part), "`{part}` is not in: {message}");
        }
    };
    check(format!("{listens}reply = \"proof\"\n"), &["f.toml:8:8: ", "GET does not", "\"POST\""]);
    for line in keys.lines() {
        let key = line.split(' ').next().unwrap();
        check(format!("{GOOD}{line}\n"), &["f.toml:16:", &format!("`{key}` is of functions that")]);
    }
    check(GOOD.replace("event = '{\"a\": 1}'\n", ""), &["missing field `event`", "what `f`"]);
    check(format!("{listens}port = 0\n"), &["f.toml:17:8: ", "1 to 65535"]);
    check(format!("{listens}port = 70000\n"), &["f.toml:17:8: "]);
    check(format!("{listens}status = 99\n"), &["f.toml:17:10: ", "200 to 599"]);
    check(format!("{listens}method = \"HEAD\"\n"), &["f.toml:17:10: ", "unknown variant `HEAD`"]);
    for path in ["x", "", "/a b", "/grün", "/a#b", "/a\\n", "http://x/"] {
        check(format!("{listens}path = \"{path}\"\n"), &["f.toml:17:8: "]);
    }
}
