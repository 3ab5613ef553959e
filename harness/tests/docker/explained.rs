//! Starts watched on the real engine and kernel: what is opened, loaded, new, and never opened.

use std::fs;
use std::process::{Child, Stdio};
use std::time::Duration;

use coldstart::explain::{Explained, Explanation, Frame, SymbolsFound};
use libtest_mimic::{Failed, Trial};

use crate::bench::{Bench, Tested};
use crate::program::coldstart;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Bench::trial("a_start_is_explained_by_its_files_modules_and_phases", explained),
        Bench::trial("every_runtime_that_can_tell_what_it_loads_does", told),
        Bench::trial(
            "a_function_that_fails_where_its_runtime_is_asked_is_explained_without",
            refusing,
        ),
        Bench::trial("a_hidden_import_is_named_against_base", hidden_import),
        Bench::trial("a_start_that_fails_is_explained_up_to_there", failing),
        Bench::trial("a_static_program_opens_itself_alone", alone),
        Bench::trial("opens_without_end_and_hostile_paths_are_counted_and_tamed", many_opens),
        Bench::trial("a_runtime_that_tells_nonsense_is_not_believed", garbled),
        Bench::trial("what_the_processors_execute_of_a_start_is_sampled_and_named", sampled),
        Bench::trial("a_gate_that_is_to_explain_names_the_hidden_import", gated),
    ]
}

/// What explaining an image gave, with its exit status.
fn explain(image: &str, bench: &Bench, more: &[&str]) -> Result<(Explanation, i32), Failed> {
    let home = tempfile::tempdir()?;
    let folder = home.path().join("explained");
    let mut command = coldstart(bench);
    command.args(["explain", "--image", image]).args(more);
    if !more.contains(&"--rounds") {
        command.args(["--rounds", "2"]);
    }
    let output = command.arg("--out").arg(&folder).output()?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let text = fs::read_to_string(folder.join("explain.json"));
    let text = text.map_err(|error| format!("{error}: {said}"))?;
    assert!(folder.join("explain.html").is_file() && folder.join("explain.md").is_file());
    Ok((serde_json::from_str(&text)?, output.status.code().unwrap_or(-1)))
}

/// On a busy machine a start's first files may be opened before it is watched, which is told.
fn in_time(image: &str, bench: &Bench) -> Result<(Explanation, i32), Failed> {
    for _ in 0..4 {
        let (found, status) = explain(image, bench, &[])?;
        if !found.lost.iter().any(|why| why.contains("before they could be watched")) {
            return Ok((found, status));
        }
    }
    Err("every start was watched too late".into())
}

fn explained(bench: &Bench) -> Tested {
    let (_, record) = bench.function("python")?;
    let (found, status) = in_time(&record.image, bench)?;
    assert_eq!(status, 0);
    assert!(found.lost.is_empty(), "{:?}", found.lost);
    let of = &found.functions[0];
    assert_eq!(of.starts.sampled.len(), 2);
    assert_eq!(
        (of.starts.plain.len(), of.starts.watched.len(), of.starts.profiled.len()),
        (2, 2, 2)
    );
    let paths: Vec<&str> = of.timeline.files.iter().map(|file| file.path.as_str()).collect();
    assert!(paths.contains(&"/function/function.py"), "as the container sees it: {paths:?}");
    let python = of.timeline.files.iter().find(|file| file.executed);
    assert!(python.is_some_and(|file| file.path.contains("/bin/python3")), "{python:?}");
    assert!(of.packages.iter().any(|package| package.package == "json"), "{:?}", of.packages);
    let modules = &of.modules.as_ref().ok_or("no modules")?.modules;
    let json = modules.iter().find(|module| module.name == "json");
    assert!(json.is_some_and(|json| json.cumulative >= json.own), "{json:?}");
    // Its main is stamped, so that its phases are told apart; it works in them.
    let names: Vec<&str> = of.phases.iter().map(|phase| phase.name.as_str()).collect();
    assert_eq!(names, ["boot", "init", "invoke"]);
    assert!(of.phases[..2].iter().all(|phase| phase.user.is_some() && phase.minor_faults > 0));
    let unopened = of.unopened.as_ref().ok_or("no files of the image")?;
    assert!(unopened.unopened_bytes > 0 && unopened.unopened_bytes < unopened.bytes);
    Ok(())
}

