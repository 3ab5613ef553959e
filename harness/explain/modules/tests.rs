use proptest::prelude::*;

use super::*;
use crate::explain::PackageUse;

fn read(output: &str) -> Option<ModuleTree> {
    read_until(output.as_bytes(), None)
}

fn read_until(output: &[u8], own_part: Option<u64>) -> Option<ModuleTree> {
    let layouts = &Layouts::shipped().unwrap();
    let told = Told { output, cut: false, own_part, layouts };
    Profilers::shipped().unwrap().read(&told)
}

#[test]
fn children_that_stand_before_their_parents_stand_behind_them() {
    let output = "hello\n\
        import time: self [us] | cumulative | imported package\n\
        import time:       743 |        743 |     json.scanner\n\
        import time:      1348 |       2091 |   json.decoder\n\
        import time:       684 |        684 |   json.encoder\n\
        import time:       709 |       3484 | json\n\
        import time:        10 |         10 | app\n";
    let tree = read(output).unwrap();
    let told: Vec<_> =
        tree.modules.iter().map(|m| (m.depth, m.name.as_str(), m.own, m.cumulative)).collect();
    assert_eq!(
        told,
        [
            (0, "json", 709_000, 3_484_000),
            (1, "json.decoder", 1_348_000, 2_091_000),
            (2, "json.scanner", 743_000, 743_000),
            (1, "json.encoder", 684_000, 684_000),
            (0, "app", 10_000, 10_000),
        ]
    );
    assert_eq!((tree.garbled, tree.cut), (0, false), "the heading is none of them");
}

#[test]
fn what_is_told_with_its_instant_takes_the_time_until_the_next_and_is_grouped() {
    let output = "[100ns] java.lang.Object source: shared objects file\n\
        [150ns] java.lang.String source: shared objects file\n\
        [400ns] com.example.app.web.Handler source: file:/app.jar\n\
        [900ns] Main source: file:/app.jar\n";
    let tree = read(output).unwrap();
    let told: Vec<_> =
        tree.modules.iter().map(|m| (m.depth, m.name.as_str(), m.cumulative)).collect();
    assert_eq!(
        told,
        [
            (0, "java.lang", 300),
            (1, "java.lang.Object", 50),
            (1, "java.lang.String", 250),
            (0, "com.example.app", 500),
            (1, "com.example.app.web.Handler", 500),
            (0, "Main", 0),
            (1, "Main", 0),
        ]
    );
    assert_eq!(tree.modules[5 - 1].source, "file:/app.jar");
}

#[test]
fn a_runtime_that_tells_nothing_has_no_modules_and_garbage_is_counted() {
    assert_eq!(read("import time: x\nimport time: 1 | 2 | a\n"), None);
    let line = "import time:       743 |        743 | a\n";
    let tree = read(&format!("import time: \u{1b}[2J\n{}", line.repeat(3))).unwrap();
    assert_eq!((tree.modules.len(), tree.garbled), (3, 1));
}

#[test]
fn what_a_function_sets_itself_stays_where_it_can() {
    let set = BTreeMap::from([("JAVA_TOOL_OPTIONS".to_owned(), "-Xmx1m".to_owned())]);
    let env = Profilers::shipped().unwrap().env(&set);
    assert!(env["JAVA_TOOL_OPTIONS"].starts_with("-Xmx1m -Xlog:"));
    assert_eq!(env["PYTHONPROFILEIMPORTTIME"], "1");
}

#[test]
fn a_module_of_a_package_is_named_within_it_and_where_it_is_installed_stands_apart() {
    let tree = read(
        "module time: 900 | 900 |     /function/node_modules/a/node_modules/b/index.js\n\
         module time: 100 | 1000 |   /function/node_modules/a/lib/a.js\n\
         module time: 7 | 7 |   node:http\n\
         module time: 50 | 1057 | /function/server.js\n",
    )
    .unwrap();
    let told: Vec<_> =
        tree.modules.iter().map(|m| (m.depth, m.source.as_str(), m.name.as_str(), m.own)).collect();
    assert_eq!(
        told,
        [
            (0, "", "/function/server.js", 50_000),
            (1, "/function/node_modules/", "a/lib/a.js", 100_000),
            (2, "/function/node_modules/a/node_modules/", "b/index.js", 900_000),
            (1, "", "node:http", 7_000),
        ]
    );
}

fn loads(tree: &ModuleTree) -> Vec<(&str, bool, &str, u64, u64)> {
    let of = tree.packages.iter();
    of.map(|p| (p.package.as_str(), p.installed, p.by.as_str(), p.cumulative, p.own)).collect()
}

