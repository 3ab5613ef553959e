use insta::assert_snapshot;

use super::*;
use crate::explain::{
    Advice, Call, Difference, Explained, FileSamples, FileUse, Folder, Frame, FrameChange,
    ModuleTree, ModuleUse, Native, PackageChange, PackageUse, PhaseUse, ProcessSeen, Ratio, Span,
    Starts, SymbolsFound, Timeline, Unopened, Wait,
};
use crate::report::form::{FORMS, Printed};
use crate::report::look::Look;

const MS: u64 = 1_000_000;

fn file(path: &str, package: &str) -> FileUse {
    FileUse {
        path: path.to_owned(),
        package: package.to_owned(),
        installed: true,
        size: 2_000_000,
        opened: 1,
        executed: false,
        read: None,
    }
}

fn package(package: &str, ns: u64, share: f64) -> PackageUse {
    let (package, ns) = (package.to_owned(), ns * MS);
    PackageUse { package, installed: true, ns, share, files: 1, bytes: 2_000_000 }
}

fn tree() -> ModuleTree {
    let module = |name: &str, depth, own, cumulative| ModuleUse {
        name: name.to_owned(),
        depth,
        own: own * MS,
        cumulative: cumulative * MS,
        source: String::new(),
    };
    ModuleTree {
        profiler: "import times".to_owned(),
        about: "told by the runtime".to_owned(),
        modules: vec![module("big", 0, 10, 60), module("big.core", 1, 50, 50)],
        ..ModuleTree::default()
    }
}

fn timeline() -> Timeline {
    Timeline {
        main: Some(30 * MS),
        ready: Some(104 * MS),
        responded: Some(110 * MS),
        end: 110 * MS,
        processes: vec![ProcessSeen { pid: 7, programs: vec!["run".to_owned()] }],
        files: vec![file("/x/big/a", "big"), file("/x/small/b", "small")],
        spans: vec![
            Span { at: 0, ns: 80 * MS, file: 0, process: 0 },
            Span { at: 80 * MS, ns: 30 * MS, file: 1, process: 0 },
        ],
    }
}

fn phase() -> PhaseUse {
    PhaseUse {
        name: "init".to_owned(),
        from: 30 * MS,
        ns: 74 * MS,
        user: Some(40 * MS),
        system: Some(6 * MS),
        minor_faults: 900,
        looks: 74,
        ran: 50,
        waits: vec![Wait { place: "futex_wait".to_owned(), looks: 24 }],
        ..PhaseUse::default()
    }
}

/// 400 samples of 4 starts: 25.1 ms of each.
fn native() -> Native {
    let frame = |name: &str, file: &str, own, inclusive| Frame {
        name: name.to_owned(),
        file: file.to_owned(),
        own,
        inclusive,
    };
    let call = |frame, depth, own, cumulative| Call { frame, depth, own, cumulative };
    let (lib, kernel) = ("/usr/lib/libbig.so", Frame::KERNEL);
    let file = |file: &str, own, symbols| FileSamples { file: file.to_owned(), own, symbols };
    Native {
        period: 251_000,
        starts: 4,
        samples: 400,
        invoke_samples: 9,
        shallow: 100,
        lost: 2,
        frames: vec![
            frame("big::parse", lib, 250, 300),
            frame("[libbig.so]", lib, 100, 400),
            frame("exc_page_fault_[k]", kernel, 50, 50),
            frame("run", "[program run]", 0, 400),
        ],
        calls: vec![
            call(3, 0, 0, 400),
            call(1, 1, 100, 400),
            call(0, 2, 250, 300),
            call(2, 3, 50, 50),
        ],
        invoke: vec![call(3, 0, 9, 9)],
        files: vec![file(lib, 350, SymbolsFound::Exported), file(kernel, 50, SymbolsFound::None)],
        ..Native::default()
    }
}

fn function(name: &str) -> Explained {
    Explained {
        function: name.to_owned(),
        image: "i:1".to_owned(),
        digest: "sha256:00".to_owned(),
        starts: Starts {
            plain: vec![98 * MS, 100 * MS, 102 * MS],
            watched: vec![104 * MS],
            watching: Some(Ratio { value: 1.04, interval: Some((0.98, 1.09)) }),
            overflows: 1,
            ..Starts::default()
        },
        timeline: timeline(),
        phases: vec![phase()],
        packages: vec![package("big", 80, 0.77), package("small", 24, 0.23)],
        unopened: Some(Unopened {
            files: 10,
            bytes: 100 << 20,
            unopened_files: 7,
            unopened_bytes: 80 << 20,
            folders: vec![Folder { path: "/usr/share".to_owned(), files: 7, bytes: 80 << 20 }],
        }),
        modules: Some(tree()),
        native: Some(native()),
        advice: vec![Advice::Packages {
            packages: vec![("big".to_owned(), 80 * MS, 0.77)],
            with_all: false,
        }],
        ..Explained::default()
    }
}