fn told(bench: &Bench) -> Tested {
    let loaded = |function: &str| -> Result<_, Failed> {
        let (_, record) = bench.function(function)?;
        let (found, status) = in_time(&record.image, bench)?;
        assert_eq!((status, &found.lost[..]), (0, &[][..]), "{function}");
        found.functions[0].modules.clone().ok_or_else(|| format!("{function} tells nothing").into())
    };
    let node = loaded("node")?;
    let depth = |name: &str| node.modules.iter().find(|m| m.name == name).map(|m| m.depth);
    assert_eq!(depth("/function/function.js"), Some(0), "{:?}", node.modules);
    assert_eq!(depth("node:http"), Some(1), "{:?}", node.modules);
    let own = node.packages.iter().find(|of| of.package == "/function");
    assert!(own.is_some_and(|own| own.cumulative <= node.own_part), "{:?}", node.packages);
    let jvm = loaded("jvm")?;
    assert!(jvm.modules.iter().any(|class| class.name == "Function"), "{:?}", jvm.packages);
    Ok(())
}

fn refusing(bench: &Bench) -> Tested {
    let image = bench.build(
        "python",
        "ENTRYPOINT [\"sh\", \"-c\", \"[ -z \\\"$NODE_OPTIONS\\\" ] || { echo too old >&2; exit \
         9; }; exec python3 /function/function.py\"]",
    )?;
    let (found, status) = explain(&image, bench, &[])?;
    assert_eq!(status, 0);
    let of = &found.functions[0];
    assert!(of.failure.is_none() && of.modules.is_none(), "{:?}", of.failure);
    assert_eq!((of.starts.plain.len(), of.starts.profiled.len()), (2, 0));
    let lost = &found.lost[..];
    assert!(
        matches!(lost, [why] if why.contains("is asked") && why.contains("too old")),
        "{lost:?}"
    );
    Ok(())
}

fn hidden_import(bench: &Bench) -> Tested {
    let (_, record) = bench.function("python")?;
    let hide = "RUN [\"python3\", \"-c\", \"import pathlib; p = \
                pathlib.Path('/function/function.py'); p.write_text('import decimal, \
                xml.dom.minidom\\\\n' + p.read_text())\"]";
    let head = bench.build("python", hide)?;
    let (found, status) = explain(&head, bench, &["--base", &record.image])?;
    assert_eq!(status, 0);
    let difference = found.functions[0].difference.as_ref().ok_or("no difference")?;
    let loads = |name: &str| difference.new_modules.iter().any(|(module, _)| module == name);
    assert!(loads("decimal") && loads("xml.dom.minidom"), "{:?}", difference.new_modules);
    let opens = |name: &str| difference.new_files.iter().any(|path| path.contains(name));
    assert!(opens("minidom") && !opens("function.py"), "{:?}", difference.new_files);
    let new = difference.packages.iter().find(|package| package.package == "xml");
    assert!(new.is_some_and(|xml| xml.base == 0 && xml.new_files > 0), "{new:?}");
    Ok(())
}

fn failing(bench: &Bench) -> Tested {
    let command = "CMD [\"python3\", \"-c\", \"import decimal; raise SystemExit('no database')\"]";
    let image = bench.build("python", &format!("ENTRYPOINT []\n{command}"))?;
    let (found, status) = explain(&image, bench, &[])?;
    assert_eq!(status, 4, "nothing was ready");
    let of = &found.functions[0];
    assert!(of.failure.as_ref().is_some_and(|why| why.contains("no database")), "{:?}", of.failure);
    assert!(of.timeline.files.iter().any(|file| file.path.contains("decimal")));
    assert!(of.timeline.ready.is_none() && !of.packages.is_empty());
    Ok(())
}

fn alone(bench: &Bench) -> Tested {
    let (_, record) = bench.function("rust")?;
    let (found, status) = explain(&record.image, bench, &[])?;
    assert_eq!(status, 0);
    let of = &found.functions[0];
    let paths: Vec<&str> = of.timeline.files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(paths, ["/function"]);
    assert!(of.modules.is_none(), "its runtime tells nothing");
    let unopened = of.unopened.as_ref().ok_or("no files of the image")?;
    assert_eq!(unopened.unopened_files, 0);
    Ok(())
}

