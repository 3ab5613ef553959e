"""A client of the Runtime API that is odd in the way that its variable ODD names.

For `contract.rs`, which says what must come of each.
"""
import base64
import json
import os
import socket
import sys
import threading
import time
import urllib.request

ODD = os.environ["ODD"]
HOST, PORT = os.environ["AWS_LAMBDA_RUNTIME_API"].rsplit(":", 1)
API = "/2018-06-01/runtime/"
KIND = "Lambda-Runtime-Function-Error-Type"
BODY = "Lambda-Runtime-Function-Error-Body"
STREAM = {"Lambda-Runtime-Function-Response-Mode": "streaming"}


class Line:
    """One connection; it is opened anew where the server closed it."""

    def __init__(self):
        self.open()

    def open(self):
        self.socket = socket.create_connection((HOST, int(PORT)))
        self.buffer = b""

    def answer(self):
        """Status, headers and body of the next answer."""
        while b"\r\n\r\n" not in self.buffer:
            more = self.socket.recv(65536)
            if not more:
                raise EOFError
            self.buffer += more
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        first, *lines = head.decode().split("\r\n")
        headers = {k.lower(): v.strip() for k, v in (line.split(":", 1) for line in lines)}
        length = int(headers.get("content-length", 0))
        while len(self.buffer) < length:
            self.buffer += self.socket.recv(65536)
        body, self.buffer = self.buffer[:length], self.buffer[length:]
        return int(first.split()[1]), headers, body

    def ask(self, method, path, headers=None, body=b"", version="1.1"):
        """Sends a request of a known length, and reads its answer."""
        fields = {"Host": HOST, "Content-Length": len(body), **(headers or {})}
        head = "".join(f"{k}: {v}\r\n" for k, v in fields.items())
        self.socket.sendall(f"{method} {path} HTTP/{version}\r\n{head}\r\n".encode() + body)
        return self.answer()

    def stream(self, path, chunks, headers=None, trailers=None):
        """Sends a body in chunks."""
        fields = {"Host": HOST, "Transfer-Encoding": "chunked", **(headers or {})}
        head = "".join(f"{k}: {v}\r\n" for k, v in fields.items())
        self.socket.sendall(f"POST {path} HTTP/1.1\r\n{head}\r\n".encode())
        for chunk in chunks:
            self.socket.sendall(b"%x\r\n%s\r\n" % (len(chunk), chunk))
        end = "".join(f"{k}: {v}\r\n" for k, v in (trailers or {}).items())
        self.socket.sendall(f"0\r\n{end}\r\n".encode())
        return self.answer()


def report(message, kind):
    return json.dumps({"errorMessage": message, "errorType": kind}).encode()


def coded(text):
    return base64.b64encode(text).decode()


