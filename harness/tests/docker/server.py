"""A web server with one oddity a mode, named in MODE: what people's images do."""

import json
import os
import secrets
import socket
import sys
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

MODE = os.environ.get("MODE", "plain")
PORT = int(os.environ.get("PORT", "8080"))
INSTANCE = secrets.token_hex(8)
BEGAN = time.monotonic()
answered = 0


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.0" if MODE == "old" else "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self):
        self.answer(b"hello from " + self.path.encode())

    def do_POST(self):
        global answered
        event = self.rfile.read(int(self.headers["Content-Length"])).decode()
        answered += 1
        reply = {"instance": INSTANCE, "invocation": answered, "echo": json.loads(event)}
        self.answer(json.dumps(reply).encode())

    def answer(self, body):
        if MODE == "not_yet" and time.monotonic() - BEGAN < 0.5:
            return self.head(503, [("Content-Length", "0")])
        if MODE == "missing":
            return self.send_error(404)
        if MODE == "chunked":
            self.head(200, [("Transfer-Encoding", "chunked")])
            for piece in (body[:3], body[3:], b""):
                self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            return None
        if MODE == "old":
            self.head(200, [])
        elif MODE == "closes":
            self.head(200, [("Connection", "close"), ("Content-Length", str(len(body)))])
        else:
            self.head(200, [("Content-Length", str(len(body)))])
        self.wfile.write(body)
        return None

    def head(self, status, fields):
        self.send_response(status)
        for name, value in fields:
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *arguments):
        pass


class Six(HTTPServer):
    address_family = socket.AF_INET6

    def server_bind(self):
        self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, MODE == "six_alone")
        super().server_bind()


print("starting as", MODE, file=sys.stderr, flush=True)
if MODE == "never":
    time.sleep(600)
where = {
    "loopback": ("127.0.0.1", PORT),
    "elsewhere": ("0.0.0.0", 3000),
    "six_loopback": ("::1", PORT),
    "six": ("::", PORT),
    "six_alone": ("::", PORT),
}.get(MODE, ("0.0.0.0", PORT))
kind = Six if MODE.startswith("six") else HTTPServer
kind(where, Handler).serve_forever()
