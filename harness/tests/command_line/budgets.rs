//! Budgets of a scenario: `run --check`, and `gate`.

use super::*;

/// A scenario with budgets, and its path.
fn scenario(home: &Path, budgets: &str) -> String {
    let text = include_str!("../../../benches/scenarios/gate.toml");
    let path = home.join("mine.toml");
    let text = text.replace("[[pattern]]", &format!("{budgets}\n[[pattern]]"));
    fs::write(&path, text).unwrap();
    path.display().to_string()
}

struct Ended {
    home: tempfile::TempDir,
    output: Output,
}

impl Ended {
    fn of(verb: &[&str], budgets: &str, flags: &[&str]) -> Self {
        let home = tempfile::tempdir().unwrap();
        let (scenario, out) = (scenario(home.path(), budgets), home.path().join("out"));
        let out = out.display().to_string();
        let common = ["--functions", "rust,node", "--engine", "fake", "--seed", "7", "--out", &out];
        let args = [verb, &[&scenario], &common[..], flags].concat();
        Self { output: coldstart(&args).output().unwrap(), home }
    }

    fn run(budgets: &str, flags: &[&str]) -> Self {
        Self::of(&["run"], budgets, &[&["--no-controls"], flags].concat())
    }

    #[track_caller]
    fn ends(&self, status: i32, parts: &[&str]) -> String {
        let said = format!("{} {}", flat(&err(&self.output)), flat(&out(&self.output)));
        assert_eq!(self.output.status.code(), Some(status), "{said}");
        for part in parts {
            assert!(said.contains(part), "`{part}` is not in: {said}");
        }
        said
    }

    fn json(&self, file: &str) -> serde_json::Value {
        let text = fs::read_to_string(self.home.path().join("out").join(file)).unwrap();
        serde_json::from_str(&text).unwrap()
    }
}

const KEPT: &str = "[gate.budgets.\"*\"]\ntotal = \"1h\"\nwarm = \"1h\"\n\
                    cost = \"1000 per million\"";

#[test]
fn a_run_that_is_checked_passes_exceeds_or_is_unclear() {
    let rounds = ["--check", "--rounds", "9"];
    let kept = Ended::run(KEPT, &rounds);
    kept.ends(0, &["Budgets", "within budget"]);
    assert_eq!(kept.json("summary.json")["budgets"].as_array().unwrap().len(), 6);
    let over = "[gate.budgets.node]\ntotal = \"1ms\"\n[gate.budgets.rust]\ntotal = \"1h\"";
    let exceeded = Ended::run(over, &rounds);
    let said = exceeded.ends(1, &["OVER BUDGET: node, total", "of 1.00 ms"]);
    assert!(!said.contains("OVER BUDGET: rust"), "{said}");
    // All is there, and the next look says the same.
    let folder = exceeded.home.path().join("out");
    for file in ["report.html", "report.md", "budgets.csv"] {
        assert!(folder.join(file).is_file(), "{file}");
    }
    assert_eq!(exceeded.json("summary.json")["budgets"][0]["verdict"], "over");
    let again = typed(&["report", &folder.display().to_string()], 0);
    assert!(flat(&again).contains("OVER BUDGET: node, total"), "{again}");
    let few = ["--check", "--rounds", "4"];
    Ended::run(over, &few).ends(0, &["3 rounds are too few for an interval: it takes 6"]);
    Ended::run(over, &[&few[..], &["--strict"]].concat()).ends(3, &["unclear"]);
}

#[test]
fn a_run_that_is_not_checked_tells_its_budgets_and_passes() {
    let over = "[gate.budgets.\"*\"]\ntotal = \"1ms\"";
    Ended::run(over, &["--rounds", "9"]).ends(0, &["OVER BUDGET: ", "over budget"]);
}

#[test]
fn a_gate_judges_the_budgets_of_its_head_beside_the_comparison() {
    let gate = ["gate", "--base", "./"];
    let rounds = ["--rounds", "9", "--no-confirm"];
    let kept = Ended::of(&gate, KEPT, &rounds);
    kept.ends(0, &["Budgets of head", "within budget"]);
    assert_eq!(kept.json("compare.json")["budgets"].as_array().unwrap().len(), 6);
    let over = "[gate.budgets.\"*\"]\ntotal = \"1ms\"";
    let exceeded = Ended::of(&gate, over, &rounds);
    exceeded.ends(1, &["▲ over budget", "Over budget: node, total"]);
    assert_eq!(exceeded.json("compare.json")["outcome"], "regressed");
    // The sides can be judged again, and `show` shows it as it was judged.
    let out = exceeded.home.path().join("out");
    let side = |name: &str| out.join(name).display().to_string();
    typed(&["compare", &side("base"), &side("head")], 1);
    assert!(typed(&["show", &out.display().to_string()], 0).contains("Budgets of head"));
    let sheet = typed(&["show", &out.display().to_string(), "--format", "csv"], 0);
    assert!(sheet.lines().next().unwrap().ends_with(",limit,head_low,head_high"), "{sheet}");
}

#[test]
fn a_price_is_a_budget_by_prices_of_ones_own() {
    let budgets = "[gate.budgets.\"*\"]\ncost = \"1 per million\"";
    let rounds = ["--check", "--rounds", "9"];
    Ended::run(budgets, &rounds).ends(0, &["cost of a million", "What it would cost"]);
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("dear.toml");
    let text = include_str!("../../../functions/prices.toml");
    fs::write(&file, text.replace("request = 0.0000002", "request = 0.00001")).unwrap();
    let file = file.display().to_string();
    let dear = Ended::run(budgets, &[&rounds[..], &["--prices", &file]].concat());
    dear.ends(1, &["OVER BUDGET: ", "cost of a million 10."]);
    let gate = ["--rounds", "9", "--no-confirm", "--prices", &file];
    Ended::of(&["gate", "--base", "./"], budgets, &gate).ends(1, &["cost of a million 10."]);
}

#[test]
fn budgets_of_what_is_not_there_are_told_before_anything_is_measured() {
    let check = |budgets: &str, flags: &[&str], parts: &[&str]| {
        let ended = Ended::run(budgets, flags);
        ended.ends(2, parts);
        assert!(!ended.home.path().join("out").exists());
    };
    let unknown = "[gate.budgets.nod]\ntotal = \"1s\"";
    let told = ["[gate.budgets] has an unknown function `nod`", "did you mean `node`?", "`*`"];
    check(unknown, &[], &told);
    Ended::of(&["gate", "--base", "./"], unknown, &[]).ends(2, &told);
    check("[gate.budgets.node]\nlatency = \"1s\"", &[], &["error[input]", "`latency`"]);
    check("", &["--check"], &["--check: scenario gate has no budget", "[gate.budgets.NAME]"]);
    // Described, and not measured: fine beside others, and nothing to check alone.
    let python = "[gate.budgets.python]\ntotal = \"1s\"";
    check(python, &["--check"], &["no budget of a function that is measured"]);
    Ended::run(python, &["--rounds", "2"]).ends(0, &[]);
}
