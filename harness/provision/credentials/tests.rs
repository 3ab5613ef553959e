use super::*;

#[test]
fn a_reference_is_of_the_registry_that_it_names_or_of_the_hub() {
    let check = |reference: &str, registry: &str| assert_eq!(registry_of(reference), registry);
    check("app", HUB);
    check("team/app:1", HUB);
    check("docker.io/library/app", HUB);
    check("localhost/app", "localhost");
    check("registry.example/team/app@sha256:00", "registry.example");
    check("registry:5000/app", "registry:5000");
}

fn login(config: &str, registry: &str) -> Result<Option<(String, String)>, String> {
    let config: Config = serde_json::from_str(config).unwrap();
    let login = written(&config, registry)?;
    Ok(login.map(|login| match login {
        Login::Password { user, password } => (user, password),
        Login::Token(token) => ("token".to_owned(), token),
    }))
}

#[test]
fn what_the_configuration_says_of_a_registry_is_found_however_it_is_written() {
    let auth = BASE64_STANDARD.encode("me:a:secret");
    let pair = |one: &str, two: &str| Ok(Some((one.to_owned(), two.to_owned())));
    for key in ["r.example", "https://r.example", "https://r.example/v1/"] {
        let config = format!("{{\"auths\": {{\"{key}\": {{\"auth\": \"{auth}\"}}}}}}");
        assert_eq!(login(&config, "r.example"), pair("me", "a:secret"), "{key}");
        assert_eq!(login(&config, "r.example:5000"), Ok(None), "{key}");
    }
    let token = r#"{"auths": {"r": {"auth": "", "identitytoken": "t"}}}"#;
    assert_eq!(login(token, "r"), pair("token", "t"));
    let plain = r#"{"auths": {"r": {"username": "u", "password": "p"}}}"#;
    assert_eq!(login(plain, "r"), pair("u", "p"));
    // What the client writes where a helper has the secret.
    assert_eq!(login(r#"{"auths": {"r": {}}}"#, "r"), Ok(None));
    assert_eq!(login("{}", "r"), Ok(None));
    for broken in ["?", "bWU="] {
        let config = format!("{{\"auths\": {{\"r\": {{\"auth\": \"{broken}\"}}}}}}");
        assert!(login(&config, "r").unwrap_err().contains("malformed"), "{broken}");
    }
}

#[test]
fn a_secret_is_in_no_message() {
    let login = Login::Password { user: "me".to_owned(), password: "secret".to_owned() };
    let shown = format!("{:?}", Credentials { server: "r.example".to_owned(), login });
    assert_eq!(shown, "Credentials for r.example");
}

#[tokio::test]
async fn a_configuration_that_cannot_be_read_is_told_and_one_that_is_not_there_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let around = Surroundings { config: folder.path().to_owned(), ..Surroundings::read() };
    assert_eq!(find(&around, "app").await, Ok(None));
    std::fs::write(folder.path().join("config.json"), "{").unwrap();
    let why = find(&around, "app").await.unwrap_err();
    assert!(why.contains("config.json is not readable"), "{why}");
    std::fs::write(folder.path().join("config.json"), r#"{"credsStore": "no-such"}"#).unwrap();
    let why = find(&around, "app").await.unwrap_err();
    assert!(why.contains("docker-credential-no-such") && why.contains("installed"), "{why}");
}
