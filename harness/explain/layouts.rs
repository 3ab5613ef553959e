//! What a file belongs to, by the structure of its path: a package where a table of layouts
//! names the folders that package managers make, else its folder. No language is known here.

use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::text::diagnostic::Mistake;

/// The table that comes with the program.
const SHIPPED: &str = include_str!("../../functions/layouts.toml");
/// The most parts of a folder's path that are its name.
const PARTS: usize = 3;

/// Where package managers and runtimes put what.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Layouts {
    /// Folders whose next part is a package.
    below: Vec<Below>,
    /// Folders of one image that are known by what is in them: their paths, and which of
    /// those they are.
    #[serde(skip)]
    known: Vec<(String, usize)>,
    skip: Skip,
    whole: Whole,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Below {
    folders: Vec<String>,
    #[serde(default)]
    endings: Vec<String>,
    /// What in such a folder makes it known.
    #[serde(default)]
    known_by: Vec<String>,
    /// Whether somebody chose what is there.
    #[serde(default)]
    installed: bool,
    scope: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Skip {
    folders: Vec<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Whole {
    endings: Vec<String>,
    /// Those that somebody chose.
    installed: Vec<String>,
}

impl Layouts {
    /// Those that come with the program.
    ///
    /// # Errors
    /// Never: a test reads them.
    pub fn shipped() -> Result<Self> {
        Self::parse(SHIPPED, "functions/layouts.toml")
    }

    /// Those of a file.
    ///
    /// # Errors
    /// Names the file, the line and what was expected.
    pub fn load(path: &Path) -> Result<Self> {
        let text = crate::spec::function::read_text(path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        Self::parse(&text, &path.display().to_string())
    }

    fn parse(text: &str, file: &str) -> Result<Self> {
        Ok(toml::from_str(text).map_err(|error| Mistake::in_toml(text, file, &error))?)
    }

    /// The same for one image: with the folders that are known by what is in them.
    pub(super) fn of_image<'p>(&self, paths: impl Iterator<Item = &'p str>) -> Self {
        let tells = |(at, below): (usize, &Below)| {
            let endings = below.known_by.iter();
            endings.map(|ending| (format!("{ending}/"), at)).collect::<Vec<_>>()
        };
        let tells: Vec<(String, usize)> = self.below.iter().enumerate().flat_map(tells).collect();
        let mut known: Vec<(String, usize)> = Vec::new();
        for path in paths {
            for (ending, at) in &tells {
                let Some(end) = path.find(ending) else { continue };
                let Some((folder, _)) = path[..end].rsplit_once('/') else { continue };
                if !folder.is_empty() && !known.iter().any(|(known, _)| known == folder) {
                    known.push((folder.to_owned(), *at));
                }
            }
        }
        // Of two that hold a file the inner one.
        known.sort_by_key(|(folder, _)| std::cmp::Reverse(folder.len()));
        Self { known, ..self.clone() }
    }

    /// What a file belongs to, and whether that is a package which somebody installed.
    pub(super) fn package(&self, path: &str) -> (String, bool) {
        let skipped =
            |part: &&str| !part.is_empty() && !self.skip.folders.iter().any(|s| s == part);
        let parts: Vec<&str> = path.split('/').filter(skipped).collect();
        let Some((file, folders)) = parts.split_last() else { return ("/".to_owned(), false) };
        let is_one = |of: &[String]| of.iter().any(|ending| file.ends_with(ending.as_str()));
        let installed = is_one(&self.whole.installed);
        if installed || is_one(&self.whole.endings) {
            return ((*file).to_owned(), installed);
        }
        let known = self.known.iter().find_map(|(folder, at)| {
            let rest = path.strip_prefix(folder.as_str())?.strip_prefix('/')?;
            let parts: Vec<&str> = rest.split('/').filter(skipped).collect();
            let below = self.below.get(*at).filter(|_| !parts.is_empty())?;
            Some((below.package(&parts), below.installed))
        });
        if let Some(known) = known {
            return known;
        }
        let named = (0..folders.len()).rev().find_map(|at| {
            let below = self.below.iter().find(|below| below.is_one(folders[at]))?;
            Some((below.package(&parts[at + 1..]), below.installed))
        });
        let folder = || format!("/{}", folders[..folders.len().min(PARTS)].join("/"));
        named.unwrap_or_else(|| (folder(), false))
    }
}

impl Below {
    fn is_one(&self, folder: &str) -> bool {
        self.folders.iter().any(|named| match named.strip_suffix('*') {
            Some(begin) => folder.starts_with(begin),
            None => folder == named,
        })
    }

    /// The package of what stands behind such a folder: at least the file's name.
    fn package(&self, behind: &[&str]) -> String {
        let scope = self.scope.as_deref().filter(|scope| behind[0].starts_with(scope));
        if let (Some(_), [scope, name, _, ..]) = (scope, behind) {
            return format!("{scope}/{name}");
        }
        if let [file] = behind {
            let stem = file.split('.').find(|part| !part.is_empty());
            return stem.unwrap_or(file).to_owned();
        }
        let ending = self.endings.iter().find_map(|ending| behind[0].strip_suffix(ending.as_str()));
        match ending {
            // With its version: `name-1.2`.
            Some(named) => named.split('-').next().unwrap_or(named).to_owned(),
            None => behind[0].to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_file_belongs_to_its_package_and_without_one_to_its_folder() {
        let layouts = Layouts::shipped().unwrap();
        let cases = [
            ("/function/site/site-packages/boto3/session.py", "boto3"),
            ("/usr/lib/python3/dist-packages/six.py", "six"),
            ("/x/site-packages/numpy-2.1.0.dist-info/METADATA", "numpy"),
            ("/x/site-packages/numpy.libs/libopenblas.so", "numpy"),
            ("/usr/lib/python3.13/json/__pycache__/decoder.cpython-313.pyc", "json"),
            ("/usr/lib/python3.13/__pycache__/os.cpython-313.pyc", "os"),
            ("/usr/lib/python3.13/lib-dynload/_json.cpython-313-x86_64-linux-gnu.so", "_json"),
            ("/f/node_modules/express/lib/router.js", "express"),
            ("/f/node_modules/@aws-sdk/client-s3/dist/index.js", "@aws-sdk/client-s3"),
            ("/f/node_modules/a/node_modules/b/i.js", "b"),
            ("/function/lib/jackson-core-2.1.jar", "jackson-core-2.1.jar"),
            ("/usr/lib/x86_64-linux-gnu/a/b/libc.so.6", "/usr/lib/x86_64-linux-gnu"),
            ("/function", "/"),
            ("/", "/"),
            ("", "/"),
        ];
        for (path, package) in cases {
            assert_eq!(layouts.package(path).0, package, "{path}");
        }
        let installed = |path: &str| layouts.package(path).1;
        assert!(installed("/x/site-packages/six.py") && installed("/a.jar"));
        assert!(!installed("/usr/lib/python3.13/json/decoder.py") && !installed("/bin/sh"));
        assert!(!installed("/usr/lib/jvm/lib/server/classes.jsa"), "the runtime's own");
    }

    #[test]
    fn a_folder_is_known_by_what_is_installed_in_it() {
        let paths = ["/function/site/six-1.17.dist-info/RECORD", "/function/site/six.py", "/a/b"];
        let layouts = Layouts::shipped().unwrap();
        assert_eq!(layouts.package("/function/site/six.py"), ("/function/site".to_owned(), false));
        let layouts = layouts.of_image(paths.into_iter());
        assert_eq!(layouts.package("/function/site/six.py"), ("six".to_owned(), true));
        assert_eq!(layouts.package("/function/site/numpy/core/a.so"), ("numpy".to_owned(), true));
        assert_eq!(layouts.package("/function/main.py"), ("/function".to_owned(), false));
    }

    #[test]
    fn a_table_that_is_wrong_is_told_with_its_place() {
        let error = Layouts::parse("[skip]\nfolders = 3\n", "l.toml").unwrap_err();
        assert!(format!("{error:#}").contains("l.toml:2"), "{error:#}");
    }

    proptest! {
        #[test]
        fn whatever_a_path_is_it_belongs_to_something(path in "[a-z/@._\\-]{0,60}") {
            let layouts = Layouts::shipped().unwrap();
            prop_assert!(!layouts.package(&path).0.is_empty());
            let beneath = layouts.package(&format!("/node_modules/{path}"));
            prop_assert!(!beneath.0.is_empty());
        }
    }
}
