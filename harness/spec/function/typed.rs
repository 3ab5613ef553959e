//! Images that were typed -> [`Function`]s: references, and a name for each.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::{
    AdapterKind, Function, HttpRequest, ImageSource, LONGEST_NAME, Launch, Limits, PROCESSES,
    ReplyCheck, is_name,
};

/// Memory of an image that nothing else is said of: 512 MiB, as the functions here.
const MEMORY: u64 = 512 << 20;
/// Time limit of an image that nothing else is said of.
const TIMEOUT: Duration = Duration::from_secs(30);
/// How much of an id or a digest tells images apart, as every tool shows it.
const SHORT: usize = 12;

/// An image as it is typed: `REF`, or `NAME=REF`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypedImage {
    /// What it is to be called; none where the reference says it.
    pub name: Option<String>,
    /// What the engine calls it.
    pub reference: String,
}

impl FromStr for TypedImage {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, reference) = match text.split_once('=') {
            Some((name, reference)) => (Some(name.to_owned()), reference),
            None => (None, text),
        };
        if let Some(name) = name.as_ref().filter(|name| !is_name(name)) {
            let name = name.escape_debug();
            return Err(format!(
                "`{name}` is not a valid name: use lower-case letters, digits and `_`"
            ));
        }
        if !is_reference(reference) || !is_name(&name_of_image(reference)) {
            let shown = reference.escape_debug();
            return Err(format!(
                "`{shown}` is no image reference: write it as `name:tag` or `host/name:tag`"
            ));
        }
        Ok(Self { name, reference: reference.to_owned() })
    }
}

impl fmt::Display for TypedImage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "{name}={}", self.reference),
            None => f.write_str(&self.reference),
        }
    }
}

impl TypedImage {
    /// What it may be called, the best first: as was typed and nothing else, or by its
    /// repository, then with its tag, then with its digest.
    fn names(&self) -> Vec<String> {
        if let Some(name) = &self.name {
            return vec![name.clone()];
        }
        let short = name_of_image(&self.reference);
        let (path, digest) = match self.reference.split_once('@') {
            Some((path, digest)) => (path, digest.rsplit(':').next()),
            None => (self.reference.as_str(), None),
        };
        if is_id(path) {
            return vec![short];
        }
        let digest = digest.map(|hex| hex.chars().take(SHORT).collect::<String>());
        let tag = tag_of(path).map(str::to_owned).or_else(|| digest.clone());
        let tagged = joined(&short, tag.as_deref().unwrap_or(LATEST));
        let by_digest = digest.map(|hex| joined(&short, &hex));
        [Some(short), Some(tagged), by_digest].into_iter().flatten().collect()
    }
}

/// A name for each image: none is one of `taken`, and no two are the same. Images whose
/// names would be the same are told apart by tag, then by digest, all of them alike.
///
/// # Errors
/// Says which of those that were typed cannot be told apart, and what to type.
pub fn names(images: &[TypedImage], taken: &[&str]) -> Result<Vec<String>, String> {
    let all: Vec<Vec<String>> = images.iter().map(TypedImage::names).collect();
    let mut chosen = vec![0; all.len()];
    loop {
        let now: Vec<&String> = all.iter().zip(&chosen).map(|(names, at)| &names[*at]).collect();
        let is_twice = |name: &String| taken.contains(&name.as_str()) || count(&now, name) > 1;
        let twice: Vec<usize> = (0..all.len()).filter(|at| is_twice(now[*at])).collect();
        let Some(first) = twice.first() else {
            return Ok(now.into_iter().cloned().collect());
        };
        let can_be_longer: Vec<usize> =
            twice.iter().copied().filter(|at| chosen[*at] + 1 < all[*at].len()).collect();
        if can_be_longer.is_empty() {
            return Err(not_told_apart(images, &now, now[*first], taken));
        }
        for at in can_be_longer {
            chosen[at] += 1;
        }
    }
}

fn count(names: &[&String], name: &String) -> usize {
    names.iter().filter(|other| **other == name).count()
}

