//! A file, damaged.

use std::ops::Range;

use rand::Rng;

/// Numbers at the ends of what types hold, and beyond.
const EXTREMES: [&str; 16] = [
    "0",
    "-1",
    "1",
    "4294967295",
    "4294967296",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "-9223372036854775808",
    "1e308",
    "-1e308",
    "1e-320",
    "1e999",
    "0.5",
    "1000000",
];

/// What may stand in place of any other value, in JSON or TOML.
const VALUES: [&str; 6] = ["null", "[]", "{}", "\"x\"", "true", "-0.0"];

/// Texts that attack whoever shows them.
const TEXTS: [&str; 6] = [
    "\\u001b[2J\\u009b1m\\u202e",
    "../../../x",
    "=1+1",
    "",
    "\\u0000<script>|`*",
    "1999-99-99T99:99:99Z",
];

/// Damages a file in one to three ways, which are told.
pub(super) fn damaged(mut bytes: Vec<u8>, rng: &mut impl Rng) -> (Vec<u8>, Vec<String>) {
    let mut how = Vec::new();
    for _ in 0..=below(rng, 3) {
        let (way, apply) = WAYS[below(rng, WAYS.len())];
        bytes = apply(bytes, rng);
        how.push(way.to_owned());
    }
    (bytes, how)
}

type Way = fn(Vec<u8>, &mut dyn Rng) -> Vec<u8>;

/// Numbers and values are in the most places, so they come more often.
const WAYS: [(&str, Way); 10] = [
    ("a byte changed", changed),
    ("cut short", cut),
    ("a line doubled", doubled),
    ("a line gone", gone),
    ("lines changed places", swapped),
    ("a number at an extreme", extreme),
    ("a number at an extreme", extreme),
    ("a value of another kind", other),
    ("a text that attacks", text),
    ("a stretch gone", without),
];

fn below(rng: &mut (impl Rng + ?Sized), most: usize) -> usize {
    (rng.next_u64() % most.max(1) as u64) as usize
}

fn changed(mut bytes: Vec<u8>, rng: &mut dyn Rng) -> Vec<u8> {
    let at = below(rng, bytes.len());
    if let Some(byte) = bytes.get_mut(at) {
        *byte ^= 1 << below(rng, 8);
    }
    bytes
}

fn cut(mut bytes: Vec<u8>, rng: &mut dyn Rng) -> Vec<u8> {
    bytes.truncate(below(rng, bytes.len()));
    bytes
}

fn without(mut bytes: Vec<u8>, rng: &mut dyn Rng) -> Vec<u8> {
    let from = below(rng, bytes.len());
    let to = (from + below(rng, 200)).min(bytes.len());
    bytes.drain(from..to);
    bytes
}

/// Gives the lines of a file, ends included, to be changed.
fn lines(bytes: &[u8], change: impl FnOnce(&mut Vec<&[u8]>)) -> Vec<u8> {
    let mut lines: Vec<&[u8]> = bytes.split_inclusive(|b| *b == b'\n').collect();
    if !lines.is_empty() {
        change(&mut lines);
    }
    lines.concat()
}

fn doubled(bytes: Vec<u8>, rng: &mut dyn Rng) -> Vec<u8> {
    lines(&bytes, |lines| {
        let line = lines[below(rng, lines.len())];
        let at = below(rng, lines.len());
        let times = [1, 1, 2, 50][below(rng, 4)];
        lines.splice(at..at, std::iter::repeat_n(line, times));
    })
}

fn gone(bytes: Vec<u8>, rng: &mut dyn Rng) -> Vec<u8> {
    lines(&bytes, |lines| {
        lines.remove(below(rng, lines.len()));
    })
}

fn swapped(bytes: Vec<u8>, rng: &mut dyn Rng) -> Vec<u8> {
    lines(&bytes, |lines| {
        let (a, b) = (below(rng, lines.len()), below(rng, lines.len()));
        lines.swap(a, b);
    })
}

fn extreme(bytes: Vec<u8>, rng: &mut dyn Rng) -> Vec<u8> {
    let extreme = EXTREMES[below(rng, EXTREMES.len())];
    replaced(bytes, numbers, extreme, rng)
}

fn other(bytes: Vec<u8>, rng: &mut dyn Rng) -> Vec<u8> {
    let value = VALUES[below(rng, VALUES.len())];
    let kinds = [numbers, texts];
    replaced(bytes, kinds[below(rng, 2)], value, rng)
}

fn text(bytes: Vec<u8>, rng: &mut dyn Rng) -> Vec<u8> {
    let text = match below(rng, TEXTS.len() + 1) {
        0 => "x".repeat(100_000),
        i => TEXTS[i - 1].to_owned(),
    };
    replaced(bytes, texts, &format!("\"{text}\""), rng)
}

/// Puts something in place of one of the stretches that are found.
fn replaced(
    mut bytes: Vec<u8>,
    find: fn(&[u8]) -> Vec<Range<usize>>,
    with: &str,
    rng: &mut dyn Rng,
) -> Vec<u8> {
    let found = find(&bytes);
    if let Some(range) = found.get(below(rng, found.len())).cloned() {
        bytes.splice(range, with.bytes());
    }
    bytes
}

/// Where numbers stand, outside words.
fn numbers(bytes: &[u8]) -> Vec<Range<usize>> {
    let is_part = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'+' | b'_');
    let mut all = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let length = bytes[at..].iter().take_while(|b| is_part(b)).count();
        let first = bytes.get(at + usize::from(bytes[at] == b'-'));
        if length > 0 && first.is_some_and(u8::is_ascii_digit) {
            // Of `250ms` the number alone.
            let is_number = |b: &u8| b.is_ascii_digit() || matches!(b, b'.' | b'-');
            let digits = bytes[at..at + length].iter().take_while(|b| is_number(b)).count();
            all.push(at..at + digits);
        }
        at += length.max(1);
    }
    all
}

/// Where texts stand, with their quotes.
fn texts(bytes: &[u8]) -> Vec<Range<usize>> {
    let quotes: Vec<usize> =
        bytes.iter().enumerate().filter(|(_, b)| **b == b'"').map(|(i, _)| i).collect();
    quotes.chunks_exact(2).map(|pair| pair[0]..pair[1] + 1).collect()
}
