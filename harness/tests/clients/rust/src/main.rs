//! What AWS' client for Rust makes of `coldstart serve`: `rust-client ENDPOINT FUNCTION`. Prints what
//! was checked; ends with 1 at what is wrong.

use std::error::Error;
use std::process::ExitCode;

use aws_sdk_lambda::Client;
use aws_sdk_lambda::config::retry::RetryConfig;
use aws_sdk_lambda::config::{BehaviorVersion, Config, Credentials, Region};
use aws_sdk_lambda::operation::invoke::InvokeError;
use aws_sdk_lambda::operation::invoke::builders::InvokeFluentBuilder;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::InvokeWithResponseStreamResponseEvent as Piece;
use aws_sdk_lambda::types::{InvocationType, LogType};

type Tried<T> = Result<T, Box<dyn Error>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let (Some(endpoint), Some(function)) = (words.next(), words.next()) else {
        eprintln!("rust-client ENDPOINT FUNCTION");
        return ExitCode::from(2);
    };
    match checked(&client(endpoint), &function).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            println!("FAIL {why}");
            ExitCode::FAILURE
        }
    }
}

fn client(endpoint: String) -> Client {
    let config = Config::builder()
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(endpoint)
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("any", "any", None, None, "any"))
        .retry_config(RetryConfig::disabled());
    Client::from_conf(config.build())
}

fn check(what: &str, holds: bool) -> Tried<()> {
    if !holds {
        return Err(what.into());
    }
    println!("ok   {what}");
    Ok(())
}

async fn checked(client: &Client, function: &str) -> Tried<()> {
    let invoke =
        |payload: &str| client.invoke().function_name(function).payload(Blob::new(payload));
    let answer = invoke(r#"{"a":1}"#).log_type(LogType::Tail).send().await?;
    check("a call is answered", answer.status_code() == 200 && answer.payload().is_some())?;
    check("with the tail of its log", answer.log_result().is_some())?;
    check("and no error", answer.function_error().is_none())?;
    let answer = invoke("{}").invocation_type(InvocationType::Event).send().await?;
    check("an event is taken", answer.status_code() == 202)?;
    let answer = invoke("{}").invocation_type(InvocationType::DryRun).send().await?;
    check("a dry run is", answer.status_code() == 204)?;

    let nobody = client.invoke().function_name("nobody");
    let error = refused(nobody).await?;
    check("no such function", matches!(error, InvokeError::ResourceNotFoundException(_)))?;
    let error = refused(invoke("{")).await?;
    check("no JSON", matches!(error, InvokeError::InvalidRequestContentException(_)))?;
    let error = refused(invoke(&"1".repeat(7 << 20))).await?;
    check("too large", matches!(error, InvokeError::RequestTooLargeException(_)))?;

    let all = client.list_functions().into_paginator().items().send();
    let all = all.collect::<Result<Vec<_>, _>>().await?;
    check("it is listed", all.iter().any(|one| one.function_name() == Some(function)))?;
    let one = client.get_function().function_name(function).send().await?;
    let name = one.configuration().and_then(|of| of.function_name());
    check("it is described", name == Some(function))?;

    let streamed = client.invoke_with_response_stream().function_name(function);
    let mut streamed = streamed.payload(Blob::new(r#"{"a":1}"#)).send().await?;
    let (mut bytes, mut is_whole) = (0, false);
    while let Some(piece) = streamed.event_stream.recv().await? {
        match piece {
            Piece::PayloadChunk(chunk) => bytes += chunk.payload().map_or(0, |b| b.as_ref().len()),
            Piece::InvokeComplete(end) => is_whole = end.error_code().is_none(),
            other => return Err(format!("{other:?}").into()),
        }
    }
    check("an answer is streamed to its end", bytes > 0 && is_whole)
}

/// The error of a call that is refused.
async fn refused(call: InvokeFluentBuilder) -> Tried<InvokeError> {
    match call.send().await {
        Ok(answer) => Err(format!("it was answered: {}", answer.status_code()).into()),
        Err(error) => Ok(error.into_service_error()),
    }
}