/// More opens than are kept, of files whose names are hostile.
fn many_opens(bench: &Bench) -> Tested {
    const MANY: &str = r#"
import os
folder = os.environ.get("MANY", "/many")
os.makedirs(folder, exist_ok=True)
paths = [f"{folder}/\x1b[31m{i}\n<script>alert(1)\u202e" for i in range(300)]
if os.environ.get("MAKE"):
    for path in paths:
        open(path, "w").close()
else:
    for _ in range(840):
        for path in paths:
            os.close(os.open(path, os.O_RDONLY))
    import runpy
    runpy.run_path("/function/function.py", run_name="__main__")
"#;
    let lines = "COPY many.py /many.py\nRUN [\"/usr/bin/env\", \"MAKE=1\", \"python3\", \"/many.py\"]\n\
                 ENTRYPOINT []\nCMD [\"python3\", \"/many.py\"]";
    let image = bench.build_of("python", lines, &[("many.py", MANY.as_bytes())])?;
    let home = tempfile::tempdir()?;
    let folder = home.path().join("explained");
    let mut command = coldstart(bench);
    command.args(["explain", "--rounds", "1", "--image", &image]).arg("--out").arg(&folder);
    let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    let (status, memory) = watched(child)?;
    eprintln!("opens without end: {} MiB", memory >> 10);
    assert_eq!(status, Some(0));
    assert!(memory < 400 << 10, "{memory} KiB of memory");
    let found: Explanation =
        serde_json::from_str(&fs::read_to_string(folder.join("explain.json"))?)?;
    let of = &found.functions[0];
    // How many there are to be kept is the kernel's: of opens that wait to be read, those of one
    // file by one process become one.
    let (kept, lost) = (of.timeline.spans.len(), of.starts.beyond + of.starts.overflows);
    assert!((10_000..=200_000).contains(&kept) && (kept < 199_000 || lost > 0), "{kept}, {lost}");
    let page = fs::read_to_string(folder.join("explain.html"))?;
    assert!(page.len() < 1 << 20, "{} bytes", page.len());
    let is_told = page.contains("beyond those that are kept") || page.contains("queue overflowed");
    assert_eq!(is_told, lost > 0);
    for name in ["explain.html", "explain.md", "explain.json"] {
        let text = fs::read_to_string(folder.join(name))?;
        assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}'), "{name}");
        assert!(name == "explain.json" || !text.contains("<script>alert"), "{name}");
    }
    Ok(())
}

