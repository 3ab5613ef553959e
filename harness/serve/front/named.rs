//! Which function a client means: a name, a partial or a full ARN, with or without a qualifier.

use super::fault::Fault;
use crate::serve::names::{LATEST, arn, arn_of_none};
use crate::serve::{Functions, Served};

/// What a client called a function.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Named<'a> {
    name: &'a str,
    qualifier: Option<&'a str>,
}

impl<'a> Named<'a> {
    /// Of the words in a path, and the qualifier that was asked for beside them.
    pub(super) fn parse(words: &'a str, beside: Option<&'a str>) -> Result<Self, Fault> {
        let invalid = || Fault::invalid_name(words);
        let parts: Vec<&str> = words.split(':').collect();
        // The account, region and partition of whoever asks are not ours to check.
        let (name, within) = match parts.as_slice() {
            ["arn", _, "lambda", _, _, "function", name] | [_, "function", name] => (*name, None),
            ["arn", _, "lambda", _, _, "function", name, q] | [_, "function", name, q] => {
                (*name, Some(*q))
            }
            [name] => (*name, None),
            [name, qualifier] => (*name, Some(*qualifier)),
            _ => return Err(invalid()),
        };
        let fits = |text: &str| {
            let fine = |c: char| c.is_ascii_alphanumeric() || "-_.$".contains(c);
            !text.is_empty() && text.len() <= 140 && text.chars().all(fine)
        };
        if !fits(name) || !within.into_iter().chain(beside).all(fits) {
            return Err(invalid());
        }
        match (within, beside) {
            (Some(within), Some(beside)) if within != beside => Err(Fault::two_qualifiers()),
            _ => Ok(Self { name, qualifier: within.or(beside) }),
        }
    }

    /// The function that it is, and the version as it was asked for.
    pub(super) fn find(&self, functions: &Functions) -> Result<Found, Fault> {
        let Some(at) = functions.iter().position(|function| function.name == self.name) else {
            let name = arn_of_none(self.name);
            let qualified = self.qualifier.map(|q| format!("{name}:{q}"));
            return Err(Fault::not_found(&qualified.unwrap_or(name)));
        };
        let found = Found { functions: functions.clone(), at, by_number: false };
        match self.qualifier {
            None | Some(LATEST) => Ok(found),
            Some(q) if q == found.function().version.to_string() => {
                Ok(Found { by_number: true, ..found })
            }
            Some(q) => Err(Fault::not_found(&format!("{}:{q}", arn(found.function())))),
        }
    }
}

/// A function that was found.
#[derive(Debug)]
pub(super) struct Found {
    functions: Functions,
    at: usize,
    by_number: bool,
}

impl Found {
    pub(super) fn function(&self) -> &Served {
        &self.functions[self.at]
    }

    /// What the version is called: as it was asked for.
    pub(super) fn version(&self, version: u32) -> String {
        if self.by_number { version.to_string() } else { LATEST.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_partial_and_full_arns() {
        let full = "arn:aws:lambda:eu-west-1:123456789012:function:f";
        for words in ["f", "123456789012:function:f", full, "arn:aws-cn:lambda:a:b:function:f"] {
            let named = Named { name: "f", qualifier: None };
            assert_eq!(Named::parse(words, None).unwrap(), named, "{words}");
            let qualified = format!("{words}:7");
            let named = Named { name: "f", qualifier: Some("7") };
            assert_eq!(Named::parse(&qualified, None).unwrap(), named, "{words}");
            assert_eq!(Named::parse(&qualified, Some("7")).unwrap(), named, "{words}");
            assert_eq!(Named::parse(words, Some("7")).unwrap(), named, "{words}");
            assert!(Named::parse(&qualified, Some("8")).is_err(), "{words}");
        }
        for words in ["", "a b", "a/b", "arn:aws:s3:::f", "1:2:3:4", "f:", ":f", "f\n"] {
            assert!(Named::parse(words, None).is_err(), "{words}");
        }
    }
}
