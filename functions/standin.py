"""The driver's side of a function's contract, for one instance: to try a function by hand.

    python3 standin.py ADDRESS [PORT]

Each line that is typed is an event; what the function asks and replies is printed. The
contract is in ../harness/docs/CONTRACT.md.
"""

import sys
from http.server import BaseHTTPRequestHandler, HTTPServer


class Api(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self):
        print(self.path, self.headers, sep="\n", end="", flush=True)
        event = sys.stdin.readline()
        # Where there is no further event, this status ends the function.
        self.server.ended = not event
        self.answer(200 if event else 500, event.rstrip("\n").encode())

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        print(self.path, body.decode(), flush=True)
        self.answer(202, b"")

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Lambda-Runtime-Aws-Request-Id", "some-id")
        self.send_header("Content-Length", len(body))
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = self.server.ended


def main():
    port = int(sys.argv[2]) if len(sys.argv) > 2 else 9001
    server = HTTPServer((sys.argv[1], port), Api)
    server.ended = False
    print("AWS_LAMBDA_RUNTIME_API={}:{}".format(*server.server_address), flush=True)
    while not server.ended:
        server.handle_request()


main()
