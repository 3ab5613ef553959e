//! `application/vnd.amazon.eventstream`: the frames of an answer that is streamed.
//!
//! A frame is its length and that of its headers, a checksum of these, the headers, the payload,
//! and a checksum of all.

use bytes::{BufMut, Bytes, BytesMut};
use crc32fast::Hasher;

pub(super) const CONTENT_TYPE: &str = "application/vnd.amazon.eventstream";
/// The most of an answer in a frame.
const MOST_PAYLOAD: usize = 256 << 10;
/// What a header's value is: a text.
const TEXT: u8 = 7;

/// The frames of an answer, in parts, of which none is copied.
pub(super) fn chunks(mut answer: Bytes) -> Vec<Bytes> {
    let mut parts = Vec::new();
    while !answer.is_empty() {
        let payload = answer.split_to(answer.len().min(MOST_PAYLOAD));
        parts.extend(frame("PayloadChunk", "application/octet-stream", payload));
    }
    parts
}

/// The last frame.
pub(super) fn complete(document: String) -> [Bytes; 3] {
    frame("InvokeComplete", "application/json", document.into())
}

fn frame(event: &str, content: &str, payload: Bytes) -> [Bytes; 3] {
    let mut headers = BytesMut::new();
    let pairs = [(":event-type", event), (":content-type", content), (":message-type", "event")];
    for (name, value) in pairs {
        // They are ours, and short.
        headers.put_u8(u8::try_from(name.len()).unwrap_or_default());
        headers.put_slice(name.as_bytes());
        headers.put_u8(TEXT);
        headers.put_u16(u16::try_from(value.len()).unwrap_or_default());
        headers.put_slice(value.as_bytes());
    }
    let lengths = [16 + headers.len() + payload.len(), headers.len()];
    let mut head = BytesMut::with_capacity(12 + headers.len());
    for length in lengths {
        head.put_u32(u32::try_from(length).unwrap_or(u32::MAX));
    }
    let prelude = crc32fast::hash(&head);
    head.put_u32(prelude);
    head.put_slice(&headers);
    let mut sum = Hasher::new();
    sum.update(&head);
    sum.update(&payload);
    let sum = Bytes::copy_from_slice(&sum.finalize().to_be_bytes());
    [head.freeze(), payload, sum]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The payloads of a stream by their events, everything checked.
    fn read(mut bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
        let number = |bytes: &[u8]| u32::from_be_bytes(bytes[..4].try_into().unwrap());
        let mut all = Vec::new();
        while !bytes.is_empty() {
            let (length, headers) = (number(bytes) as usize, number(&bytes[4..]) as usize);
            assert_eq!(number(&bytes[8..]), crc32fast::hash(&bytes[..8]));
            let frame = &bytes[..length];
            assert_eq!(number(&frame[length - 4..]), crc32fast::hash(&frame[..length - 4]));
            let (mut rest, mut event) = (&frame[12..12 + headers], String::new());
            while !rest.is_empty() {
                let (name, after) = rest[1..].split_at(rest[0] as usize);
                assert_eq!(after[0], TEXT);
                let length = u16::from_be_bytes([after[1], after[2]]) as usize;
                let (value, after) = after[3..].split_at(length);
                if name == b":event-type" {
                    event = String::from_utf8(value.to_vec()).unwrap();
                }
                rest = after;
            }
            all.push((event, frame[12 + headers..length - 4].to_vec()));
            bytes = &bytes[length..];
        }
        all
    }

    #[test]
    fn a_long_answer_is_several_frames_and_none_an_empty_one() {
        let answer = Bytes::from(vec![b'a'; MOST_PAYLOAD * 2 + 1]);
        let stream = chunks(answer.clone()).into_iter().chain(complete("{}".to_owned()));
        let read = read(&stream.collect::<Vec<_>>().concat());
        let lengths: Vec<usize> = read.iter().map(|(_, payload)| payload.len()).collect();
        assert_eq!(lengths, [MOST_PAYLOAD, MOST_PAYLOAD, 1, 2]);
        assert_eq!(read.last().unwrap().0, "InvokeComplete");
        let whole: Vec<u8> = read[..3].iter().flat_map(|(_, payload)| payload.clone()).collect();
        assert_eq!(whole, answer);
        assert!(chunks(Bytes::new()).is_empty());
    }
}
