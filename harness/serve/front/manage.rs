//! What there is to call, as clients of Lambda ask for it.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::StatusCode;
use hyper::body::Incoming;
use hyper::header::CONTENT_TYPE;
use hyper::http::request::Parts as Head;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Map, Value, json};

use super::ask::{Asked, query};
use super::fault::Fault;
use super::named::Found;
use super::reply::{self, Parts, Response};
use super::{body, concurrency};
use crate::serve::names::{ACCOUNT, arn};
use crate::serve::report_line::{time, whole_megabytes};
use crate::serve::{NotUpdated, Platform, Served};

/// Functions on a page, unless fewer are asked for.
const MOST_ON_A_PAGE: usize = 50;
/// The longest request for an update, in bytes: it brings no code.
const MOST_UPDATE: usize = 1 << 20;
/// What Lambda may be asked for.
const MOST_ITEMS: usize = 10_000;

impl<P: Platform> Asked<'_, P> {
    /// The functions, a page at a time. A page begins behind the function that its marker names,
    /// whether or not that is still there.
    pub(super) fn list(&self, head: &Head) -> Result<Response, Fault> {
        let most = match query(head, "MaxItems") {
            None => MOST_ON_A_PAGE,
            Some(typed) => match typed.parse::<usize>() {
                Ok(most @ 1..=MOST_ITEMS) => most.min(MOST_ON_A_PAGE),
                _ => return Err(Fault::invalid(format!("MaxItems is from 1 to {MOST_ITEMS}"))),
            },
        };
        let marker = query(head, "Marker").unwrap_or_default();
        let functions = self.front.platform.functions();
        let mut sorted: Vec<&Served> = functions.iter().collect();
        sorted.sort_by(|a, b| a.name.cmp(&b.name));
        let mut rest = sorted.into_iter().filter(|function| function.name > marker).peekable();
        let page: Vec<&Served> = rest.by_ref().take(most).collect();
        let next = rest.peek().and_then(|_| page.last()).map(|last| last.name.clone());
        let page: Vec<Value> = page.into_iter().map(|function| self.describe(function)).collect();
        Ok(self.json(&json!({ "Functions": page, "NextMarker": next })))
    }

    pub(super) fn function(&self, found: &Found) -> Response {
        let function = found.function();
        let image = image(function);
        let mut all = json!({
            "Configuration": self.describe(function),
            "Code": { "RepositoryType": "ECR", "ImageUri": image, "ResolvedImageUri": image },
            "Tags": {},
        });
        if function.reserved.is_some() {
            all["Concurrency"] = concurrency::told(function.reserved);
        }
        self.json(&all)
    }

    pub(super) fn configuration(&self, found: &Found) -> Response {
        self.json(&self.describe(found.function()))
    }

    /// A further version of a function: of an image that the engine has or can get, or of what
    /// the function is made from, as that is now. Code cannot be brought along.
    pub(super) async fn update(
        &self,
        head: &Head,
        name: &str,
        body: Incoming,
    ) -> Result<Response, Fault> {
        let found = self.find(head, name)?;
        let asked = body::read(body, MOST_UPDATE, self.front.limits.body).await?;
        let asked: Update = serde_json::from_slice(&asked).map_err(Fault::no_json)?;
        let own = image(found.function());
        if asked.brings_code() {
            return Err(Fault::invalid(
                "a function is served from an image: name one as ImageUri, or none to have this \
                 one's made again from what it is made from",
            ));
        }
        if !asked.dry_run {
            let image = asked.image_uri.filter(|image| *image != own);
            match self.front.platform.update(&found.function().name, image).await {
                Ok(_) => {}
                Err(NotUpdated::NotFound) => return Err(Fault::invalid("it is gone")),
                Err(NotUpdated::Failed(why)) => return Err(Fault::invalid(why)),
            }
        }
        // As it is now.
        Ok(self.configuration(&self.find(head, name)?))
    }

    /// For whoever looks with a browser.
    pub(super) fn welcome(&self, host: &str) -> Response {
        let functions = self.front.platform.functions();
        let host = crate::text::sanitize::printable(host, 200);
        let mut text = format!("coldstart serve\n\nAWS_ENDPOINT_URL=http://{host}\n\n");
        for function in functions.iter() {
            text.push_str(&format!("http://{host}/url/{}/\n", function.name));
        }
        let mut response = reply::plain(StatusCode::OK, self.id, Parts::of([text.into()]));
        reply::set(&mut response, CONTENT_TYPE, "text/plain; charset=utf-8");
        response
    }

    fn json(&self, value: &Value) -> Response {
        reply::json(StatusCode::OK, self.id, value.to_string())
    }

    fn describe(&self, function: &Served) -> Value {
        let variables: Map<String, Value> = function
            .environment
            .iter()
            .map(|(name, value)| (name.clone(), value.as_str().into()))
            .collect();
        let epoch = self.front.platform.clock().wall_ms(0);
        let mut all = json!({
            "FunctionName": function.name,
            "FunctionArn": arn(function),
            "Role": format!("arn:aws:iam::{ACCOUNT}:role/coldstart"),
            "CodeSize": function.size,
            "CodeSha256": sum(&function.digest),
            "Description": "",
            "Timeout": seconds(function.timeout),
            "LastModified": time(epoch).replace('Z', "+0000"),
            "Version": crate::serve::names::LATEST,
            "RevisionId": function.version.to_string(),
            "PackageType": "Image",
            "Architectures": [architecture()],
            "Environment": { "Variables": variables },
            "TracingConfig": { "Mode": "PassThrough" },
            "State": "Active",
            "LastUpdateStatus": "Successful",
        });
        if let Some(memory) = function.memory {
            all["MemorySize"] = whole_megabytes(memory).into();
        }
        all
    }
}

/// What a client asks for that updates a function, as far as it matters here.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Update {
    image_uri: Option<String>,
    zip_file: Option<IgnoredAny>,
    #[serde(rename = "S3Bucket")]
    bucket: Option<IgnoredAny>,
    dry_run: bool,
}

impl Update {
    fn brings_code(&self) -> bool {
        self.zip_file.is_some() || self.bucket.is_some()
    }
}

/// What a function's image is called.
fn image(function: &Served) -> String {
    format!("sha256:{}", function.digest)
}

/// A whole number: clients read no other. A part of a second counts as all.
fn seconds(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}

/// A digest as Lambda gives it.
fn sum(hex: &str) -> String {
    let pair = |at: usize| hex.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok());
    let bytes: Option<Vec<u8>> = (0..hex.len()).step_by(2).map(pair).collect();
    bytes.map_or_else(|| hex.to_owned(), |bytes| STANDARD.encode(bytes))
}

/// This machine's, by Lambda's name.
fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "aarch64" => "arm64",
        other => other,
    }
}