fn explanation(functions: Vec<Explained>) -> Explanation {
    Explanation {
        format: crate::explain::FORMAT,
        tool: "coldstart 0.0.0".to_owned(),
        command: "coldstart explain f".to_owned(),
        started: "2026-11-27T00:00:00Z".to_owned(),
        engine: "docker 20.10".to_owned(),
        kernel: "6.1".to_owned(),
        rounds: 3,
        lost: Vec::new(),
        functions,
    }
}

fn text(found: &Explanation) -> String {
    FORMS[0].print(&Printed::Explanation(found), &Look::default()).unwrap()
}

#[test]
fn an_explanation_on_a_terminal_is_the_answer_and_what_took_most() {
    assert_snapshot!(text(&explanation(vec![function("f")])));
}

#[test]
fn what_is_new_against_base_comes_first() {
    let mut head = function("f");
    head.difference = Some(Difference {
        base: "i:0".to_owned(),
        change: Some(Ratio { value: 6.8e6, interval: Some((2.6e6, 11.4e6)) }),
        packages: vec![PackageChange {
            package: "decimal".to_owned(),
            base: 0,
            head: 6 * MS,
            new_files: 2,
        }],
        new_files: vec!["/usr/lib/decimal.py".to_owned(), "/usr/lib/_pydecimal.py".to_owned()],
        gone_files: 0,
        new_modules: vec![("decimal".to_owned(), 6 * MS)],
        native: vec![FrameChange {
            name: "big::more".to_owned(),
            file: "/usr/lib/libbig.so".to_owned(),
            base: 0,
            head: 5 * MS,
        }],
    });
    let found = explanation(vec![head]);
    let text = text(&found);
    let (new, packages) = (text.find("What is new").unwrap(), text.find("What took").unwrap());
    assert!(new < packages && text.contains("+6.80 ms [+2.60, +11.4]"), "{text}");
    assert!(text.contains("big::more ") && text.contains("+5.00 ms"), "{text}");
    assert!(text.contains("`/usr/lib/decimal.py`") && text.contains("`decimal`"), "{text}");
}

#[test]
fn a_start_that_was_never_ready_is_told_as_that() {
    let mut failed = function("f");
    failed.timeline.ready = None;
    failed.failure = Some("it exited with 1: no \u{1b}[2J database".to_owned());
    let text = text(&explanation(vec![failed]));
    assert!(text.contains("never ready") && text.contains("database"), "{text}");
    assert!(!text.contains('\u{1b}'));
}

#[test]
fn hostile_names_are_tamed_in_every_form_and_every_file() {
    let evil = "<script>alert(1)</script>\u{1b}]0;x\u{7}\n;a";
    let mut function = function("f");
    for file in &mut function.timeline.files {
        (file.path, file.package) = (evil.to_owned(), evil.to_owned());
    }
    function.packages.iter_mut().for_each(|p| p.package = evil.to_owned());
    let frames = function.native.iter_mut().flat_map(|native| &mut native.frames);
    frames.for_each(|frame| (frame.name, frame.file) = (evil.to_owned(), evil.to_owned()));
    let modules = function.modules.iter_mut().flat_map(|tree| &mut tree.modules);
    modules.for_each(|module| module.name = evil.to_owned());
    let found = explanation(vec![function]);
    for file in files(&found).unwrap() {
        let text = String::from_utf8(file.bytes).unwrap();
        let name = file.path.display();
        assert!(!text.contains('\u{1b}') && !text.contains('\u{7}'), "{name}");
        let is_page = file.path.extension().is_some_and(|e| e == "html" || e == "svg");
        assert!(!is_page || !text.contains("<script>alert"), "{name}");
    }
    for form in &FORMS {
        let text = form.print(&Printed::Explanation(&found), &Look::default()).unwrap();
        assert!(!text.contains('\u{1b}'), "{}", form.name);
    }
}

