//! Buckets: an S3-compatible server of a library's (`s3s`, objects as files), in front of which
//! stands what sees that an object came, and makes the event of it.
//!
//! Signatures are not checked, as nowhere here: whoever reaches the port may read and write.

use std::convert::Infallible;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use hyper::body::Incoming;
use hyper::header::{AUTHORIZATION, ETAG};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, Uri};
use hyper_util::rt::{TokioIo, TokioTimer};
use jiff::Timestamp;
use percent_encoding::percent_decode_str;
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s_fs::FileSystem;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use super::event::{Came, Object, object_created};
use super::{Deliver, Tell};

/// Connections at a time.
const CONNECTIONS: usize = 256;

/// What is started by objects of a bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trigger {
    /// The bucket's name.
    pub bucket: String,
    /// The function; none for a bucket that starts nothing.
    pub function: Option<Arc<str>>,
    /// How the keys begin that start it.
    pub prefix: String,
}

/// Buckets in a folder, and what they start.
#[derive(Clone)]
pub struct Buckets {
    root: PathBuf,
    store: S3Service,
    triggers: Arc<[Trigger]>,
    sequence: Arc<AtomicU64>,
    deliver: Deliver,
    tell: Tell,
}

impl Buckets {
    /// Opens a folder, in which each bucket is one; those that are named are made.
    ///
    /// # Errors
    /// Names what cannot be made.
    pub fn open(
        root: &Path,
        triggers: Vec<Trigger>,
        deliver: Deliver,
        tell: Tell,
    ) -> Result<Self, String> {
        for trigger in &triggers {
            let folder = root.join(&trigger.bucket);
            std::fs::create_dir_all(&folder)
                .map_err(|e| format!("cannot create {}: {e}", folder.display()))?;
        }
        let files = FileSystem::new(root).map_err(|e| format!("{}: {e:?}", root.display()))?;
        let store = S3ServiceBuilder::new(files).build();
        let (root, triggers, sequence) = (root.to_owned(), triggers.into(), Arc::default());
        Ok(Self { root, store, triggers, sequence, deliver, tell })
    }

    /// Answers requests until it is to stop.
    pub async fn serve(self, listener: TcpListener, stop: impl Future<Output = ()>) {
        let room = Arc::new(Semaphore::new(CONNECTIONS));
        let accept = async {
            loop {
                let Ok(permit) = room.clone().acquire_owned().await else { return };
                match listener.accept().await {
                    Ok((stream, _)) => {
                        let connected = self.clone().connected(stream);
                        tokio::spawn(async move {
                            connected.await;
                            drop(permit);
                        });
                    }
                    // Of one connection, or of descriptors that are used up for now.
                    Err(_) => tokio::time::sleep(std::time::Duration::from_millis(50)).await,
                }
            }
        };
        tokio::select! {
            () = accept => {}
            () = stop => {}
        }
    }

    async fn connected(self, stream: TcpStream) {
        let _ = stream.set_nodelay(true);
        let answer = service_fn(move |request| {
            let own = self.clone();
            async move { Ok::<_, Infallible>(own.answer(request).await) }
        });
        // A client that goes away is no failure of anybody here.
        let _ = http1::Builder::new()
            .timer(TokioTimer::new())
            .serve_connection(TokioIo::new(stream), answer)
            .await;
    }

    async fn answer(self, mut request: Request<Incoming>) -> Response<s3s::Body> {
        let asked = Asked::of(&request);
        unsigned(&mut request);
        let response = match self.store.call(request.map(s3s::Body::from)).await {
            Ok(response) => response,
            Err(error) => {
                (self.tell)(&format!("a request of a bucket failed: {error:?}"));
                let mut response = Response::new(s3s::Body::empty());
                *response.status_mut() = hyper::StatusCode::INTERNAL_SERVER_ERROR;
                return response;
            }
        };
        if let (true, Some(asked)) = (response.status().is_success(), asked) {
            let tag = response.headers().get(ETAG).and_then(|tag| tag.to_str().ok());
            self.came(asked, tag.unwrap_or_default().trim_matches('"').to_owned()).await;
        }
        response
    }