#[test]
fn a_package_is_counted_with_all_that_it_loaded_first_and_a_client_without_the_functions_own_code()
{
    let tree = read(
        "module time: 30 | 30 |         /f/node_modules/depd/index.js\n\
         module time: 100 | 130 |       /f/node_modules/express/lib/e.js\n\
         module time: 20 | 150 |     /f/node_modules/express/index.js\n\
         module time: 5 | 5 |     /f/node_modules/depd/more.js\n\
         module time: 10 | 165 |   /f/app.js\n\
         module time: 40 | 205 | /f/node_modules/client/index.js\n",
    )
    .unwrap();
    let us = |n: u64| n * 1_000;
    assert_eq!(
        loads(&tree),
        [
            ("/f", false, "client", us(165), us(10)),
            ("express", true, "/f", us(150), us(120)),
            ("client", true, "", us(40), us(40)),
            ("depd", true, "express", us(35), us(35)),
        ]
    );
    let chosen: Vec<&str> = tree.chosen().map(|of| of.package.as_str()).collect();
    assert_eq!(chosen, ["express", "client"]);
}

#[test]
fn a_class_is_of_its_jar_with_the_runtimes_that_it_needed_and_none_is_counted_after_the_start_was_ready()
 {
    let output = "[100ns] java.lang.Object source: shared objects file\n\
        [400ns] com.example.Handler source: file:/f/lib/app.jar\n\
        [500ns] java.util.Optional source: shared objects file\n\
        [900ns] Main source: file:/f/lib/app.jar\n\
        [2000ns] Later source: jrt:/java.base\n";
    let tree = read_until(output.as_bytes(), Some(1_000)).unwrap();
    assert_eq!(
        loads(&tree),
        [("shared objects file", false, "", 700, 700), ("app.jar", true, "", 600, 200)]
    );
    assert!((tree.share(&tree.packages[1]) - 0.6).abs() < 1e-9);
}

#[test]
fn a_module_without_a_path_is_of_what_its_name_begins_with() {
    let tree = read(
        "import time: 10 | 10 |   boto3.session\nimport time: 5 | 15 | boto3\n\
         import time: 1 | 1 | json\n",
    )
    .unwrap();
    assert_eq!(loads(&tree)[0], ("boto3", false, "", 15_000, 15_000));
    let opened = [PackageUse { installed: true, package: "boto3".into(), ..PackageUse::default() }];
    let tree = tree.with_installed(&opened);
    assert_eq!(tree.chosen().map(|of| of.package.as_str()).collect::<Vec<_>>(), ["boto3"]);
}

#[test]
fn a_script_beside_the_table_is_put_into_the_variable_in_base64() {
    let env = Profilers::shipped().unwrap().env(&BTreeMap::new());
    let (_, script) = env["NODE_OPTIONS"].split_once(";base64,").unwrap();
    let script = BASE64_STANDARD.decode(script).unwrap();
    assert!(String::from_utf8(script).unwrap().contains("Module._load"));
}

#[test]
fn a_script_that_is_missing_or_not_wanted_is_told() {
    let error = |value: &str, script: &str| {
        let text = format!(
            "[[profiler]]\nname = \"x\"\nabout = \"\"\nenv = {{ A = \"{value}\" }}\n\
             begins = \"\"\norder = \"as-told\"\nscript = \"s.js\"\n\
             line = '(?P<name>.)(?P<at_ns>.)'\n"
        );
        let read = |_: &str| Some(script.to_owned()).filter(|s| !s.is_empty()).context("not there");
        format!("{:#}", Profilers::parse(&text, "p.toml", &read).unwrap_err())
    };
    assert!(error("{script}", "").contains("`script` of `x`: cannot read s.js: not there"));
    assert!(error("nothing", "a").contains("no variable has {script}"));
    assert!(error("{script}", &"a".repeat(SCRIPT_BYTES + 1)).contains("s.js has over"));
}

#[test]
fn a_table_that_is_wrong_is_told_with_its_place() {
    let with = |line: &str| {
        let text = format!(
            "[[profiler]]\nname = \"x\"\nabout = \"\"\nenv = {{}}\nbegins = \"\"\n\
             order = \"as-told\"\nline = '{line}'\n"
        );
        format!(
            "{:#}",
            Profilers::parse(&text, "p.toml", &|_| anyhow::bail!("nothing is there")).unwrap_err()
        )
    };
    let error = with("(");
    assert!(error.contains("p.toml") && error.contains("`line` of `x`"), "{error}");
    let error = with("(?P<name>.)");
    assert!(error.contains("lacks (?P<at_ns>"), "{error}");
}

proptest! {
    #[test]
    fn whatever_a_function_writes_every_module_is_told_once(
        lines in prop::collection::vec((0..5_usize, 0..9_u64), 3..40),
        garbage in "[ -~\n]{0,200}",
    ) {
        let output: String = lines
            .iter()
            .map(|(depth, us)| format!("import time: {us} | {us} | {}m\n", "  ".repeat(*depth)))
            .collect();
        let tree = read(&format!("{garbage}\n{output}")).unwrap();
        prop_assert!(tree.modules.len() >= lines.len());
        prop_assert!(tree.modules.first().is_none_or(|first| first.depth == 0));
        // No module is deeper than one below the one before it.
        prop_assert!(tree.modules.windows(2).all(|pair| pair[1].depth <= pair[0].depth + 1));
    }

    #[test]
    fn whatever_bytes_come_nothing_panics(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = read_until(&bytes, Some(7));
    }
}
