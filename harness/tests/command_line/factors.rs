//! Runs under several combinations of factors.

use coldstart::spec::control::Control;
use coldstart::spec::factor::Network;
use coldstart::store;

use super::*;

#[test]
fn every_combination_has_rows_and_files_of_its_own() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("run");
    let flags = ["--functions", "rust", "--networks", "bridge,host", "--cpus", "0.5,1"];
    let output = simulate(&folder, &flags);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    for conditions in ["bridge-0-5-cpu", "bridge-1-cpu", "host-0-5-cpu", "host-1-cpu"] {
        for file in [
            format!("histograms/rust-{conditions}-single-call-cold.hlog"),
            format!("histograms/rust-{conditions}-surge-steady-warm.hgrm"),
            format!("charts/cold-{conditions}.svg"),
            format!("charts/phases-{conditions}.svg"),
        ] {
            assert!(folder.join(&file).is_file(), "{file} is missing");
        }
    }
    let run = store::open(&folder).unwrap();
    for network in [Network::Bridge, Network::Host] {
        for thousandths in [500, 1000] {
            let rows = |control: Option<Control>| {
                let under = |s: &&coldstart::sample::Sample| {
                    let factors = &s.cell.factors;
                    let cpus = factors.cpus.map(|c| c.thousandths());
                    factors.network == network && cpus == Some(thousandths)
                };
                run.samples.iter().filter(under).filter(|s| s.cell.control == control).count()
            };
            assert_eq!(rows(None), 3 * (1 + 2 + 2 + 20));
            assert_eq!(rows(Some(Control::Container(0))), 3, "a floor of its own");
        }
    }
    assert!(out(&output).contains("rust, host, 0.5 cpu"), "{}", out(&output));
    let csv = fs::read_to_string(folder.join("summary.csv")).unwrap();
    assert!(csv.lines().next().unwrap().contains("network"), "{csv}");
}

#[test]
fn rows_say_every_factor_and_leave_nothing_open() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("run");
    let flags =
        ["--functions", "rust", "--runtimes", "other", "--memory", "64MiB", "--rounds", "1"];
    let flags = [&flags[..], &["--log-drivers", "none", "--networks", "none"]].concat();
    let output = simulate(&folder, &flags);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    let run = store::open(&folder).unwrap();
    for sample in run.samples.iter().filter(|s| s.cell.control.is_none()) {
        let factors = &sample.cell.factors;
        assert_eq!((factors.network, factors.runtime.as_str()), (Network::None, "other"));
        assert_eq!((factors.memory, factors.log_driver.as_str()), (64 << 20, "none"));
        assert_eq!(factors.cpus, None, "no quota is a value too");
    }
}

#[test]
fn the_plan_names_each_combination() {
    let home = tempfile::tempdir().unwrap();
    let flags = ["--dry-run", "--functions", "rust", "--networks", "host,none", "--cpus", "0.5,1"];
    let output = simulate(&home.path().join("run"), &flags);
    let text = out(&output);
    for combination in ["host, 0.5 cpu", "host, 1 cpu", "none, 0.5 cpu", "none, 1 cpu"] {
        let line = format!("control: null container, {combination}");
        assert_eq!(text.matches(&line).count(), 3, "{text}");
        let line = format!("{combination} single: idle");
        assert_eq!(text.matches(&line).count(), 3, "{text}");
    }
}
