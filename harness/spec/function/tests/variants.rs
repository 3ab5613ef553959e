//! Variants: functions by themselves, that say only in what they differ.

use super::*;
use crate::spec::function::Proof;

const VARIANT: &str = r#"
[[function.variant]]
name = "quick"
about = "It is quicker."
link = "https://docs.example/quick"
args = { LEVEL = "3" }
env = { A = "2" }
proof = { command = ["{command}", "-v"], prints = "quick" }
"#;

fn with(lines: &str) -> Result<Vec<Function>> {
    read(&format!("{}{lines}", GOOD.replace("memory", "env = { A = \"1\", B = \"1\" }\nmemory")))
}

#[test]
fn a_variant_is_the_function_but_for_what_it_says() {
    let all = with(VARIANT).unwrap();
    let (function, variant) = (&all[0], &all[1]);
    assert_eq!((&*variant.name, variant.position, variant.optional), ("f_quick", 1, true));
    let of = variant.variant.as_ref().unwrap();
    assert_eq!((&*of.of, &*of.name, &*of.about), ("f", "quick", "It is quicker."));
    assert_eq!(of.link.as_deref(), Some("https://docs.example/quick"));
    let Proof { command, text } = of.proof.as_ref().unwrap();
    assert_eq!((command.len(), &**text), (2, "quick"));
    assert_eq!((&variant.env["A"], &variant.env["B"]), (&"2".to_owned(), &"1".to_owned()));
    let (was, is) = (function.build().unwrap(), variant.build().unwrap());
    assert_eq!((is.args["LEVEL"].as_str(), was.args.len()), ("3", 0));
    assert_eq!((&is.files, &is.bases, &is.first), (&was.files, &was.bases, &None));
    assert_eq!((variant.limits, &variant.event), (function.limits, &function.event));
    assert_eq!(function.variant, None);
    assert_eq!(choose(&all, &[]).unwrap().len(), 1, "measured only where it is named");
}

#[test]
fn variants_change_the_position_of_no_function() {
    let second = GOOD[GOOD.find("[[function]]").unwrap()..].replace("\"f\"", "\"g\"");
    let all = with(&format!("{VARIANT}{second}")).unwrap();
    let positions: Vec<(&str, usize)> = all.iter().map(|f| (&*f.name, f.position)).collect();
    assert_eq!(positions, [("f", 0), ("f_quick", 2), ("g", 1)]);
}

#[test]
fn what_a_variant_prepares_comes_after_what_its_function_does() {
    let text = GOOD.replace("memory", "prepare = [\"make\"]\ninputs = [\"f.txt\"]\nmemory");
    let own = "prepare = [\"bundle\"]\nfiles = [\"bundle.txt\"]\ndockerfile = \"Other\"";
    let all = read(&format!("{text}{}\n{own}\n", VARIANT.trim_end())).unwrap();
    let build = all[1].build().unwrap();
    let first = build.first.as_ref().unwrap();
    assert_eq!((&first.prepare[0], &build.prepare[0]), (&"make".into(), &"bundle".into()));
    assert_eq!((&build.inputs, first.inputs.len()), (&Vec::new(), 1));
    assert_eq!((build.dockerfile.as_path(), build.files.len()), (Path::new("Other"), 1));
}

#[test]
fn a_null_functions_variant_is_no_null_function() {
    let text = GOOD.replace("memory", "process = [\"f\"]\nmemory");
    let all = read(&format!("null = \"f\"\n{text}{VARIANT}command = [\"g\"]\n")).unwrap();
    assert!(all[0].is_null && !all[1].is_null && all[1].process.is_empty());
    assert_eq!(all[1].launch.command, ["g"]);
}

#[test]
fn an_image_of_its_own_is_used_as_it_is() {
    let variant = "[[function.variant]]\nname = \"slim\"\nabout = \"x\"\nimage = \"slim:1\"\n";
    let all = with(&format!("\n{variant}")).unwrap();
    assert_eq!(all[1].recipe, ImageSource::Image("slim:1".into()));
    let all = read(&format!("{IMAGE}\n{variant}")).unwrap();
    assert_eq!(all[1].name, "mine_slim");
}

#[test]
fn what_is_wrong_with_a_variant_is_told_with_its_place() {
    let refused = |from: &str, to: &str, part: &str| {
        assert!(VARIANT.contains(from), "{from}");
        let message = format!("{:#}", with(&VARIANT.replacen(from, to, 1)).unwrap_err());
        assert!(message.starts_with("f.toml:"), "{message}");
        assert!(message.contains(part), "`{part}` is not in: {message}");
    };
    refused("\"quick\"", "\"Quick\"", "`Quick` is not a valid name of a variant");
    refused("\"quick\"", &format!("\"{}\"", "x".repeat(40)), "no more than 40 characters");
    refused("\"It is quicker.\"", "\" \"", "what it changes");
    refused("https", "javascript", "begins with https://");
    refused("prints = \"quick\"", "prints = \"\"", "a proof is a `command`");
    refused("LEVEL", "\"A B\"", "no name of a build argument");
    refused("LEVEL", "BASE", "`BASE` is in `bases` too");
    refused("\"3\"", "\"a\\nb\"", "is one line");
    refused("about", "abuot", "did you mean `about`?");
    refused("{ A = \"2\" }", "{ AWS_LAMBDA_RUNTIME_API = \"2\" }", "cannot be set");
    refused(
        "args = { LEVEL = \"3\" }\nenv = { A = \"2\" }",
        "env = { A = \"1\" }",
        "changes nothing",
    );
    let twice = format!("{VARIANT}{VARIANT}");
    let message = format!("{:#}", with(&twice).unwrap_err());
    assert!(message.contains("named `f_quick`, as the variant `quick` of `f`"), "{message}");
    let other = GOOD[GOOD.find("[[function]]").unwrap()..].replace("\"f\"", "\"f_quick\"");
    let message = format!("{:#}", with(&format!("{VARIANT}{other}")).unwrap_err());
    assert!(message.contains("names must differ"), "{message}");
}

#[test]
fn arguments_are_of_a_build_that_is_ours() {
    let with = |lines: &str| read(&GOOD.replacen("memory", &format!("{lines}\nmemory"), 1));
    let function = with("args = { LEVEL = \"3\" }\ndockerfile = \"d/Other\"").unwrap().remove(0);
    assert_eq!(function.build().unwrap().args["LEVEL"], "3");
    assert_eq!(function.build().unwrap().dockerfile, Path::new("d/Other"));
    let text = IMAGE.replace("memory", "args = { A = \"1\" }\nmemory");
    let message = format!("{:#}", read(&text).unwrap_err());
    assert!(message.contains("leave out `args`"), "{message}");
}

#[test]
fn every_shipped_variant_is_proved_documented_and_in_the_table() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("functions");
    let table = std::fs::read_to_string(folder.join("README.md")).unwrap();
    let all = load(&folder.join("functions.toml")).unwrap();
    let variants: Vec<&Function> = all.iter().filter(|f| f.variant.is_some()).collect();
    assert!(variants.len() >= 15, "{}", variants.len());
    for function in variants {
        let variant = function.variant.as_ref().unwrap();
        let (name, link) = (&function.name, variant.link.as_ref().unwrap());
        assert!(variant.proof.is_some(), "{name} has no proof");
        assert!(table.contains(&format!("`{name}`")), "{name} is not in the table");
        assert!(link.starts_with("https://"), "{name}: {link}");
    }
}
