//! How far an instance came that listens, as a failure says it: with what was seen instead.

use std::borrow::Cow;
use std::net::SocketAddr;

use crate::engine::InstanceState;
use crate::probe::socket_trace::{Listening, listening};

/// How far an instance came.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Progress {
    /// Nobody took a connection.
    #[default]
    Silent,
    /// A connection was taken.
    Listens,
    /// A request was sent, so many before it were answered that it is not ready.
    Asked(u32),
}

impl Progress {
    /// A request is about to be sent.
    pub(super) fn asks(&mut self) {
        if *self == Self::Listens {
            *self = Self::Asked(0);
        }
    }

    /// One more request was answered that it is not ready.
    pub(super) fn not_yet(self) -> Self {
        match self {
            Self::Asked(before) => Self::Asked(before.saturating_add(1)),
            Self::Silent | Self::Listens => Self::Asked(1),
        }
    }

    /// In words.
    pub(super) fn told(
        self,
        instance: &InstanceState,
        port: u16,
        shares_ports: bool,
    ) -> Cow<'static, str> {
        match self {
            Self::Asked(0) => "it took the request, and has not answered it".into(),
            Self::Asked(n) => format!("it listens, and answered {n} requests with 503").into(),
            Self::Listens => "it listens, and was not asked yet".into(),
            Self::Silent => {
                let found = instance.pid.map(listening).unwrap_or_default();
                format!("it never listened on port {port}{}", instead(&found, port, shares_ports))
                    .into()
            }
        }
    }
}

/// Where it listens instead, and what to do about it.
fn instead(found: &[Listening], port: u16, shares_ports: bool) -> String {
    let on_it = found.iter().find(|Listening(at)| at.port() == port);
    if let Some(Listening(at)) = on_it {
        let why = match at {
            _ if at.ip().is_loopback() && !shares_ports => {
                "which nothing outside of its container reaches: make it listen on 0.0.0.0"
            }
            SocketAddr::V6(_) => "for IPv6 alone: make it listen on 0.0.0.0, or on both",
            SocketAddr::V4(_) => "where it takes no connections",
        };
        return format!(" so that it can be reached: it listens on {at} alone, {why}");
    }
    let Some(Listening(first)) = found.first() else { return String::new() };
    let all: Vec<String> = found.iter().take(8).map(|Listening(at)| at.to_string()).collect();
    let all = all.join(", ");
    if shares_ports {
        return format!(
            ": it listens on {all}; on the host network each instance needs a port of its own, so \
             make it listen where PORT says, or measure it on `bridge`"
        );
    }
    format!(": it listens on {all}; if that is the one, say `port = {}`", first.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(found: &[&str], shares_ports: bool) -> String {
        let found: Vec<Listening> =
            found.iter().map(|text| Listening(text.parse().unwrap())).collect();
        instead(&found, 8080, shares_ports)
    }

    #[test]
    fn what_listens_elsewhere_is_told_with_its_cure() {
        assert_eq!(told(&[], false), "");
        let other = told(&["0.0.0.0:3000", "127.0.0.1:9229"], false);
        assert!(other.contains("0.0.0.0:3000, 127.0.0.1:9229") && other.contains("`port = 3000`"));
        let fixed = told(&["0.0.0.0:80"], true);
        assert!(fixed.contains("PORT says") && fixed.contains("0.0.0.0:80"), "{fixed}");
        let loopback = told(&["127.0.0.1:8080"], false);
        assert!(loopback.contains("127.0.0.1:8080 alone, which nothing outside"), "{loopback}");
        assert!(told(&["[::1]:8080"], false).contains("listen on 0.0.0.0"));
        assert!(told(&["[::]:8080"], false).contains("for IPv6 alone"));
        assert!(told(&["[::1]:8080"], true).contains("for IPv6 alone"), "the host's loopback");
    }
}
