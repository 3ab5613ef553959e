//! Where the time of an answer went, for whoever reads `Server-Timing`: in the function, in its
//! init, and in all else that stands between its client and it.

use hyper::header::HeaderName;

use super::reply::{self, Response};
use crate::serve::{Done, report_line::nanoseconds};

const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

/// Adds the shares of a call that came at an instant and is answered at another, in nanoseconds.
pub(super) fn tell(response: &mut Response, done: &Done, arrived: u64, now: u64) {
    let Some(report) = &done.report else { return };
    let all = now.saturating_sub(arrived);
    let function = nanoseconds(report.duration);
    let init = report.init.map_or(0, nanoseconds);
    let platform = all.saturating_sub(function).saturating_sub(init);
    let ms = |ns: u64| {
        let micros = ns / 1000;
        format!("{}.{:03}", micros / 1000, micros % 1000)
    };
    let mut told = format!("platform;dur={}", ms(platform));
    if report.init.is_some() {
        told.push_str(&format!(", init;dur={}", ms(init)));
    }
    told.push_str(&format!(", function;dur={}", ms(function)));
    reply::set(response, SERVER_TIMING, told);
}
