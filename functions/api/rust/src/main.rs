//! An API on axum: `POST /orders`. It listens on PORT, and on AWS Lambda is invoked by the Runtime
//! API, with the same routes.

mod order;

use std::env;
use std::net::Ipv4Addr;

use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use lambda_http::{Error, tracing};
use tokio::net::TcpListener;

use order::{Order, Receipt};

#[tokio::main]
async fn main() -> Result<(), Error> {
    if env::args().nth(1).as_deref() == Some("--version") {
        println!(env!("VERSIONS"));
        return Ok(());
    }
    let app = Router::new().route("/orders", post(accept));
    if env::var_os("AWS_LAMBDA_RUNTIME_API").is_some() {
        tracing::init_default_subscriber();
        return lambda_http::run(app).await;
    }
    let port = env::var("PORT").unwrap_or_else(|_| "8080".to_owned()).parse::<u16>()?;
    let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).await?;
    Ok(axum::serve(listener, app).await?)
}

/// Takes an order that is in order. What is not JSON is refused with 400 before it comes here, and
/// what is no order with 422.
async fn accept(
    Json(order): Json<Order>,
) -> Result<(StatusCode, Json<Receipt>), (StatusCode, &'static str)> {
    order.check().map_err(|reason| (StatusCode::UNPROCESSABLE_ENTITY, reason))?;
    Ok((StatusCode::CREATED, Json(order.receipt())))
}
