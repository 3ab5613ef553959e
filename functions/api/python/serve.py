"""The app as a web server."""

import os

import uvicorn

from app import app

uvicorn.run(app, host="0.0.0.0", port=int(os.environ.get("PORT", "8080")))
