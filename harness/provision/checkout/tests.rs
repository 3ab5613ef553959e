use std::fs;
use std::process::Command;

use tempfile::TempDir;

use super::*;

/// Git without what the person who runs the tests has configured.
const GIT: [&str; 4] = ["env", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1", "git"];
const FILE: &str = "functions/functions.toml";
/// Where nothing can be kept.
const NOWHERE: &str = "/dev/null/none";

/// Enough of a description to be read: one function, in `functions/one`.
const FUNCTIONS: &str = r#"
[[function]]
name = "one"
context = "one"
files = ["Dockerfile"]
version-command = ["true"]
memory = "64MiB"
timeout = "1s"
event = "{}"
"#;

struct Repo(TempDir);

impl Repo {
    /// A repository with one commit on `main` that holds a function.
    fn new() -> Self {
        let repo = Self(tempfile::tempdir().unwrap());
        repo.git(&["init", "--quiet", "--initial-branch=main"]);
        repo.write(FILE, FUNCTIONS);
        repo.write("functions/one/Dockerfile", "FROM scratch\n");
        repo.commit();
        repo
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn git(&self, arguments: &[&str]) -> String {
        let mut command = Command::new(GIT[0]);
        command.args(&GIT[1..]).current_dir(self.path());
        command.args(["-c", "user.name=A", "-c", "user.email=a@example.invalid"]);
        for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"] {
            command.env_remove(name);
        }
        let output = command.args(["-c", "protocol.file.allow=always"]).args(arguments).output();
        let output = output.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
    }

    /// Commits everything; returns the full commit.
    fn commit(&self) -> String {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "--message", "a step"]);
        self.git(&["rev-parse", "HEAD"])
    }

    fn open(&self, text: &str) -> Result<Side, SideError> {
        open(self.path(), text, FILE)
    }

    fn working_tree(&self) -> Side {
        let git = Git { program: &GIT, here: self.path() };
        wait(Side::from_folder("working tree", git, Path::new(FILE), ":/")).unwrap()
    }

    /// Every file of the repository itself, with its content.
    fn inside(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut found = Vec::new();
        let mut folders = vec![self.path().join(".git")];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                match path.is_dir() {
                    true => folders.push(path),
                    false => found.push((path.clone(), fs::read(path).unwrap())),
                }
            }
        }
        found.sort();
        found
    }
}

fn open(here: &Path, text: &str, file: &str) -> Result<Side, SideError> {
    wait(Side::open_in(Git { program: &GIT, here }, text, Path::new(file), NOWHERE.as_ref()))
}

fn wait<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.unwrap().block_on(work)
}

/// The message of what was typed wrongly.
fn wrong(result: Result<Side, SideError>) -> String {
    match result.unwrap_err() {
        SideError::Typed(message) => message,
        other => panic!("not what was typed: {other}"),
    }
}

/// The message of what stands in the way.
fn in_the_way(result: Result<Side, SideError>) -> String {
    match result.unwrap_err() {
        SideError::Environment(message) => message,
        other => panic!("not the environment: {other}"),
    }
}

fn holds(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "`{part}` is not in: {text}");
    }
}

#[test]
fn a_ref_is_its_whole_tree_and_leaves_nothing() {
    let repo = Repo::new();
    repo.write("beside.txt", "old");
    let first = repo.commit();
    repo.git(&["tag", "v1"]);
    repo.write("beside.txt", "new");
    let second = repo.commit();
    repo.write("untracked.txt", "x");
    let before = repo.inside();
    for (text, commit, content) in [
        ("main", &second, "new"),
        ("HEAD", &second, "new"),
        ("HEAD~1", &first, "old"),
        ("v1", &first, "old"),
        (&first[..10], &first, "old"),
    ] {
        let side = repo.open(text).unwrap();
        assert_eq!(side.commit.as_ref(), Some(commit));
        assert_eq!(side.label, format!("{text} ({})", &commit[..12]));
        assert!(!side.dirty);
        assert_eq!(side.functions_file(), side.root.join(FILE));
        assert_eq!(fs::read_to_string(side.root.join("beside.txt")).unwrap(), content);
        assert_eq!(fs::read_to_string(side.functions_file()).unwrap(), FUNCTIONS);
        assert!(!side.root.join("untracked.txt").exists() && !side.root.join(".git").exists());
        let root = side.root.clone();
        drop(side);
        assert!(!root.exists() && !root.parent().unwrap().exists());
    }
    assert!(repo.inside() == before, "the repository was written to");
}

