use super::*;

#[tokio::test]
async fn functions_are_listed_a_page_at_a_time() {
    let names: Vec<String> = (0..120).map(|n| format!("f{n:03}")).rev().collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let served = served(&names).await;
    let mut seen = Vec::new();
    let mut marker = String::new();
    for pages in 1.. {
        let got = served.get(&format!("/2015-03-31/functions/?MaxItems=50{marker}")).await.json();
        let page = got["Functions"].as_array().unwrap().clone();
        assert!(page.len() <= 50);
        seen.extend(page.iter().map(|f| f["FunctionName"].as_str().unwrap().to_owned()));
        match got["NextMarker"].as_str() {
            Some(next) => marker = format!("&Marker={next}"),
            None => {
                assert_eq!(pages, 3);
                break;
            }
        }
    }
    assert_eq!(seen.len(), 120);
    assert!(seen.is_sorted());
    let got = served.get("/2015-03-31/functions/?MaxItems=0").await;
    assert_eq!(got.exception(), (400, "InvalidParameterValueException"));
    let got = served.get("/2015-03-31/functions").await.json();
    assert_eq!(got["Functions"].as_array().unwrap().len(), 50);
}

#[tokio::test]
async fn a_function_is_described_as_lambda_does() {
    let served = served(&["f"]).await;
    let got = served.get("/2015-03-31/functions/f/configuration").await.json();
    assert_eq!(got["FunctionArn"], "arn:aws:lambda:us-east-1:000000000000:function:f");
    assert_eq!(got["Timeout"], 3);
    assert_eq!(got["MemorySize"], 128);
    assert_eq!(got["CodeSize"], 1234);
    assert_eq!(got["State"], "Active");
    assert_eq!(got["Environment"]["Variables"], json!({ "TABLE": "orders" }));
    let whole = served.get("/2015-03-31/functions/f").await.json();
    assert_eq!(whole["Configuration"], got);
    assert!(whole["Code"]["ImageUri"].as_str().unwrap().starts_with("sha256:00ff"));
    let got = served.get("/2015-03-31/functions/g").await;
    assert_eq!(got.exception(), (404, "ResourceNotFoundException"));
}

#[tokio::test]
async fn whoever_looks_is_told_what_is_here() {
    let served = served(&["f"]).await;
    let got = served.get("/").await;
    let text = String::from_utf8(got.body).unwrap();
    assert!(text.contains("http://127.0.0.1/url/f/\n"), "{text}");
}

#[tokio::test]
async fn an_update_is_a_further_version_of_what_it_was_or_of_another_image() {
    let served = served(&["f"]).await;
    let code = "/2015-03-31/functions/f/code";
    let got = served.ask("PUT", code, "", b"{\"Publish\":true}").await;
    assert_eq!((got.status, &got.json()["RevisionId"]), (200, &json!("4")));
    let got = served.ask("PUT", code, "", b"{\"DryRun\":true}").await;
    assert_eq!((got.status, &got.json()["RevisionId"]), (200, &json!("4")));
    let own = served.get("/2015-03-31/functions/f").await.json()["Code"]["ImageUri"].clone();
    let body = json!({ "ImageUri": own }).to_string();
    assert_eq!(served.ask("PUT", code, "", body.as_bytes()).await.json()["RevisionId"], "5");
    let other = served.ask("PUT", code, "", b"{\"ImageUri\":\"other:1\"}").await;
    assert_eq!(other.json()["RevisionId"], "6");
    for body in ["{\"ImageUri\":\"gone:1\"}", "{\"ZipFile\":\"eA==\"}", "{\"S3Bucket\":\"b\"}"] {
        let got = served.ask("PUT", code, "", body.as_bytes()).await;
        assert_eq!(got.exception(), (400, "InvalidParameterValueException"), "{body}");
    }
    let got = served.ask("PUT", "/2015-03-31/functions/g/code", "", b"{}").await;
    assert_eq!(got.exception(), (404, "ResourceNotFoundException"));
}

#[tokio::test]
async fn calls_at_a_time_are_reserved_while_it_is_served() {
    let served = served(&["f"]).await;
    let put = "/2017-10-31/functions/f/concurrency";
    let reserved = "/2019-09-30/functions/f/concurrency";
    assert_eq!(served.get(reserved).await.json(), json!({}));
    let seven = json!({ "ReservedConcurrentExecutions": 7 });
    let got = served.ask("PUT", put, "", seven.to_string().as_bytes()).await;
    assert_eq!((got.status, got.json()), (200, seven.clone()));
    assert_eq!(served.get(reserved).await.json(), seven);
    assert_eq!(served.get("/2015-03-31/functions/f").await.json()["Concurrency"], seven);
    let got = served.ask("PUT", put, "", b"{\"ReservedConcurrentExecutions\":101}").await;
    assert_eq!(got.exception(), (400, "InvalidParameterValueException"));
    for body in ["", "{}", "{\"ReservedConcurrentExecutions\":-1}", "[7]"] {
        assert_eq!(served.ask("PUT", put, "", body.as_bytes()).await.status, 400, "{body}");
    }
    assert_eq!(served.get(reserved).await.json(), seven);
    assert_eq!(served.ask("DELETE", put, "", b"").await.status, 204);
    assert_eq!(served.get(reserved).await.json(), json!({}));
    let whole = served.get("/2015-03-31/functions/f").await.json();
    assert!(whole.get("Concurrency").is_none());
    let got = served.get("/2019-09-30/functions/g/concurrency").await;
    assert_eq!(got.exception(), (404, "ResourceNotFoundException"));
}