/// The exit code of a program, and its largest memory in KiB.
fn watched(mut child: Child) -> Result<(Option<i32>, u64), Failed> {
    let mut most = 0;
    loop {
        let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let told = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
        most = told.unwrap_or(0).max(most);
        if let Some(status) = child.try_wait()? {
            return Ok((status.code(), most));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Lines that begin as a runtime's own do, with figures that are none or beyond all measure.
fn garbled(bench: &Bench) -> Tested {
    const NONSENSE: &str = "import sys\n\
        if 'PYTHONPROFILEIMPORTTIME' in __import__('os').environ:\n    \
        for line in ('soon | later | x', '-1 | 2 | y', '99999999999999999999999 | 1 | z', \
        '18446744073709551 | 18446744073709551 | big', *['562949953421312 | \
        562949953421312 | bigger'] * 40, '9 | 9 |                  ', '1 | 1 | \\x1b[2Jcleared'):\n        \
        print('import time: ', line, file=sys.stderr, flush=True)\n";
    let lines = "COPY nonsense.py /nonsense.py\nRUN [\"python3\", \"-c\", \"f = \
                 '/function/function.py'; t = open('/nonsense.py').read() + open(f).read(); \
                 open(f, 'w').write(t)\"]";
    let image = bench.build_of("python", lines, &[("nonsense.py", NONSENSE.as_bytes())])?;
    let (found, status) = explain(&image, bench, &[])?;
    assert_eq!(status, 0);
    let tree = found.functions[0].modules.as_ref().ok_or("no modules")?;
    assert!(tree.garbled >= 45, "{}", tree.garbled);
    assert!(tree.modules.iter().any(|module| module.name == "json"));
    assert!(!tree.modules.iter().any(|module| module.name.contains('\u{1b}')));
    Ok(())
}

/// Each function is sampled; its files are the image's, and those have the names that they have.
fn sampled(bench: &Bench) -> Tested {
    for name in ["python", "node", "jvm", "rust"] {
        let (_, record) = bench.function(name)?;
        let (found, _) = explain(&record.image, bench, &["--rounds", "4"])?;
        assert!(found.lost.is_empty(), "{name}: {:?}", found.lost);
        samples_are_of_the_image(name, &found.functions[0])?;
    }
    Ok(())
}

fn samples_are_of_the_image(name: &str, of: &Explained) -> Tested {
    let native = of.native.as_ref().ok_or("no native profile")?;
    assert_eq!((native.starts, of.starts.sampled.len()), (3, 3), "{name}");
    let samples: u64 = native.calls.iter().map(|call| call.own).sum();
    assert!(native.samples > 0 && samples == native.samples, "{name}: {samples}");
    // No more than its processors can have done in the time, and a start's first page faults.
    let longest = of.starts.sampled.iter().max().copied().unwrap_or(0) as f64;
    let most = longest * std::thread::available_parallelism()?.get() as f64;
    assert!(native.ns(native.samples) <= most * 1.1, "{name}: of {longest} ns");
    assert!(native.frames.iter().any(|frame| frame.file == Frame::KERNEL), "{name}");
    let opened: Vec<&str> = of.timeline.files.iter().map(|file| file.path.as_str()).collect();
    let named = native.files.iter().filter(|file| file.file.starts_with('/'));
    let unknown: Vec<_> = named.filter(|file| !opened.contains(&file.file.as_str())).collect();
    assert!(unknown.is_empty(), "{name}: executed and never opened: {unknown:?}");
    let symbols = |end: &str| {
        let file = native.files.iter().find(|file| file.file.contains(end));
        file.map(|file| file.symbols)
    };
    let is_named = |part: &str| native.frames.iter().any(|frame| frame.name.contains(part));
    // Its files have tables, whatever they have of frame pointers.
    let deep = native.samples - native.shallow;
    let has_tables = cfg!(target_arch = "x86_64") && name != "rust";
    assert!(!has_tables || deep * 5 >= native.samples * 4, "{name}: {deep} of {}", native.samples);
    match name {
        "python" => {
            assert_eq!(symbols("/bin/python3"), Some(SymbolsFound::Exported));
            assert!(is_named("_PyEval_EvalFrameDefault"), "{:?}", native.frames);
        }
        "node" => assert!(is_named("node::") || is_named("v8::"), "{:?}", native.frames),
        "jvm" => assert!(symbols("/libjvm.so").is_some(), "{:?}", native.files),
        _ => assert!(native.files.iter().any(|file| file.file == "/function")),
    }
    Ok(())
}

/// An import that takes far longer than any noise.
fn gated(bench: &Bench) -> Tested {
    let (_, record) = bench.function("python")?;
    let hide = "RUN [\"python3\", \"-c\", \"import pathlib; p = pathlib.Path('/function'); \
                (p / 'ledger.py').write_text('import time; time.sleep(0.6)'); f = p / \
                'function.py'; f.write_text('import ledger\\\\n' + f.read_text())\"]";
    let head = bench.build("python", hide)?;
    let home = tempfile::tempdir()?;
    let folder = home.path().join("gate");
    let mut command = coldstart(bench);
    command.args(["gate", "--explain", "--rounds", "8", "--gate", "own", "--networks", "host"]);
    command.args(["--base-image", &record.image, "--head-image", &head]);
    command.env_remove("GITHUB_ACTIONS").env_remove("GITHUB_STEP_SUMMARY");
    let output = command.arg("--out").arg(&folder).output()?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}{told}");
    assert!(said.contains("head newly loads `ledger`"), "{said}{told}");
    let page = fs::read_to_string(folder.join("compare.html"))?;
    assert!(page.contains("href=\"explain/explain.html\"") && page.contains("ledger"));
    assert!(folder.join("explain/explain.html").is_file());
    assert!(fs::read_to_string(folder.join("compare.md"))?.contains("(explain/explain.html)"));
    Ok(())
}