#[test]
fn the_json_is_read_again_as_it_was_and_folded_stacks_are_a_line_each() {
    let found = explanation(vec![function("f"), Explained { modules: None, ..function("g") }]);
    let all = files(&found).unwrap();
    let of = |name: &str| {
        let file = all.iter().find(|file| file.path.display().to_string() == name).unwrap();
        String::from_utf8(file.bytes.clone()).unwrap()
    };
    let again: Explanation = serde_json::from_str(&of("explain.json")).unwrap();
    assert_eq!(again, found);
    let schema: serde_json::Value =
        serde_json::from_str(include_str!("../../../results/explain.schema.json")).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    let mut whole = function("f");
    let changed = FrameChange { name: String::new(), file: String::new(), base: 1, head: 2 };
    whole.difference = Some(Difference { native: vec![changed], ..Difference::default() });
    whole.starts.sampled = vec![1];
    whole.starts.sampling = whole.starts.watching;
    whole.failure = Some("x".to_owned());
    whole.variants = vec!["f_small".to_owned()];
    let json = |of: Explained| serde_json::to_value(explanation(vec![of])).unwrap();
    for told in [json(function("f")), json(whole), json(Explained::default())] {
        assert!(schema.is_valid(&told), "{:?}", schema.iter_errors(&told).next());
    }
    assert_eq!(of("f.folded"), "f;big 10000\nf;big;big.core 50000\n");
    assert_eq!(of("g.folded"), "g;big;/x/big/a 80000\ng;small;/x/small/b 30000\n");
    let native = "run;[libbig.so] 100\nrun;[libbig.so];big::parse 250\n\
                  run;[libbig.so];big::parse;exc_page_fault_[k] 50\n";
    assert_eq!(of("f.native.folded"), native);
    let page = of("explain.html");
    assert!(page.contains("What f executes until it is ready") && page.contains("big::parse"));
    assert!(page.contains("file by file") && page.contains("What f loads"));
    // Two functions: files, calls, and what one loads; names are in no element.
    assert_eq!(page.matches(" data-zoom=\"{&quot;axis&quot;:").count(), 5);
    let rows = FORMS.iter().find(|form| form.name == "csv").unwrap();
    let csv = rows.print(&Printed::Explanation(&found), &Look::default()).unwrap();
    assert_eq!(csv.lines().count(), 1 + 4);
    assert!(csv.starts_with("function,package,attributed_ns"), "{csv}");
}

/// As many opens as are kept, with names that are longer in a page than they are.
fn large(name: &str, opens: usize) -> Explained {
    let mut of = function(name);
    let path = |at: usize| format!("/usr/lib/of a runtime/<\"&\">/package-{}/file-{at}", at % 400);
    of.timeline.files =
        (0..opens).map(|at| file(&path(at), &format!("package-{}", at % 400))).collect();
    let ns = (110 * MS) / opens as u64;
    let span = |at: usize| {
        let from = at as u64 * ns;
        Span { at: from, ns: ns + (at as u64 * 7_919) % 997, file: at, process: 0 }
    };
    of.timeline.spans = (0..opens).map(span).collect();
    let tree = of.modules.get_or_insert_default();
    let module = |at: usize| ModuleUse {
        name: path(at),
        depth: (at % 9) as u32,
        own: MS / 10,
        cumulative: MS * (9 - at as u64 % 9),
        source: String::new(),
    };
    tree.modules = (0..2_000).map(module).collect();
    let native = of.native.get_or_insert_default();
    let frame = |at: usize| Frame { name: path(at), ..native.frames[0].clone() };
    native.frames = (0..2_000).map(frame).collect();
    let call = |at: usize| Call {
        frame: at,
        depth: (at % 20) as u32,
        own: 1,
        cumulative: 20 - at as u64 % 20,
    };
    native.calls = (0..2_000).map(call).collect();
    of
}

#[test]
fn a_page_of_many_large_functions_stays_below_a_mib_and_says_what_it_has_not() {
    let large = large("f", 200_000);
    let of = |at: usize| Explained { function: format!("f{at}"), ..large.clone() };
    let found = explanation((0..8).map(of).collect());
    let page = html::page(&document(&found, &chart::of_explanation(&found).unwrap()));
    assert!(page.len() < 1 << 20, "{}", page.len());
    // Every drawing is there, or where it is; and every one can be zoomed into.
    assert_eq!(page.matches("<figure").count(), 24);
    assert_eq!(page.matches(" data-whole=\"explain.json\" data-zoom=\"").count(), 24);
    let shown = page.matches("<svg ").count();
    let left_out = page.matches("The drawing has no room on this page").count();
    assert!(shown > 0 && left_out > 0 && left_out < 24, "{shown} {left_out}");
    assert_eq!(page.matches(".svg\">").count(), left_out);
    assert_eq!(page.matches(",&quot;all&quot;:200000}").count(), 8);
}

#[test]
fn each_row_of_several_functions_stands_below_its_own() {
    let found = explanation(vec![function("f"), function("g")]);
    let page = html::page(&document(&found, &[]));
    let (_, table) = page.split_once("id=\"packages\"").unwrap();
    let table = &table[..table.find("</table>").unwrap()];
    let places = ["scope=\"rowgroup\" colspan=\"5\">f<", ">big<", ">g<", ">big<"];
    places.iter().fold(0, |from, part| from + table[from..].find(part).unwrap() + part.len());
    let text = markdown::page(&document(&found, &[]));
    assert!(text.contains("| **f** |  |  |  |  |\n| big |"), "{text}");
    let one = html::page(&document(&explanation(vec![function("f")]), &[]));
    assert!(!one.contains("rowgroup"));
}