#[test]
fn attributes_links_and_modes_are_those_of_a_checkout() {
    let repo = Repo::new();
    repo.write(".gitattributes", "*.hidden export-ignore\n*.id export-subst\n");
    repo.write("a.hidden", "needed");
    repo.write("a.id", "$Format:%H$");
    repo.write("run.sh", "true");
    let script = repo.path().join("run.sh");
    fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    std::os::unix::fs::symlink("run.sh", repo.path().join("link")).unwrap();
    repo.commit();
    let side = repo.open("main").unwrap();
    let read = |name: &str| fs::read_to_string(side.root.join(name)).unwrap();
    assert_eq!(read("a.hidden"), "needed");
    assert_eq!(read("a.id"), "$Format:%H$");
    let mode = std::os::unix::fs::PermissionsExt::mode;
    assert!(mode(&fs::metadata(side.root.join("run.sh")).unwrap().permissions()) & 0o100 != 0);
    assert_eq!(fs::read_link(side.root.join("link")).unwrap(), Path::new("run.sh"));
}

/// Neither what is configured nor a sparse checkout changes what is unpacked, and no
/// hook is run.
#[test]
fn settings_of_the_repository_do_not_count() {
    let repo = Repo::new();
    repo.write("beside/file.txt", "x");
    repo.commit();
    repo.git(&["sparse-checkout", "set", "--sparse-index", "functions"]);
    repo.git(&["config", "core.splitIndex", "true"]);
    let hook = repo.path().join(".git/hooks/post-index-change");
    fs::create_dir_all(hook.parent().unwrap()).unwrap();
    fs::write(&hook, "#!/bin/sh\ntouch hooked \"$GIT_DIR/hooked\"\n").unwrap();
    fs::set_permissions(&hook, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let before = repo.inside();
    let side = repo.open("main").unwrap();
    assert!(side.root.join("beside/file.txt").is_file());
    assert!(!repo.working_tree().dirty);
    assert!(repo.inside() == before, "the repository was written to");
    assert!(!side.root.join("hooked").exists());
}

#[test]
fn below_the_root_of_the_repository_the_place_is_kept() {
    let repo = Repo::new();
    repo.write("team/functions/functions.toml", FUNCTIONS);
    repo.write("team/functions/one/Dockerfile", "FROM scratch\n");
    repo.commit();
    let team = repo.path().join("team");
    let side = open(&team, "main", FILE).unwrap();
    assert!(side.root.ends_with("tree/team"), "{}", side.root.display());
    assert!(side.functions_file().ends_with("tree/team/functions/functions.toml"));
    let above = open(&team, "main", "../functions/functions.toml").unwrap();
    assert!(above.functions_file().ends_with("tree/functions/functions.toml"));
    let outside = wrong(open(&team, "main", "../../functions.toml"));
    holds(&outside, &["../../functions.toml", "outside of the repository"]);
}

#[test]
fn a_linked_worktree_is_a_repository_too() {
    let repo = Repo::new();
    let other = tempfile::tempdir().unwrap();
    let path = other.path().join("linked");
    repo.git(&["worktree", "add", "--quiet", "--detach", path.to_str().unwrap()]);
    assert!(open(&path, "main", FILE).unwrap().functions_file().is_file());
}

#[test]
fn the_working_tree_says_whether_it_was_changed() {
    let repo = Repo::new();
    let commit = repo.git(&["rev-parse", "HEAD"]);
    let side = repo.working_tree();
    assert_eq!(side.label, format!("working tree ({})", &commit[..12]));
    assert!(!side.dirty && side.root == repo.path());
    assert_eq!(side.commit, Some(commit.clone()));
    repo.write(".gitignore", "/target/\n");
    repo.commit();
    repo.write("target/x", "ignored");
    assert!(!repo.working_tree().dirty);
    repo.write("functions/one/new.txt", "untracked");
    let before = repo.inside();
    let side = repo.working_tree();
    assert!(side.dirty && side.label.ends_with(" + changes)"), "{}", side.label);
    assert!(repo.inside() == before, "the repository was written to");
}

#[test]
fn a_folder_is_taken_as_it_is() {
    let repo = Repo::new();
    let commit = repo.git(&["rev-parse", "HEAD"]);
    let parent = repo.path().parent().unwrap();
    let name = format!("./{}", repo.path().file_name().unwrap().to_str().unwrap());
    let side = open(parent, &name, FILE).unwrap();
    assert_eq!(side.label, format!("{name} ({})", &commit[..12]));
    assert!(side.root == repo.path() && !side.dirty);
    repo.write("functions/one/Dockerfile", "FROM other\n");
    // The same folder may be both sides.
    for text in [format!("{name}/"), format!("{}/", repo.path().display())] {
        let side = open(parent, &text, FILE).unwrap();
        assert!(side.dirty && side.root == repo.path(), "{}", side.root.display());
    }
    // Changes elsewhere are not this folder's.
    repo.write("copy/functions/functions.toml", FUNCTIONS);
    repo.git(&["add", "copy"]);
    repo.git(&["commit", "--quiet", "--message", "a copy"]);
    assert!(!repo.open("copy/").unwrap().dirty);
}

#[test]
fn a_folder_that_no_commit_holds_has_none() {
    let plain = tempfile::tempdir().unwrap();
    fs::create_dir(plain.path().join("functions")).unwrap();
    fs::write(plain.path().join(FILE), FUNCTIONS).unwrap();
    let side = open(plain.path(), ".", FILE).unwrap();
    assert_eq!((side.label.as_str(), side.commit, side.dirty), (".", None, false));
    // Git is needed for refs alone.
    let git = Git { program: &["no-such-git"], here: plain.path() };
    assert_eq!(
        wait(Side::open_in(git, "./", Path::new(FILE), NOWHERE.as_ref())).unwrap().commit,
        None
    );
    // Ignored within a repository, and in one without a commit.
    let repo = Repo::new();
    repo.write(".gitignore", "/old/\n");
    repo.write("old/functions/functions.toml", FUNCTIONS);
    assert_eq!(repo.open("./old").unwrap().label, "./old");
    fs::remove_dir_all(repo.path().join(".git")).unwrap();
    repo.git(&["init", "--quiet"]);
    assert_eq!(repo.working_tree().label, "working tree");
}

#[test]
fn what_was_built_in_a_checkout_is_there_the_next_time_beside_what_the_commit_holds() {
    let repo = Repo::new();
    let kept = tempfile::tempdir().unwrap();
    let open = || {
        let git = Git { program: &GIT, here: repo.path() };
        wait(Side::open_in(git, "main", Path::new(FILE), kept.path())).unwrap()
    };
    let (built, changed) = ("functions/one/built", "functions/one/Dockerfile");
    let first = open().root;
    fs::write(first.join(built), "").unwrap();
    let again = open().root;
    assert!(again == first && again.join(built).exists());
    // Whatever changed it: it is what the commit holds again.
    for spoil in [|path: &Path| fs::write(path, "FROM x\n"), |path: &Path| fs::remove_file(path)] {
        spoil(&again.join(changed)).unwrap();
        let anew = open().root;
        assert_eq!(fs::read_to_string(anew.join(changed)).unwrap(), "FROM scratch\n");
    }
    let age = |name: &str| first.join(name).metadata().unwrap().modified().unwrap();
    let before = age(FILE);
    repo.write(changed, "FROM y\n");
    repo.write("functions/one/new", "");
    let old = repo.git(&["rev-parse", "HEAD"]);
    repo.commit();
    let next = open().root;
    assert_eq!(fs::read_to_string(next.join(changed)).unwrap(), "FROM y\n");
    assert!(next == first && next.join("functions/one/new").exists() && next.join(built).exists());
    assert_eq!(age(FILE), before, "what is the same is not written");
    repo.git(&["reset", "--quiet", "--hard", &old]);
    assert!(!open().root.join("functions/one/new").exists());
    fs::write(first.parent().unwrap().join("index"), "garbage").unwrap();
    assert!(open().root.join(FILE).exists() && !first.join(built).exists());
}

#[test]
fn what_is_a_folder_is_decided_by_the_text_alone() {
    for text in [".", "./a", "../a", "/a", "~", "~/a", "a/", ".hidden"] {
        assert!(is_folder(text), "{text}");
    }
    for text in ["a", "origin/main", "HEAD~1", "v1.0", "feature/x", "-x", "@{u}"] {
        assert!(!is_folder(text), "{text}");
    }
    let home = std::env::home_dir().unwrap();
    assert_eq!(expand(Path::new("/here"), "~/a"), home.join("a"));
    assert_eq!(expand(Path::new("/here"), "./a/"), Path::new("/here/a"));
}

#[test]
fn an_unknown_ref_says_what_to_do() {
    let repo = Repo::new();
    let message = wrong(repo.open("origin/release"));
    holds(&message, &["unknown ref `origin/release`", "`git fetch origin release`"]);
    holds(&message, &["`fetch-depth: 0`", "`./origin/release`", "often holds one commit"]);
    holds(&wrong(repo.open("HEAD~9")), &["`git fetch --unshallow origin`"]);
    repo.git(&["tag", "picture", "HEAD:functions/functions.toml"]);
    holds(&wrong(repo.open("picture")), &["(git: ", "expected commit type"]);
    holds(&wrong(repo.open("")), &["names no side"]);
    // Ranges, exclusions and options are no refs.
    for text in ["main..main", "^main", "--all", "-q", "--output=x", "main\nmain", "a\u{1b}[31mb"] {
        let message = wrong(repo.open(text));
        holds(&message, &["unknown ref"]);
        assert!(!message.contains(char::is_control), "{message:?}");
    }
    repo.commit();
    let clone = tempfile::tempdir().unwrap();
    let from = format!("file://{}", repo.path().display());
    repo.git(&["clone", "--quiet", "--depth=1", &from, clone.path().to_str().unwrap()]);
    holds(&wrong(open(clone.path(), "HEAD~1", FILE)), &["this clone is shallow", "--unshallow"]);
}

#[test]
fn outside_of_a_repository_there_are_no_refs() {
    let plain = tempfile::tempdir().unwrap();
    let message = wrong(open(plain.path(), "main", FILE));
    holds(&message, &[plain.path().to_str().unwrap(), "no git repository", "`./name`"]);
}

#[test]
fn a_missing_git_is_named() {
    let repo = Repo::new();
    let git = Git { program: &["no-such-git"], here: repo.path() };
    let message = in_the_way(wait(Side::open_in(git, "main", Path::new(FILE), NOWHERE.as_ref())));
    holds(&message, &["`no-such-git`", "install git", "`./name`"]);
}

#[test]
fn a_repository_of_somebody_else_is_refused_with_the_cure() {
    let repo = Repo::new();
    let foreign = [
        "env",
        "GIT_TEST_ASSUME_DIFFERENT_OWNER=1",
        "GIT_CONFIG_GLOBAL=/dev/null",
        "GIT_CONFIG_NOSYSTEM=1",
        "git",
    ];
    let git = Git { program: &foreign, here: repo.path() };
    for text in ["main", "./"] {
        let message = in_the_way(wait(Side::open_in(git, text, Path::new(FILE), NOWHERE.as_ref())));
        let cure = format!("git config --global --add safe.directory {}", repo.path().display());
        holds(&message, &["dubious ownership", &cure]);
        assert!(!message.contains(char::is_control), "{message:?}");
    }
}

#[test]
fn a_side_without_the_functions_file_is_named() {
    let repo = Repo::new();
    repo.git(&["rm", "--quiet", "-r", "functions"]);
    let commit = repo.commit();
    let message = wrong(repo.open("main"));
    holds(&message, &[&format!("main ({})", &commit[..12]), &commit, FILE, "--functions-file"]);
    let message = wrong(repo.open("./"));
    holds(&message, &[repo.path().to_str().unwrap(), FILE, "--functions-file"]);
    holds(&wrong(repo.open("./nowhere")), &["there is no folder", "/nowhere", "git ref"]);
    let absolute = wrong(open(repo.path(), "main", "/x/functions.toml"));
    holds(&absolute, &["/x/functions.toml", "both sides"]);
}

#[test]
fn a_submodule_within_a_function_is_told() {
    let repo = Repo::new();
    let library = Repo::new();
    let from = library.path().to_str().unwrap();
    repo.git(&["submodule", "--quiet", "add", from, "docs"]);
    repo.commit();
    assert!(repo.open("main").is_ok(), "it is beside the functions");
    repo.git(&["submodule", "--quiet", "add", from, "functions/one/library"]);
    repo.commit();
    let message = wrong(repo.open("main"));
    holds(&message, &["main (", "`functions/one/library` is a submodule", "--recurse-submodules"]);
    // The description may itself be in one.
    let message = wrong(open(repo.path(), "main", "docs/functions/functions.toml"));
    holds(&message, &["`docs` is a submodule"]);
}

#[test]
fn a_pointer_within_a_function_is_told() {
    let repo = Repo::new();
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n";
    repo.write("pictures/a.png", pointer);
    repo.commit();
    assert!(repo.open("main").is_ok(), "it is beside the functions");
    repo.write("functions/one/model.bin", pointer);
    repo.commit();
    let message = wrong(repo.open("main"));
    holds(&message, &["`functions/one/model.bin` is a Git LFS pointer", "git lfs install"]);
}

#[test]
fn a_checkout_that_fails_leaves_nothing() {
    let repo = Repo::new();
    repo.write(".gitattributes", "*.x filter=broken\n");
    repo.write("a.x", "x");
    repo.commit();
    repo.git(&["config", "filter.broken.smudge", "false"]);
    repo.git(&["config", "filter.broken.required", "true"]);
    let message = in_the_way(repo.open("main"));
    holds(&message, &["cannot unpack commit", "a.x", "broken"]);
    let folder = message.split(unpack::PREFIX).nth(1).unwrap().split('/').next().unwrap();
    let folder = std::env::temp_dir().join(format!("{}{folder}", unpack::PREFIX));
    assert!(!folder.exists());
}
