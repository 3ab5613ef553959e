use super::*;

fn base(packages: &[&str]) -> Base {
    Base {
        name: "tiny".to_owned(),
        pull: "coldstart-test.invalid/tiny@sha256:00".to_owned(),
        suite: "trixie".to_owned(),
        packages: packages.iter().map(|&p| p.to_owned()).collect(),
    }
}

#[test]
fn another_recipe_is_another_tag() {
    let one = tag(&base(&["a"]));
    assert_eq!(one, tag(&base(&["a"])));
    assert_ne!(one, tag(&base(&["a", "b"])));
    let (repository, version) = one.split_once(':').unwrap();
    assert_eq!((repository, version.len()), ("coldstart-base/tiny", 12));
}

#[test]
fn without_consent_nothing_is_made() {
    let around = Surroundings::read();
    let bases = Bases::new(&around, Consent::Withheld, &crate::observer::Silent);
    let error = bases.check(&base(&["a"]), "no such host").unwrap_err();
    assert!(matches!(error, ProvisionError::Missing { .. }), "{error:?}");
    let text = error.to_string();
    assert!(text.contains("`tiny`") && text.contains("no such host"), "{text}");
    let bases = Bases::new(&around, Consent::Given, &crate::observer::Silent);
    let error = bases.check(&base(&[]), "no such host").unwrap_err().to_string();
    assert!(error.contains("docker pull"), "{error}");
}
