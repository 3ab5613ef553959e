"""Functions for these checks alone: one that streams, one that listens, and the folder in which
`serve` finds them."""

import pathlib

STREAMS = '''
import base64, http.client, json, os, sys, time
api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
PATH = "/2018-06-01/runtime/invocation"
while True:
    api.request("GET", f"{PATH}/next")
    asked = api.getresponse()
    event, request = json.loads(asked.read()), asked.headers["Lambda-Runtime-Aws-Request-Id"]
    if "requestContext" in event:
        event = json.loads(event["body"])
    print("asked", json.dumps(event), flush=True)
    if "streams" not in event:
        context = asked.headers.get("Lambda-Runtime-Client-Context")
        told = {"client_context": context and json.loads(context)}
        time.sleep(event.get("sleeps", 0))
        api.request("POST", f"{PATH}/{request}/response", json.dumps(told))
        api.getresponse().read()
        continue
    api.putrequest("POST", f"{PATH}/{request}/response", skip_accept_encoding=True)
    api.putheader("Lambda-Runtime-Function-Response-Mode", "streaming")
    api.putheader("Content-Type", event.get("type", "text/plain"))
    api.putheader("Transfer-Encoding", "chunked")
    api.endheaders()
    for piece in event["streams"]:
        piece = piece.encode()
        api.send(b"%x\\r\\n%s\\r\\n" % (len(piece), piece))
        time.sleep(event.get("pause", 0))
    api.send(b"0\\r\\n")
    if "fails" in event:
        body = base64.b64encode(json.dumps({"errorMessage": event["fails"]}).encode())
        api.send(b"Lambda-Runtime-Function-Error-Type: Runtime.Own\\r\\n")
        api.send(b"Lambda-Runtime-Function-Error-Body: %s\\r\\n" % body)
    api.send(b"\\r\\n")
    api.getresponse().read()
'''

WEB = '''
import http.server, json, os, time


class Answers(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        length = int(self.headers.get("content-length", 0))
        body = self.rfile.read(length)
        if self.path.startswith("/streams"):
            return self.stream()
        if self.path.startswith("/dies"):
            os._exit(3)
        told = {
            "method": self.command, "path": self.path, "headers": dict(self.headers),
            "body": body.decode("latin-1"),
        }
        told = json.dumps(told).encode()
        self.send_response(418 if self.path.startswith("/teapot") else 200)
        for name, value in [("X-Own", "1"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"),
                            ("Connection", "keep-alive, x-secret"), ("X-Secret", "1"),
                            ("Content-Length", str(len(told)))]:
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(told)

    def stream(self):
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for piece in [b"one", b"two"]:
            self.wfile.write(b"%x\\r\\n%s\\r\\n" % (len(piece), piece))
            self.wfile.flush()
            time.sleep(1)
        if "breaks" in self.path:
            self.close_connection = True
            return
        self.wfile.write(b"0\\r\\n\\r\\n")

    do_GET = do_POST = do_PUT = do_HEAD = do_DELETE = answer


address = ("", int(os.environ["PORT"]))
http.server.ThreadingHTTPServer(address, Answers).serve_forever()
'''

DOCKERFILE = """ARG BASE
FROM ${BASE}
COPY function.py /function/function.py
ENTRYPOINT []
CMD ["python3", "/function/function.py"]
"""

ENTRY = """
[[function]]
name = "{name}"
context = "{name}"
bases = {{ BASE = "python" }}
files = ["Dockerfile", "function.py"]
version-command = ["python3", "--version"]
memory = "256MiB"
timeout = "20s"
{more}
"""


def functions(work):
    """The file that describes them."""
    shipped = pathlib.Path("functions/functions.toml").read_text()
    base = shipped[shipped.index("[base.python]"):].split("\n\n", 1)[0]
    folder = pathlib.Path(work) / "own"
    events = 'event = "{}"\nreply = "any"'
    text = base + "\n"
    for name, code, more in [("streams", STREAMS, events), ("web", WEB, 'adapter = "http"')]:
        (folder / name).mkdir(parents=True)
        (folder / name / "Dockerfile").write_text(DOCKERFILE)
        (folder / name / "function.py").write_text(code)
        text += ENTRY.format(name=name, more=more)
    file = folder / "functions.toml"
    file.write_text(text)
    return str(file)