def reply(line, headers, event):
    """Answers an event, oddly."""
    call = f"{API}invocation/{headers['lambda-runtime-aws-request-id']}/"
    response, error, good = call + "response", call + "error", b'{"ok":true}'
    trace = "x" * 38_000
    match ODD:
        case "stream":
            line.stream(response, [b"a" * 10, b"b" * 10], STREAM)
        case "stream-of-ten-mebibytes":
            line.stream(response, [b"x" * (1 << 20)] * 10, STREAM)
        case "stream-with-error-trailers":
            told = {KIND: "Function.NoStock", BODY: coded(report("out of stock", "Function.NoStock"))}
            line.stream(response, [b"half"], {**STREAM, "Trailer": f"{KIND}, {BODY}"}, told)
        case "stream-with-error-as-chunk":
            last = f"{KIND}: Runtime.StreamError\r\n{BODY}: {coded(b'out of stock')}\r\n"
            line.stream(response, [b"half", last.encode()], STREAM)
        case "largest":
            assert line.ask("POST", response, body=b"x" * (6 * 1024 * 1024 + 100))[0] == 202
        case "one-byte-too-many":
            line.ask("POST", response, body=b"x" * (6 * 1024 * 1024 + 101))
        case "error":
            line.ask("POST", error, body=report("out of stock", "Function.NoStock"))
        case "error-with-trace":
            told = {"Lambda-Runtime-Function-XRay-Error-Cause": trace}
            line.ask("POST", error, told, report("out of stock", "Function.NoStock"))
        case "error-by-header":
            line.ask("POST", error, {KIND: "Function.NoStock"})
        case "error-without-message":
            line.ask("POST", error, body=report(None, "Function.NoStock"))
        case "error-over-the-limit":
            line.ask("POST", error, body=report("y" * (7 << 20), "Function.NoStock"))
        case "error-beyond-ascii":
            line.ask("POST", error, {KIND: "Function.AusverkauftÄ•"})
        case "close-in-a-list":
            line.ask("POST", response, {"Connection": "close, TE", "TE": "trailers"}, good)
            line.socket.settimeout(5)
            assert line.socket.recv(1) == b"", "it stays open"
            line.open()
        case "close-each":
            line.ask("POST", response, {"Connection": "close"}, good)
            line.open()
        case "continue":
            fields = f"Host: x\r\nExpect: 100-continue\r\nContent-Length: {len(good)}\r\n"
            line.socket.sendall(f"POST {response} HTTP/1.1\r\n{fields}\r\n".encode())
            assert line.answer()[0] == 100
            line.socket.sendall(good)
            line.answer()
        case "endless-chunk":
            head = f"POST {response} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
            line.socket.sendall(head.encode() + b"1\r\na\r\nffffffffffffffff\r\n")
            time.sleep(60)
        case "empty":
            line.ask("POST", response)
        case "binary":
            line.ask("POST", response, body=bytes(range(256)) * 40)
        case "many-fields":
            line.ask("POST", response, {f"X-{n}": n for n in range(150)}, good)
        case "answers-twice":
            line.ask("POST", response, body=good)
            assert line.ask("POST", response, body=good)[0] == 400
        case "asks-for-health":
            line.ask("POST", response, body=good)
            assert line.ask("GET", "/health")[0] == 404
        case "asks-to-be-restored":
            assert line.ask("GET", f"{API}restore/next")[0] == 404
            line.ask("POST", response, body=good)
        case "exits":
            os._exit(42)
        case "fails-when-warm" if WARM:
            os._exit(42)
        case "shows-environment":
            line.ask("POST", response, body=json.dumps(dict(os.environ)).encode())
        case "shows-headers":
            told = {**headers, "now": int(time.time() * 1000)}
            line.ask("POST", response, body=json.dumps(told).encode())
        case "hears":
            line.ask("POST", response, body=good)
            heard.wait(5)
            assert heard.is_set(), "the extension was told nothing"
        case _:
            line.ask("POST", response, body=good)


WARM = False
heard = threading.Event()


def extension(events):
    """One within the process."""
    line = Line()
    body = json.dumps({"events": events}).encode()
    name = {"Lambda-Extension-Name": "internal"}
    status, headers, about = line.ask("POST", "/2020-01-01/extension/register", name, body)
    assert status == 200 and json.loads(about)["functionName"] == os.environ["AWS_LAMBDA_FUNCTION_NAME"]
    known = {"Lambda-Extension-Identifier": headers["lambda-extension-identifier"]}
    assert line.ask("PUT", "/2022-07-01/telemetry", known, b"{}")[0] == 200

    def listen():
        while True:
            told = json.loads(line.ask("GET", "/2020-01-01/extension/event/next", known)[2])
            assert told["eventType"] == "INVOKE"
            heard.set()

    threading.Thread(target=listen, daemon=True).start()


def by_a_library():
    """Honours proxies of the environment, as such libraries do."""
    root = f"http://{HOST}:{PORT}{API}invocation/"
    while True:
        with urllib.request.urlopen(root + "next") as event:
            call = event.headers["Lambda-Runtime-Aws-Request-Id"]
        urllib.request.urlopen(urllib.request.Request(f"{root}{call}/response", data=b"{}")).read()


def several():
    """Threads that all ask for events."""

    def work():
        line = Line()
        while True:
            _, headers, event = line.ask("GET", f"{API}invocation/next")
            reply(line, headers, event)

    all = [threading.Thread(target=work) for _ in range(4)]
    [one.start() for one in all]
    [one.join() for one in all]


def main():
    global WARM
    match ODD:
        case "cannot-start":
            Line().ask("POST", f"{API}init/error", {KIND: "Runtime.NoStock"})
            sys.exit(1)
        case "cannot-start-with-trace":
            told = {"Lambda-Runtime-Function-XRay-Error-Cause": "x" * 40_000}
            Line().ask("POST", f"{API}init/error", told, report("no handler", "Runtime.NoStock"))
            sys.exit(1)
        case "registers":
            extension([])
        case "hears":
            extension(["INVOKE"])
        case "by-a-library":
            by_a_library()
        case "several":
            several()
    line = Line()
    while True:
        path = f"{API}invocation/next"
        if ODD == "absolute":
            path = f"http://{HOST}:{PORT}{path}"
        version = "1.0" if ODD == "old" else "1.1"
        _, headers, event = line.ask("GET", path, version=version)
        if ODD == "old":
            line.open()
        reply(line, headers, event)
        WARM = True


main()