fn not_told_apart(images: &[TypedImage], now: &[&String], name: &str, taken: &[&str]) -> String {
    let mut typed: Vec<String> = images
        .iter()
        .zip(now)
        .filter(|(_, is)| **is == name)
        .map(|(image, _)| format!("`--image {image}`"))
        .collect();
    if taken.contains(&name) {
        typed.push("a function of that name".to_owned());
    }
    let typed = typed.join(" and ");
    format!("{typed} would both be named `{name}`: name one yourself, as in `--image NAME=REF`")
}

/// A name and what tells it from another: the name is cut, what tells is not.
fn joined(name: &str, end: &str) -> String {
    let end = sanitised(end, LONGEST_NAME / 2);
    let most = LONGEST_NAME - 1 - end.len();
    format!("{}_{end}", name.chars().take(most).collect::<String>())
}

impl Function {
    /// An image as it is, with the limits of a small function and any reply taken for
    /// a good one. Its event is one that [`super::check_event`] takes.
    #[must_use]
    pub fn of_image(name: &str, reference: &str, event: &str, position: usize) -> Self {
        Self {
            name: name.to_owned(),
            position,
            recipe: ImageSource::Image(reference.to_owned()),
            is_null: false,
            variant: None,
            optional: false,
            process: Vec::new(),
            is_bare: false,
            stands_for: None,
            version_command: Vec::new(),
            limits: Limits { memory: MEMORY, cpus: None, processes: Some(PROCESSES) },
            timeout: TIMEOUT,
            env: std::collections::BTreeMap::new(),
            launch: Launch::default(),
            event: event.to_owned(),
            reply: ReplyCheck::Any,
            adapter: AdapterKind::default(),
            http: None,
        }
    }

    /// The same as a function that listens, and is asked so.
    #[must_use]
    pub fn listening(self, asked: HttpRequest) -> Self {
        Self { adapter: AdapterKind::Http, http: Some(asked), ..self }
    }
}

/// The tag that is meant where none is written.
const LATEST: &str = "latest";
/// What the id of an image begins with.
const ID: &str = "sha256:";

/// Whether a text may be an image's reference: it becomes part of files and commands.
#[must_use]
pub fn is_reference(text: &str) -> bool {
    let fine = |c: char| c.is_ascii_alphanumeric() || "._-/:@+".contains(c);
    // A command would take it for a flag.
    !text.is_empty() && text.len() <= 512 && !text.starts_with('-') && text.chars().all(fine)
}

/// Whether a reference is the id of an image that an engine has: no registry knows it.
#[must_use]
pub fn is_id(reference: &str) -> bool {
    reference.starts_with(ID)
}

/// The tag of a reference without its digest; none where none is written.
fn tag_of(path: &str) -> Option<&str> {
    let last = path.rsplit('/').next().unwrap_or_default();
    last.split_once(':').map(|(_, tag)| tag)
}

/// The reference with the tag that is meant: an engine that is asked for one without a
/// tag gets every tag of the repository.
#[must_use]
pub fn with_tag(reference: &str) -> String {
    if reference.contains('@') || tag_of(reference).is_some() {
        return reference.to_owned();
    }
    format!("{reference}:{LATEST}")
}

/// `registry:5000/team/Orders-Api:1.2@sha256:...` -> `orders_api`; the id of an image ->
/// its first characters. It may be no name where that is no reference.
#[must_use]
pub fn name_of_image(reference: &str) -> String {
    if let Some(hex) = reference.strip_prefix(ID) {
        return sanitised(hex, SHORT);
    }
    let path = reference.split('@').next().unwrap_or_default();
    let last = path.rsplit('/').next().unwrap_or_default();
    let name = last.split(':').next().unwrap_or_default();
    let is_id = name.len() == 64 && name.bytes().all(|b| b.is_ascii_hexdigit());
    sanitised(name, if is_id { SHORT } else { LONGEST_NAME })
}

fn sanitised(text: &str, most: usize) -> String {
    let letter = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' };
    text.chars().map(letter).take(most).collect()
}
