"""The app behind API Gateway: an event becomes a request, and its response the reply."""

from mangum import Mangum

from app import app

handler = Mangum(app, lifespan="off")
