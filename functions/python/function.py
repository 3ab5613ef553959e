"""A function that speaks the AWS Lambda Runtime API; the contract is in ../README.md."""

import time

MAIN_NS = time.monotonic_ns()

import json
import os
import socket
import sys
from http.client import HTTPConnection

RUNTIME = "/2018-06-01/runtime"


def main():
    api = connection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    try:
        sleep_if_told()
        work_if_told()
        instance = os.urandom(8).hex()
        api.connect()
    except Exception as error:
        post_error(api, "init", error)
        sys.exit(f"cannot start: {error}")

    stamps = {"Coldstart-Main-Ns": MAIN_NS, "Coldstart-Ready-Ns": time.monotonic_ns()}
    request_id, event = next_event(api, stamps)
    invocation = 1
    while True:
        try:
            reply = handle(event, instance, invocation)
        except Exception as error:
            post_error(api, f"invocation/{request_id}", error)
        else:
            call(api, "POST", f"invocation/{request_id}/response", reply)
        request_id, event = next_event(api)
        invocation += 1


def connection(address):
    """The connection to the Runtime API, not made yet."""
    # No time-out: the next event may be a long time coming.
    if not address.startswith("unix:"):
        return HTTPConnection(address)

    # The client knows TCP alone; what it does once connected suits any socket.
    def connect():
        sock = socket.socket(socket.AF_UNIX)
        sock.connect(address.removeprefix("unix:"))
        api.sock = sock

    api = HTTPConnection("localhost")
    api.connect = connect
    return api


def sleep_if_told():
    """Sleeps `COLDSTART_INIT_SLEEP_MS` milliseconds, for calibration."""
    time.sleep(told("COLDSTART_INIT_SLEEP_MS") / 1000)


def work_if_told():
    """Keeps a processor busy for `COLDSTART_INIT_WORK_MS` milliseconds."""
    until = time.thread_time_ns() + told("COLDSTART_INIT_WORK_MS") * 1_000_000
    while time.thread_time_ns() < until:
        pass


def told(name):
    text = os.environ.get(name, "0")
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise InvalidConfig(f"{name} is not a whole number: {text!r}")
    return int(text)


def handle(event, instance, invocation):
    """Echoes the event byte for byte, with the proof of temperature around it."""
    json.loads(event.decode(), parse_constant=refuse_constant)
    proof = f'{{"instance":"{instance}","invocation":{invocation},"echo":'
    return proof.encode() + event + b"}"


def refuse_constant(name):
    raise ValueError(f"not JSON: {name}")


def next_event(api, headers={}):
    response, event = call(api, "GET", "invocation/next", headers=headers)
    return response.headers["Lambda-Runtime-Aws-Request-Id"], event


def post_error(api, what, error):
    kind = f"Runtime.{type(error).__name__}"
    text = {"errorMessage": str(error), "errorType": kind, "stackTrace": []}
    headers = {"Lambda-Runtime-Function-Error-Type": kind}
    call(api, "POST", f"{what}/error", json.dumps(text), headers)


def call(api, method, path, body=None, headers={}):
    api.request(method, f"{RUNTIME}/{path}", body, headers)
    response = api.getresponse()
    answer = response.read()
    if response.status >= 300:
        sys.exit(f"{method} {path} was answered with {response.status}")
    return response, answer


class InvalidConfig(Exception):
    """What the environment asks for makes no sense."""


main()
