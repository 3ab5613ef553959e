//! Whom an instance runs as: what an image names, looked up in the image's own files, as
//! Docker does. Pure; the files are hostile.

/// Whom a process runs as.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct User {
    pub(super) uid: u32,
    pub(super) gid: u32,
    /// All of its groups.
    pub(super) groups: Vec<u32>,
}

/// The largest number of a user or group: Docker's, and the kernel's for a signed one.
const MOST: u32 = i32::MAX as u32;
/// The most groups: the kernel takes no more.
const GROUPS: usize = 65_536;

/// Finds `user`, `user:group`, or numbers for either; nobody named is user 0.
pub(super) fn find(asked: &str, passwd: &str, group: &str) -> Result<User, String> {
    let (name, of_group) = asked.split_once(':').unwrap_or((asked, ""));
    let number = parse(name);
    let is_it = |user: &Line<'_>| match (name.is_empty(), number) {
        (true, _) => user.number(2) == Some(0),
        (false, Some(uid)) => user.number(2) == Some(uid) || user.name() == name,
        (false, None) => user.name() == name,
    };
    let known = lines(passwd).find(is_it);
    let (uid, gid) = match (&known, number, name.is_empty()) {
        (Some(user), ..) => (user.number(2), user.number(3).unwrap_or(0)),
        (None, _, true) => (Some(0), 0),
        (None, Some(uid), _) => (Some(uid), 0),
        (None, None, _) => (None, 0),
    };
    let uid = uid.ok_or_else(|| {
        format!("unable to find user {name}: no matching entries in the image's passwd file")
    })?;
    if !of_group.is_empty() {
        let gid = find_group(of_group, group)?;
        return Ok(User { uid, gid, groups: vec![gid] });
    }
    let name = known.as_ref().map_or("", Line::name);
    let member = |line: &Line<'_>| !name.is_empty() && line.has(3, name);
    let of_name = lines(group).filter(member).filter_map(|line| line.number(2));
    let mut groups: Vec<u32> = of_name.take(GROUPS - 1).collect();
    if !groups.contains(&gid) {
        groups.insert(0, gid);
    }
    Ok(User { uid, gid, groups })
}

fn find_group(name: &str, group: &str) -> Result<u32, String> {
    let found = lines(group).find(|line| line.name() == name).and_then(|line| line.number(2));
    found.or_else(|| parse(name)).ok_or_else(|| {
        format!("unable to find group {name}: no matching entries in the image's group file")
    })
}

fn parse(text: &str) -> Option<u32> {
    text.parse().ok().filter(|number| *number <= MOST)
}

/// A line of either file, as its fields.
struct Line<'a>(Vec<&'a str>);

fn lines(text: &str) -> impl Iterator<Item = Line<'_>> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.map(|line| Line(line.split(':').collect()))
}

impl<'a> Line<'a> {
    fn name(&self) -> &'a str {
        self.0.first().copied().unwrap_or_default()
    }

    fn number(&self, field: usize) -> Option<u32> {
        parse(self.0.get(field)?)
    }

    /// Whether a field is a list with a name in it.
    fn has(&self, field: usize, name: &str) -> bool {
        self.0.get(field).is_some_and(|list| list.split(',').any(|one| one == name))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PASSWD: &str =
        "root:x:0:0:root:/root:/bin/sh\napp:x:1000:1001::/srv:/bin/sh\n\n7:x:9:9::/:\n";
    const GROUP: &str = "root:x:0:\nwheel:x:10:root,app\napp:x:1001:\nlog:x:4:app\nbroken\n";

    fn user(uid: u32, gid: u32, groups: &[u32]) -> Result<User, String> {
        Ok(User { uid, gid, groups: groups.to_vec() })
    }

    #[test]
    fn names_and_numbers_are_looked_up_in_the_images_own_files() {
        let find = |asked| find(asked, PASSWD, GROUP);
        assert_eq!(find(""), user(0, 0, &[0, 10]));
        assert_eq!(find("app"), user(1000, 1001, &[1001, 10, 4]));
        assert_eq!(find("1000"), user(1000, 1001, &[1001, 10, 4]), "a number is known by its name");
        assert_eq!(find("app:log"), user(1000, 4, &[4]), "who names a group has no others");
        assert_eq!(find("993:990"), user(993, 990, &[990]));
        assert_eq!(find("4242"), user(4242, 0, &[0]));
    }

    #[test]
    fn who_does_not_exist_is_an_error_that_names_them() {
        let error = find("nobody_here", PASSWD, GROUP).unwrap_err();
        assert!(error.contains("unable to find user nobody_here"), "{error}");
        let error = find("app:nogroup_here", PASSWD, GROUP).unwrap_err();
        assert!(error.contains("unable to find group nogroup_here"), "{error}");
        assert!(find("-1", "", "").is_err() && find("4294967295", "", "").is_err());
        assert_eq!(find("", "", ""), user(0, 0, &[0]), "an image without files");
    }

    proptest! {
        #[test]
        fn whatever_an_image_has_there_is_read(asked in ".*", passwd in "(.|\n)*", group in "(.|\n)*") {
            let _ = find(&asked, &passwd, &group);
        }
    }
}
