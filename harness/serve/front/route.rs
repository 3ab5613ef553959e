//! What a request is for, by its method, its host and its path.

use std::borrow::Cow;

use hyper::Method;
use percent_encoding::percent_decode_str;

/// The host that every machine knows as itself, whatever stands before it.
const OF_THIS_MACHINE: &str = ".localhost";

/// What a request is for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wanted<'a> {
    /// What is served here, in words.
    Welcome,
    /// A call.
    Invoke(Cow<'a, str>),
    /// A call whose answer is streamed.
    Stream(Cow<'a, str>),
    /// The functions.
    List,
    /// A function and where its code is.
    Get(Cow<'a, str>),
    /// A function.
    Configuration(Cow<'a, str>),
    /// A further version of a function.
    Update(Cow<'a, str>),
    /// Calls at a time are made a function's own.
    Reserve(Cow<'a, str>),
    /// They are so no more.
    Unreserve(Cow<'a, str>),
    /// How many are.
    Reserved(Cow<'a, str>),
    /// The URL of a function: its name, and the path behind it.
    Url(&'a str, &'a str),
    /// Nothing that is served here.
    Nothing,
}

impl<'a> Wanted<'a> {
    /// `host` is the request's, with its port.
    pub(super) fn by(method: &Method, host: Option<&'a str>, path: &'a str) -> Self {
        if let Some(name) = host.and_then(of_host) {
            return Wanted::Url(name, path);
        }
        if let Some(rest) = path.strip_prefix("/url/") {
            let (name, path) = rest.find('/').map_or((rest, "/"), |at| rest.split_at(at));
            return Wanted::Url(name, path);
        }
        let is = |wanted: Method| *method == wanted;
        if path == "/" && is(Method::GET) {
            return Wanted::Welcome;
        }
        let mut parts = path.trim_start_matches('/').splitn(3, '/');
        let (Some(version), Some("functions")) = (parts.next(), parts.next()) else {
            return Wanted::Nothing;
        };
        let rest = parts.next().unwrap_or_default().trim_end_matches('/');
        let (name, act) = rest.split_once('/').unwrap_or((rest, ""));
        let name = || percent_decode_str(name).decode_utf8_lossy();
        match (version, act) {
            ("2015-03-31", "") if rest.is_empty() && is(Method::GET) => Wanted::List,
            ("2015-03-31", "") if is(Method::GET) => Wanted::Get(name()),
            ("2015-03-31", "configuration") if is(Method::GET) => Wanted::Configuration(name()),
            ("2015-03-31", "code") if is(Method::PUT) => Wanted::Update(name()),
            ("2017-10-31", "concurrency") if is(Method::PUT) => Wanted::Reserve(name()),
            ("2017-10-31", "concurrency") if is(Method::DELETE) => Wanted::Unreserve(name()),
            ("2019-09-30", "concurrency") if is(Method::GET) => Wanted::Reserved(name()),
            ("2015-03-31", "invocations") if is(Method::POST) => Wanted::Invoke(name()),
            ("2021-11-15", "response-streaming-invocations") if is(Method::POST) => {
                Wanted::Stream(name())
            }
            _ => Wanted::Nothing,
        }
    }
}

/// The function of a host such as `orders.localhost:9001`.
fn of_host(host: &str) -> Option<&str> {
    let host = host.rsplit_once(':').map_or(host, |(host, _)| host);
    let name = host.strip_suffix(OF_THIS_MACHINE)?;
    (!name.is_empty() && !name.contains('.')).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by(method: &Method, host: &'static str, path: &'static str) -> Wanted<'static> {
        Wanted::by(method, Some(host), path)
    }

    #[test]
    fn the_paths_of_the_api_with_and_without_a_last_slash() {
        let (get, post, host) = (Method::GET, Method::POST, "127.0.0.1:9001");
        let name = || Cow::Borrowed("f");
        assert_eq!(by(&get, host, "/2015-03-31/functions/"), Wanted::List);
        assert_eq!(by(&get, host, "/2015-03-31/functions"), Wanted::List);
        assert_eq!(by(&get, host, "/2015-03-31/functions/f"), Wanted::Get(name()));
        assert_eq!(by(&get, host, "/2015-03-31/functions/f/"), Wanted::Get(name()));
        let configuration = "/2015-03-31/functions/f/configuration";
        assert_eq!(by(&get, host, configuration), Wanted::Configuration(name()));
        let invoke = "/2015-03-31/functions/f/invocations";
        assert_eq!(by(&post, host, invoke), Wanted::Invoke(name()));
        let stream = "/2021-11-15/functions/f/response-streaming-invocations";
        assert_eq!(by(&post, host, stream), Wanted::Stream(name()));
        let code = "/2015-03-31/functions/f/code";
        assert_eq!(by(&Method::PUT, host, code), Wanted::Update(name()));
        let put = "/2017-10-31/functions/f/concurrency";
        assert_eq!(by(&Method::PUT, host, put), Wanted::Reserve(name()));
        assert_eq!(by(&Method::DELETE, host, put), Wanted::Unreserve(name()));
        assert_eq!(by(&get, host, put), Wanted::Nothing);
        let reserved = "/2019-09-30/functions/f/concurrency";
        assert_eq!(by(&get, host, reserved), Wanted::Reserved(name()));
        assert_eq!(by(&get, host, "/"), Wanted::Welcome);
        for path in ["/2015-03-31/functions/f/policy", "/2015-03-31", "/x", "//", ""] {
            assert_eq!(by(&get, host, path), Wanted::Nothing, "{path}");
        }
        assert_eq!(by(&get, host, invoke), Wanted::Nothing);
    }

    #[test]
    fn names_are_decoded_as_clients_encode_them() {
        let path =
            "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aeu-west-1%3A1%3Afunction%3Af/invocations";
        let arn = "arn:aws:lambda:eu-west-1:1:function:f".to_owned();
        assert_eq!(by(&Method::POST, "h", path), Wanted::Invoke(Cow::Owned(arn)));
    }

    #[test]
    fn a_host_or_a_path_names_the_function_of_a_url() {
        let get = Method::GET;
        assert_eq!(by(&get, "orders.localhost:9001", "/a/b"), Wanted::Url("orders", "/a/b"));
        assert_eq!(by(&get, "orders.localhost", "/"), Wanted::Url("orders", "/"));
        assert_eq!(by(&get, "localhost:1", "/url/orders/a%20b"), Wanted::Url("orders", "/a%20b"));
        assert_eq!(by(&get, "localhost:1", "/url/orders"), Wanted::Url("orders", "/"));
        assert_eq!(by(&get, "a.b.localhost", "/"), Wanted::Welcome);
        assert_eq!(by(&get, ".localhost", "/"), Wanted::Welcome);
    }
}