    /// Starts what an object starts that came.
    async fn came(&self, Asked { bucket, key, came }: Asked, tag: String) {
        let starts =
            |trigger: &&Trigger| trigger.bucket == bucket && key.starts_with(&trigger.prefix);
        let started = self.triggers.iter().filter(starts);
        let functions: Vec<Arc<str>> = started.filter_map(|t| t.function.clone()).collect();
        if functions.is_empty() {
            return;
        }
        let file = self.root.join(&bucket).join(&key);
        let size = tokio::fs::metadata(&file).await.map_or(0, |found| found.len());
        let sequence = self.sequence.fetch_add(1, Ordering::Relaxed);
        let object = Object { bucket, key, size, tag, came, sequence };
        for function in functions {
            let event = object_created(&object, Timestamp::now());
            if let Err(why) = (self.deliver)(function.clone(), event).await {
                let Object { bucket, key, .. } = &object;
                (self.tell)(&format!("`{key}` of {bucket} is lost to `{function}`: {why}"));
            }
        }
    }
}

/// An object that comes if the request succeeds.
#[derive(Debug, PartialEq, Eq)]
struct Asked {
    bucket: String,
    key: String,
    came: Came,
}

impl Asked {
    fn of<B>(request: &Request<B>) -> Option<Self> {
        let query = request.uri().query().unwrap_or_default();
        let has = |name: &str| query.split('&').any(|pair| pair.split('=').next() == Some(name));
        // Of an object's neighbours (`acl`, `tagging`, ...) none is an object.
        let is_plain = query
            .split('&')
            .all(|pair| pair.is_empty() || pair.starts_with("x-id=") || pair.starts_with("X-Amz-"));
        let came = match *request.method() {
            Method::PUT if is_plain => match request.headers().contains_key("x-amz-copy-source") {
                true => Came::Copied,
                false => Came::Put,
            },
            Method::POST if has("uploadId") => Came::Multipart,
            _ => return None,
        };
        let path = request.uri().path().strip_prefix('/')?;
        let (bucket, key) = path.split_once('/').filter(|(_, key)| !key.is_empty())?;
        let key = percent_decode_str(key).decode_utf8().ok()?.into_owned();
        Some(Self { bucket: bucket.to_owned(), key, came })
    }
}

/// Takes out of a request what says who signed it: nobody looks at that here.
fn unsigned<B>(request: &mut Request<B>) {
    request.headers_mut().remove(AUTHORIZATION);
    let Some(query) = request.uri().query() else { return };
    let kept: Vec<&str> = query.split('&').filter(|pair| !pair.starts_with("X-Amz-")).collect();
    let path = request.uri().path();
    let text = if kept.is_empty() { path.to_owned() } else { format!("{path}?{}", kept.join("&")) };
    if let Ok(uri) = text.parse::<Uri>() {
        *request.uri_mut() = uri;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(method: Method, uri: &str, copied: bool) -> Option<Asked> {
        let mut request = Request::new(());
        *request.method_mut() = method;
        *request.uri_mut() = uri.parse().unwrap();
        if copied {
            request.headers_mut().insert("x-amz-copy-source", "/a/b".parse().unwrap());
        }
        Asked::of(&request)
    }

    #[test]
    fn an_object_that_comes_is_seen_and_what_stands_beside_it_is_not() {
        let came = |method, uri, copied| asked(method, uri, copied).map(|asked| asked.came);
        assert_eq!(came(Method::PUT, "/in/a.jpg", false), Some(Came::Put));
        assert_eq!(came(Method::PUT, "/in/a.jpg?x-id=PutObject", false), Some(Came::Put));
        assert_eq!(came(Method::PUT, "/in/a.jpg", true), Some(Came::Copied));
        assert_eq!(came(Method::POST, "/in/a.jpg?uploadId=1", false), Some(Came::Multipart));
        let others = ["/in/a?partNumber=1&uploadId=1", "/in/a?acl", "/in/a?tagging", "/in/", "/in"];
        for uri in others {
            assert_eq!(came(Method::PUT, uri, false), None, "{uri}");
        }
        assert_eq!(came(Method::GET, "/in/a.jpg", false), None);
        let asked = asked(Method::PUT, "/in/a%20b/c%C3%BC.jpg", false).unwrap();
        assert_eq!((asked.bucket.as_str(), asked.key.as_str()), ("in", "a b/cü.jpg"));
    }

    #[test]
    fn who_signed_is_of_no_interest() {
        let mut request = Request::new(());
        *request.uri_mut() = "/in/a?X-Amz-Signature=1&x-id=GetObject&X-Amz-Date=2".parse().unwrap();
        request.headers_mut().insert(AUTHORIZATION, "AWS4-HMAC-SHA256 x".parse().unwrap());
        unsigned(&mut request);
        assert_eq!(request.uri(), "/in/a?x-id=GetObject");
        assert!(request.headers().is_empty());
    }
}
