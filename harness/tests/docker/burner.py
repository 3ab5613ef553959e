"""A function that works: so much processor time in its init, so much for each event.

For `throttled.rs`, which looks at how long that takes. `ADAPTER=http` makes it listen, `HOG_MIB`
makes it use memory.
"""
import json
import os
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer


def burn(ms):
    """Milliseconds that it takes to use so many of processor time."""
    began, until = time.monotonic(), time.process_time() + ms / 1000
    while time.process_time() < until:
        pass
    return (time.monotonic() - began) * 1000


HOG = bytearray(b"x") * (int(os.environ.get("HOG_MIB", "0")) << 20)
INIT = burn(float(os.environ["INIT_MS"]))


def answer():
    took = burn(float(os.environ["EVENT_MS"]))
    return json.dumps({"init": INIT, "event": took}).encode()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        body = answer()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


def main():
    if os.environ.get("ADAPTER") == "http":
        HTTPServer(("0.0.0.0", int(os.environ["PORT"])), Handler).serve_forever()
    api = f"http://{os.environ['AWS_LAMBDA_RUNTIME_API']}/2018-06-01/runtime/invocation"
    while True:
        with urllib.request.urlopen(f"{api}/next") as event:
            event.read()
            request = event.headers["Lambda-Runtime-Aws-Request-Id"]
        urllib.request.urlopen(f"{api}/{request}/response", data=answer()).read()


main()
