//! The events of triggers, in the shapes that AWS documents. Pure.

use bytes::Bytes;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use uuid::Uuid;

/// The account that everything belongs to.
const ACCOUNT: &str = "123456789012";
/// Where everything is.
const REGION: &str = "us-east-1";
/// The version of S3's messages: one for all kinds since 2.4
/// (docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html).
const S3_VERSION: &str = "2.6";
/// What stays as it is in a key; a blank becomes a plus.
const KEY: AsciiSet =
    NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'*').remove(b'/').remove(b' ');

/// How an object came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Came {
    /// Written at once.
    Put,
    /// In parts.
    Multipart,
    /// From another object.
    Copied,
}

impl Came {
    fn name(self) -> &'static str {
        match self {
            Came::Put => "ObjectCreated:Put",
            Came::Multipart => "ObjectCreated:CompleteMultipartUpload",
            Came::Copied => "ObjectCreated:Copy",
        }
    }
}

/// An object that came into a bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// The bucket.
    pub bucket: String,
    /// Its key, as it is.
    pub key: String,
    /// Its bytes.
    pub size: u64,
    /// Its entity tag, without quotes; empty where it is not known.
    pub tag: String,
    /// How it came.
    pub came: Came,
    /// The how-manieth change of its bucket that is: later ones are larger.
    pub sequence: u64,
}

/// S3's message of an object.
#[must_use]
pub fn object_created(object: &Object, at: Timestamp) -> Bytes {
    let Object { bucket, key, size, tag, came, sequence } = object;
    let key = utf8_percent_encode(key, &KEY).to_string().replace(' ', "+");
    let record = json!({
        "eventVersion": S3_VERSION,
        "eventSource": "aws:s3",
        "awsRegion": REGION,
        "eventTime": format!("{:.3}", at),
        "eventName": came.name(),
        "userIdentity": { "principalId": "AWS:AIDACOLDSTART" },
        "requestParameters": { "sourceIPAddress": "127.0.0.1" },
        "responseElements": { "x-amz-request-id": Uuid::new_v4().simple().to_string() },
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": "coldstart",
            "bucket": {
                "name": bucket,
                "ownerIdentity": { "principalId": "COLDSTART" },
                "arn": format!("arn:aws:s3:::{bucket}"),
            },
            "object": {
                "key": key,
                "size": size,
                "eTag": tag,
                "sequencer": format!("{sequence:016X}"),
            },
        },
    });
    bytes(&json!({ "Records": [record] }))
}

/// EventBridge's message of a schedule.
#[must_use]
pub fn scheduled(rule: &str, due: Timestamp) -> Bytes {
    bytes(&json!({
        "version": "0",
        "id": Uuid::new_v4().to_string(),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": ACCOUNT,
        "time": due.to_zoned(TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        "region": REGION,
        "resources": [format!("arn:aws:events:{REGION}:{ACCOUNT}:rule/{rule}")],
        "detail": {},
    }))
}

/// A kind of event, and one of it at an instant.
pub type Sample = (&'static str, fn(Timestamp) -> Bytes);

/// An event of each kind, for whoever tries a function by hand.
pub const SAMPLES: [Sample; 3] = [
    ("s3", |at| {
        let object = Object {
            bucket: "pictures".to_owned(),
            key: "red flower.jpg".to_owned(),
            size: 1024,
            tag: "d41d8cd98f00b204e9800998ecf8427e".to_owned(),
            came: Came::Put,
            sequence: 1,
        };
        object_created(&object, at)
    }),
    ("schedule", |at| scheduled("hourly", at)),
    ("url", requested),
];

/// A request of a function's URL, payload 2.0.
fn requested(at: Timestamp) -> Bytes {
    bytes(&json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": "/path",
        "rawQueryString": "name=value",
        "queryStringParameters": { "name": "value" },
        "headers": { "accept": "*/*", "host": "orders.localhost" },
        "requestContext": {
            "accountId": "anonymous",
            "apiId": "orders",
            "domainName": "orders.localhost",
            "domainPrefix": "orders",
            "http": {
                "method": "GET",
                "path": "/path",
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
                "userAgent": "coldstart",
            },
            "requestId": Uuid::new_v4().to_string(),
            "routeKey": "$default",
            "stage": "$default",
            "time": at.to_zoned(TimeZone::UTC).strftime("%d/%b/%Y:%H:%M:%S %z").to_string(),
            "timeEpoch": at.as_millisecond(),
        },
        "isBase64Encoded": false,
    }))
}

fn bytes(value: &Value) -> Bytes {
    Bytes::from(value.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(event: &Bytes) -> Value {
        serde_json::from_slice(event).unwrap()
    }

    #[test]
    fn an_object_is_told_with_its_key_encoded_as_s3_does() {
        let object = Object {
            bucket: "pictures".to_owned(),
            key: "red flower/Blüte+1.jpg".to_owned(),
            size: 7,
            tag: "d41d8cd98f00b204e9800998ecf8427e".to_owned(),
            came: Came::Put,
            sequence: 255,
        };
        let at: Timestamp = "2026-11-27T10:00:00.1234Z".parse().unwrap();
        let event = read(&object_created(&object, at));
        let record = &event["Records"][0];
        assert_eq!(record["s3"]["object"]["key"], "red+flower/Bl%C3%BCte%2B1.jpg");
        assert_eq!(record["s3"]["object"]["sequencer"], "00000000000000FF");
        assert_eq!(record["eventName"], "ObjectCreated:Put");
        assert_eq!(record["eventTime"], "2026-11-27T10:00:00.123Z");
        assert_eq!(record["s3"]["bucket"]["arn"], "arn:aws:s3:::pictures");
        assert!(record["eventVersion"].as_str().unwrap().starts_with("2."));
    }

    #[test]
    fn samples_are_events_of_their_kinds() {
        let at: Timestamp = "2026-11-27T10:00:00Z".parse().unwrap();
        let of = |kind: &str| SAMPLES.iter().find(|(name, _)| *name == kind).unwrap().1(at);
        assert_eq!(read(&of("s3"))["Records"][0]["s3"]["object"]["key"], "red+flower.jpg");
        assert_eq!(read(&of("schedule"))["source"], "aws.events");
        assert_eq!(read(&of("url"))["requestContext"]["timeEpoch"], at.as_millisecond());
    }

    #[test]
    fn a_schedule_is_told_with_the_instant_that_was_due() {
        let due: Timestamp = "2026-11-27T10:00:00Z".parse().unwrap();
        let event = read(&scheduled("hourly", due));
        assert_eq!(event["time"], "2026-11-27T10:00:00Z");
        assert_eq!(event["detail-type"], "Scheduled Event");
        assert!(event["resources"][0].as_str().unwrap().ends_with(":rule/hourly"));
    }
}
