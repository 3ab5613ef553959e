"""Thumbnails by Pillow: a picture in the event, a smaller one in the reply."""

import base64
import io

from PIL import Image


def handler(event, context):
    picture = Image.open(io.BytesIO(base64.b64decode(event["picture"], validate=True)))
    width = event["width"]
    # As high as the picture's shape makes it.
    picture.thumbnail((width, picture.height))
    small = io.BytesIO()
    picture.save(small, "JPEG")
    return {
        "width": picture.width,
        "height": picture.height,
        "picture": base64.b64encode(small.getvalue()).decode(),
    }
