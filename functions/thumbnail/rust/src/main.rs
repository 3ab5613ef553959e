//! Thumbnails by `image`: a picture in the event, a smaller one in the reply.

use std::io::Cursor;

use base64::prelude::{BASE64_STANDARD, Engine};
use image::{GenericImageView, ImageFormat};
use lambda_runtime::{Error, LambdaEvent, service_fn, tracing};
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
struct Request {
    /// A JPEG in base64.
    picture: String,
    /// How wide it is to be.
    width: u32,
}

#[derive(Serialize)]
struct Thumbnail {
    width: u32,
    height: u32,
    picture: String,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    if std::env::args().nth(1).as_deref() == Some("--version") {
        println!(env!("VERSIONS"));
        return Ok(());
    }
    tracing::init_default_subscriber();
    lambda_runtime::run(service_fn(handle)).await
}

async fn handle(event: LambdaEvent<Request>) -> Result<Thumbnail, Error> {
    let Request { picture, width } = event.payload;
    let picture = image::load_from_memory(&BASE64_STANDARD.decode(picture)?)?;
    // As high as the picture's shape makes it.
    let small = picture.thumbnail(width, picture.height());
    let mut jpeg = Cursor::new(Vec::new());
    small.write_to(&mut jpeg, ImageFormat::Jpeg)?;
    let (width, height) = small.dimensions();
    Ok(Thumbnail { width, height, picture: BASE64_STANDARD.encode(jpeg.into_inner()) })
}
