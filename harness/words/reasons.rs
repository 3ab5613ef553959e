//! Why figures are not to be believed, and why a row has its verdict: on pages and charts.

use super::plain;
use crate::compare::{Failing, Reason, SideInfo};
use crate::stats::{Fault, MOST_SLOPE_ERROR};

/// Why a run is invalid, without a stop.
pub(crate) fn fault(fault: &Fault) -> String {
    match fault {
        Fault::Slope(series, slope) => format!(
            "the calibration's slope in the {series} is {slope:.4}, more than {} % from 1",
            MOST_SLOPE_ERROR * 100.0
        ),
        Fault::OffTheLine(series, ns) => {
            format!("a known sleep in the {series} is measured {:.2} ms off the line", ns / 1e6)
        }
    }
}

/// All of them in a row.
pub(crate) fn faults(faults: &[Fault]) -> String {
    faults.iter().map(fault).collect::<Vec<_>>().join("; ")
}

/// Why a side of a comparison is invalid; none when it is not.
pub(crate) fn invalid(side: &SideInfo) -> Option<String> {
    (!side.is_valid()).then(|| faults(&side.invalid))
}

/// Why a row is invalid or inconclusive, or what failed, without a stop. Causes are
/// foreign text: tamed.
pub(crate) fn reason(reason: &Reason) -> String {
    let text = match reason {
        Reason::Unknown(side) => format!("not known of {side}"),
        Reason::BothFailed(cause) => format!("every round failed on both sides{}", told(cause)),
        Reason::BaseFailed(cause) => format!("every round failed in base{}", told(cause)),
        Reason::HeadFailed(failed) => {
            let failed = failed.as_ref().map(failing).unwrap_or_default();
            format!("every round failed in head: {failed}")
        }
        Reason::MoreFailures(failed) => failing(failed),
        Reason::TooFew { rounds: [base, head], needed } => format!(
            "{base} and {head} rounds are too few for any verdict: it takes {needed} a side, the \
             first not counted"
        ),
        Reason::NoAlarmBefore => "no alarm before others were measured again".to_owned(),
        Reason::MachineChanged(proved) => {
            format!("the null container {} too: the machine did", changed(*proved))
        }
    };
    plain(&text)
}

/// What became of a null container.
pub(crate) fn changed(proved: bool) -> &'static str {
    if proved { "changed" } else { "may have changed" }
}

fn failing(failed: &Failing) -> String {
    let [(base, of_base), (head, of_head)] = failed.rounds;
    let cause = told(&failed.cause);
    format!("failed in {head} of {of_head} rounds, in base in {base} of {of_base}{cause}")
}

fn told(cause: &Option<String>) -> String {
    cause.as_ref().map_or_else(String::new, |cause| format!(": {cause}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::Side;

    #[test]
    fn every_fault_has_its_sentence() {
        assert_eq!(
            faults(&[Fault::Slope("process", 1.02), Fault::OffTheLine("container", 3e6)]),
            "the calibration's slope in the process is 1.0200, more than 1 % from 1; a known sleep \
             in the container is measured 3.00 ms off the line"
        );
    }

    #[test]
    fn every_reason_has_its_sentence() {
        let check = |of: Reason, text: &str| assert_eq!(reason(&of), text);
        let cause = || Some("exit\ncode 1".to_owned());
        let failed = || Failing { rounds: [(0, 29), (20, 29)], cause: cause() };
        check(Reason::Unknown(Side::Head), "not known of head");
        check(Reason::BothFailed(None), "every round failed on both sides");
        check(Reason::BaseFailed(cause()), "every round failed in base: exit code 1");
        let told = "failed in 20 of 29 rounds, in base in 0 of 29: exit code 1";
        check(Reason::MoreFailures(failed()), told);
        check(Reason::HeadFailed(Some(failed())), &format!("every round failed in head: {told}"));
        check(
            Reason::TooFew { rounds: [3, 4], needed: 6 },
            "3 and 4 rounds are too few for any verdict: it takes 6 a side, the first not counted",
        );
        check(Reason::NoAlarmBefore, "no alarm before others were measured again");
        check(Reason::MachineChanged(true), "the null container changed too: the machine did");
        check(
            Reason::MachineChanged(false),
            "the null container may have changed too: the machine did",
        );
    }
}
