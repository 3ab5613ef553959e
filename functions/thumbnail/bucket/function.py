"""Thumbnails from bucket to bucket: S3 says that a picture came, a smaller one goes beside it."""

import io
import os
from urllib.parse import unquote_plus

import boto3
from PIL import Image

WIDTH = 64
s3 = boto3.client("s3")


def handler(event, context):
    made = []
    for record in event["Records"]:
        place = {
            "Bucket": record["s3"]["bucket"]["name"],
            "Key": unquote_plus(record["s3"]["object"]["key"]),
        }
        picture = Image.open(s3.get_object(**place)["Body"])
        # As high as the picture's shape makes it.
        picture.thumbnail((WIDTH, picture.height))
        small = io.BytesIO()
        picture.save(small, "JPEG")
        smaller = {"Bucket": os.environ["SMALL"], "Key": place["Key"]}
        s3.put_object(**smaller, Body=small.getvalue(), ContentType="image/jpeg")
        made.append({**smaller, "width": picture.width, "height": picture.height})
    return {"made": made}
