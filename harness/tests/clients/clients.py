"""What clients that people have make of `coldstart serve`: boto3, the AWS command line, AWS' client
for Rust, curl's kind of request, against real instances. Prints what was checked; ends with 1 at what is wrong."""

import argparse
import base64
import http.client
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

import boto3
import botocore
from botocore.config import Config
from botocore.exceptions import ClientError

import own

REPORT = re.compile(
    r"^REPORT RequestId: ([0-9a-f-]{36})\tDuration: ([0-9.]+) ms\tBilled Duration: (\d+) ms\t"
    r"(?:Memory Size: (\d+) MB\t)?(?:Max Memory Used: (\d+) MB\t)?(?:Init Duration: ([0-9.]+) ms\t)?"
    r"(?:Status: (\w+))?(?:\tError Type: (.+))?$"
)


class Server:
    """`coldstart serve`, until it is stopped."""

    def __init__(self, program, work, *words):
        self.folder = pathlib.Path(tempfile.mkdtemp(dir=work)) / "run"
        # Rows are counted, and nothing here is a figure.
        served = [program, "serve", "--no-controls", *words]
        typed = [*served, "--port", "0", "--out", str(self.folder), "--telemetry"]
        self.process = subprocess.Popen(
            typed, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        first = self.process.stdout.readline()
        if not first.startswith("AWS_ENDPOINT_URL="):
            sys.exit(f"it does not serve: {first}{self.process.stderr.read()}")
        self.endpoint = first.strip().split("=", 1)[1]
        self.port = int(self.endpoint.rsplit(":", 1)[1])
        self.lines, self.said = [], []
        self.readers = [
            threading.Thread(target=lambda: self.lines.extend(self.process.stdout)),
            threading.Thread(target=lambda: self.said.extend(self.process.stderr)),
        ]
        for reader in self.readers:
            reader.start()

    def client(self, retries=0):
        config = Config(retries={"max_attempts": retries}, read_timeout=120)
        return boto3.client(
            "lambda",
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id="any",
            aws_secret_access_key="any",
            config=config,
        )

    def stop(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        code = self.process.wait(120)
        for reader in self.readers:
            reader.join()
        return code


def check(what, holds, more=""):
    print(f"{'ok  ' if holds else 'FAIL'} {what}", flush=True)
    if not holds:
        print(f"     {more}", flush=True)
        check.failed = True


check.failed = False


def refused(what, code, status, act):
    try:
        act()
        check(what, False, "it was not refused")
        return None
    except ClientError as error:
        found = error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]
        check(what, found == (code, status), found)
        return error.response


def synchronous(server, name):
    client = server.client()
    answer = client.invoke(FunctionName=name, Payload=b'{"a": 1}', LogType="Tail")
    body = json.loads(answer["Payload"].read())
    check("invoke answers", answer["StatusCode"] == 200 and isinstance(body, dict), body)
    check("its version", answer["ExecutedVersion"] == "$LATEST")
    log = base64.b64decode(answer["LogResult"]).decode()
    request = answer["ResponseMetadata"]["RequestId"]
    lines = log.splitlines()
    report = next((REPORT.match(line) for line in lines if line.startswith("REPORT")), None)
    check("the log has its REPORT", report and report[1] == request, log)
    check("a cold start says its init", report and float(report[6] or 0) > 0, log)
    check("START and END", f"START RequestId: {request} Version: $LATEST" in lines, log)
    answer = client.invoke(FunctionName=name, Payload=b"{}", LogType="Tail")
    log = base64.b64decode(answer["LogResult"]).decode()
    check("a warm call says none", "Init Duration" not in log, log)
    arn = f"arn:aws:lambda:us-east-1:000000000000:function:{name}"
    check("by ARN", client.invoke(FunctionName=arn, Payload=b"{}")["StatusCode"] == 200)
    qualified = client.invoke(FunctionName=name, Qualifier="1", Payload=b"{}")
    check("by version", qualified["ExecutedVersion"] == "1")
    dry = client.invoke(FunctionName=name, InvocationType="DryRun", Payload=b"{}")
    check("dry run", dry["StatusCode"] == 204)


def described(server, name):
    client = server.client()
    pages = client.get_paginator("list_functions").paginate()
    names = [function["FunctionName"] for page in pages for function in page["Functions"]]
    check("listed", name in names, names)
    check("described", client.get_function(FunctionName=name)["Configuration"]["State"] == "Active")
    client.get_waiter("function_active_v2").wait(FunctionName=name)
    client.get_waiter("function_updated").wait(FunctionName=name)
    check("waiters are content", True)


def mistakes(server, name):
    client = server.client()
    refused("no such function", "ResourceNotFoundException", 404,
            lambda: client.invoke(FunctionName="nobody", Payload=b"{}"))
    refused("no JSON", "InvalidRequestContentException", 400,
            lambda: client.invoke(FunctionName=name, Payload=b"{"))
    refused("too large", "RequestTooLargeException", 413,
            lambda: client.invoke(FunctionName=name, Payload=b'"' + b"1" * (7 << 20) + b'"'))
    refused("too large an event", "RequestTooLargeException", 413,
            lambda: client.invoke(FunctionName=name, InvocationType="Event",
                                  Payload=b'"' + b"1" * (2 << 20) + b'"'))


def streaming(server, name):
    stream = server.client().invoke_with_response_stream(FunctionName=name, Payload=b'{"a":1}')
    events = list(stream["EventStream"])
    chunks = b"".join(e["PayloadChunk"]["Payload"] for e in events if "PayloadChunk" in e)
    check("streamed", isinstance(json.loads(chunks), dict), events)
    check("and complete", "InvokeComplete" in events[-1], events)


def asynchronous(server, name):
    client, ids = server.client(), []
    for n in range(20):
        answer = client.invoke(FunctionName=name, InvocationType="Event", Payload=b"%d" % n)
        check.failed |= answer["StatusCode"] != 202
        ids.append(answer["ResponseMetadata"]["RequestId"])
    deadline = time.time() + 60
    while time.time() < deadline:
        told = [line for line in server.lines if any(one in line for one in ids)]
        if len(told) == len(ids):
            break
        time.sleep(0.1)
    check("20 events were called for once each", len(told) == len(ids), f"{len(told)} were")


def urls(server, name):
    request = urllib.request.Request(f"{server.endpoint}/url/{name}/a?b=c", data=b"{}")
    with urllib.request.urlopen(request, timeout=60) as answer:
        timing = answer.headers["server-timing"]
        check("its URL answers", answer.status == 200, answer.status)
        check("with the platform's share", timing.startswith("platform;dur="), timing)


def command_line(server, name, aws):
    environment = dict(
        os.environ, AWS_ENDPOINT_URL=server.endpoint, AWS_ACCESS_KEY_ID="any",
        AWS_SECRET_ACCESS_KEY="any", AWS_DEFAULT_REGION="us-east-1",
    )
    with tempfile.NamedTemporaryFile() as file:
        typed = [aws, "lambda", "invoke", "--function-name", name, "--payload", "{}", file.name]
        done = subprocess.run(typed, env=environment, capture_output=True, text=True)
        check("aws lambda invoke", done.returncode == 0 and '"StatusCode": 200' in done.stdout,
              done.stdout + done.stderr)
        check("its answer", isinstance(json.load(open(file.name)), dict))
    typed = [aws, "lambda", "list-functions", "--query", "Functions[].FunctionName"]
    done = subprocess.run(typed, env=environment, capture_output=True, text=True)
    check("aws lambda list-functions", name in done.stdout, done.stdout + done.stderr)


def rust(server, name, client):
    done = subprocess.run([client, server.endpoint, name], capture_output=True, text=True)
    print(done.stdout, end="", flush=True)
    check("AWS' client for Rust", done.returncode == 0, done.stderr)


def updated(server, name):
    client, seen, failed = server.client(), [], []
    halt = threading.Event()

    def load():
        while not halt.is_set():
            try:
                answer = client.invoke(FunctionName=name, Payload=b"{}")
                headers = answer["ResponseMetadata"]["HTTPHeaders"]
                seen.append(int(headers["x-coldstart-version"]))
            except ClientError as error:
                failed.append(str(error))

    threads = [threading.Thread(target=load) for _ in range(2)]
    [thread.start() for thread in threads]
    time.sleep(1)
    client.update_function_code(FunctionName=name)
    client.get_waiter("function_updated_v2").wait(FunctionName=name)
    deadline = time.time() + 30
    while 2 not in seen and time.time() < deadline:
        time.sleep(0.05)
    halt.set()
    [thread.join() for thread in threads]
    check("an update under load answers by both versions", set(seen) == {1, 2}, set(seen))
    check("and fails no call", not failed, failed[:3])


def loaded(program, work, name, words):
    server = Server(program, work, *words)
    url = f"{server.endpoint}/url/{name}/"
    loading = ["wrk", "-t1", "-c8", "-d4s", "--timeout", "60s", url]
    said = subprocess.run(loading, capture_output=True, text=True).stdout
    server.stop()
    calls = re.search(r"(\d+) requests in", said)
    check("wrk drives a URL", calls and int(calls[1]) > 0, said)
    check("and is answered each time", "Non-2xx" not in said and "Socket errors" not in said, said)
    rows = (server.folder / "samples.jsonl").read_text().splitlines()
    check("every one of its calls is a row", calls and len(rows) >= int(calls[1]), len(rows))


def throttled(program, work, name, words):
    server = Server(program, work, *words, "--reserved", f"{name}=1", "--scaling", "1/10s")
    client = server.client()
    codes, reasons = [], []

    def one():
        try:
            codes.append(client.invoke(FunctionName=name, Payload=b"{}")["StatusCode"])
        except ClientError as error:
            codes.append(error.response["ResponseMetadata"]["HTTPStatusCode"])
            reasons.append(error.response)

    threads = [threading.Thread(target=one) for _ in range(8)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    check("beyond a limit there is 429", codes.count(200) >= 1 and 429 in codes, codes)
    if reasons:
        first = reasons[0]
        check("by its name", first["Error"]["Code"] == "TooManyRequestsException", first)
        check("with a reason", first.get("Reason", "").endswith("LimitExceeded"), first)
        headers = first["ResponseMetadata"]["HTTPHeaders"]
        check("and when to come again", "retry-after" in headers, headers)
    check("it stops", server.stop() == 0)


def killed(program, work, name, words, events):
    queue = pathlib.Path(tempfile.mkdtemp(dir=work))
    more = ["--event-queue", str(queue), "--event-calls", "2"]
    server = Server(program, work, *words, *more)
    client, ids = server.client(), []
    for n in range(events):
        answer = client.invoke(FunctionName=name, InvocationType="Event", Payload=b"%d" % n)
        ids.append(answer["ResponseMetadata"]["RequestId"])
    server.stop(signal.SIGKILL)
    before = [line for line in server.lines if line.startswith("REPORT")]
    server = Server(program, work, *words, *more)
    deadline = time.time() + 90
    after = []
    while time.time() < deadline:
        after = [line for line in server.lines if line.startswith("REPORT")]
        if all(any(one in line for line in before + after) for one in ids):
            break
        time.sleep(0.1)
    code = server.stop()
    journal = (queue / "queue.journal").read_bytes()
    lost = [one for one in ids if f'{{"done":{{"id":"{one}"}}}}'.encode() not in journal]
    check("no event is lost by SIGKILL", not lost, f"{len(lost)} of {len(ids)}")
    again = [one for one in ids
             if sum(one in line for line in before) + sum(one in line for line in after) > 1]
    silent = [one for one in again if not any(one in line for line in server.said)]
    check("none is called for again in silence", not silent, silent)
    check("it stops", code == 0)


def pictures(program, work, name, words, aws):
    """From bucket to bucket, by a function with a real library, whose answer starts another."""
    server = Server(
        program, work, "python_bucket", *words, "--network", "host", "--bucket-port", "0",
        "--bucket", "pictures=python_bucket:in/", "--bucket", "small",
        "--then", f"python_bucket={name}",
    )
    deadline = time.time() + 60
    prefix, where = "AWS_ENDPOINT_URL_S3=", None
    while where is None and time.time() < deadline:
        found = [line for line in server.lines if line.startswith(prefix)]
        where = found[0].strip().removeprefix(prefix) if found else None
        time.sleep(0.05)
    buckets = boto3.client(
        "s3", endpoint_url=where, region_name="us-east-1",
        aws_access_key_id="any", aws_secret_access_key="any",
    )
    event = json.loads(pathlib.Path("functions/thumbnail/event.json").read_text())
    picture = base64.b64decode(event["picture"])
    buckets.put_object(Bucket="pictures", Key="in/red flower.jpg", Body=picture)
    buckets.put_object(Bucket="pictures", Key="elsewhere.jpg", Body=picture)
    with tempfile.NamedTemporaryFile(suffix=".jpg") as file:
        file.write(picture)
        file.flush()
        environment = dict(
            os.environ, AWS_ACCESS_KEY_ID="any", AWS_SECRET_ACCESS_KEY="any",
            AWS_DEFAULT_REGION="us-east-1",
        )
        typed = [aws, "--endpoint-url", where, "s3", "cp", file.name, "s3://pictures/in/b.jpg"]
        done = subprocess.run(typed, env=environment, capture_output=True, text=True)
        check("aws s3 cp", done.returncode == 0, done.stdout + done.stderr)
    keys = []
    while len(keys) < 2 and time.time() < deadline:
        keys = [o["Key"] for o in buckets.list_objects_v2(Bucket="small").get("Contents", [])]
        time.sleep(0.2)
    check("pictures become small ones", sorted(keys) == ["in/b.jpg", "in/red flower.jpg"], keys)
    if keys:
        small = buckets.get_object(Bucket="small", Key=keys[0])["Body"].read()
        check("that are pictures", small[:3] == b"\xff\xd8\xff" and len(small) < len(picture))
    reports = []
    while len(reports) < 4 and time.time() < deadline:
        reports = [line for line in server.lines if line.startswith("REPORT")]
        time.sleep(0.1)
    check("each answer starts another function", len(reports) == 4, reports)
    check("it stops", server.stop() == 0, server.said)


def written(program, work, file):
    """What a function streams, its client says of itself, and `invoke` shows."""
    server = Server(program, work, "streams", "--functions-file", file)
    client = server.client()
    context = base64.b64encode(json.dumps({"custom": {"é": "1"}}).encode()).decode()
    answer = client.invoke(FunctionName="streams", Payload=b"{}", ClientContext=context)
    found = json.loads(answer["Payload"].read())["client_context"]
    check("the client's context is the function's to know", found == {"custom": {"é": "1"}}, found)
    refused("a context that is none", "InvalidRequestContentException", 400,
            lambda: client.invoke(FunctionName="streams", Payload=b"{}", ClientContext="string"))

    def stream(event):
        began, came = time.time(), []
        body = json.dumps(event).encode()
        answer = client.invoke_with_response_stream(FunctionName="streams", Payload=body)
        for one in answer["EventStream"]:
            came.append((time.time() - began, one))
        return came

    came = stream({"streams": ["one", "two"], "pause": 1.5})
    chunks = [(at, one["PayloadChunk"]["Payload"]) for at, one in came if "PayloadChunk" in one]
    check("chunks come one by one", [chunk for _, chunk in chunks] == [b"one", b"two"], came)
    check("as they are written", came[-1][0] - chunks[0][0] > 2, came)
    check("and all is well", came[-1][1] == {"InvokeComplete": {}}, came)
    last = stream({"streams": ["half"], "fails": "no more"})[-1][1]["InvokeComplete"]
    check("an error in the middle is told", last.get("ErrorCode") == "Unhandled", last)
    check("in the function's words", "no more" in last.get("ErrorDetails", ""), last)

    def url(event):
        body = json.dumps(event).encode()
        headers = {"Content-Type": "application/json"}
        return urllib.request.Request(f"{server.endpoint}/url/streams", body, headers)

    prelude = json.dumps({"statusCode": 201, "headers": {"x-own": "1"}, "cookies": ["a=1"]})
    kind = "application/vnd.awslambda.http-integration-response"
    pieces = {"streams": [prelude + "\0" * 8, "one", "two"], "type": kind}
    with urllib.request.urlopen(url(pieces), timeout=60) as answer:
        head = (answer.status, answer.headers["x-own"], answer.headers["set-cookie"])
        check("its URL sends what a prelude says", head == (201, "1", "a=1"), head)
        check("and what comes after it", answer.read() == b"onetwo")
    gone = client.invoke_with_response_stream(
        FunctionName="streams", Payload=json.dumps({"streams": ["x" * 1000] * 50, "pause": 0.02})
    )
    next(iter(gone["EventStream"]))
    gone["EventStream"].close()
    answer = client.invoke(FunctionName="streams", Payload=b"{}")
    check("a client that goes away harms nobody", answer["StatusCode"] == 200)
    check("it stops", server.stop() == 0, server.said)
    rows = [json.loads(line) for line in (server.folder / "samples.jsonl").open()]
    check("every streamed answer has its first byte",
          sum("first_byte" in row["marks"] for row in rows) == 3, rows)
    kept = json.loads((server.folder / "run.json").read_text())["scenario"]
    check("the record says the policy", "keep_alive" not in kept and kept["policy"], kept)
    typed = [program, "invoke", "streams", "--functions-file", file, "--event", '{"sleeps": 4}',
             "--out", str(pathlib.Path(tempfile.mkdtemp(dir=work)) / "run")]
    process = subprocess.Popen(typed, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    said = [(time.time(), line) for line in process.stderr]
    found = [at for at, line in said if 'asked {"sleeps": 4}' in line]
    report = [at for at, line in said if "REPORT RequestId" in line]
    check("invoke shows the log once", process.wait() == 0 and len(found) == 1, said)
    check("while it is written", found and report and report[0] - found[0] > 1, said)


def listening(program, work, file):
    server = Server(program, work, "web", "--functions-file", file)

    def ask(method, path, body=None, headers=()):
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        connection.request(method, path, body, {"Host": f"web.localhost:{server.port}", **dict(headers)})
        return connection.getresponse()

    answer = ask("PUT", "/a%20b/c?d=e&d=f", b"\xff\x00z", {"X-One": "1", "TE": "trailers"})
    told = json.loads(answer.read())
    check("its own request", (told["method"], told["path"]) == ("PUT", "/a%20b/c?d=e&d=f"), told)
    check("with its body", told["body"] == "\xff\x00z", told)
    given = {name.lower(): value for name, value in told["headers"].items()}
    check("and its headers", given.get("x-one") == "1" and "te" not in given, given)
    check("forwarded", given.get("x-forwarded-for") == "127.0.0.1", given)
    check("its cookies", answer.headers.get_all("set-cookie") == ["a=1", "b=2"], answer.headers)
    check("what is between neighbours stays", "x-secret" not in answer.headers, answer.headers)
    answer = ask("GET", "/teapot")
    check("its status", answer.status == 418 and json.loads(answer.read())["path"] == "/teapot")
    answer = ask("HEAD", "/x")
    check("a head", answer.status == 200 and int(answer.headers["content-length"]) > 0)
    answer, began = ask("GET", "/streams"), time.time()
    check("it streams", answer.read1(3) == b"one" and time.time() - began < 0.9)
    check("to the end", answer.read() == b"two")
    try:
        rest = ask("GET", "/streams/breaks").read()
        check("what breaks off is no whole answer", False, rest)
    except http.client.IncompleteRead as error:
        check("what breaks off is no whole answer", error.partial == b"onetwo", error.partial)
    check("what dies is a bad gateway", ask("GET", "/dies").status == 502)
    check("and the next has another", ask("GET", "/x").status == 200)
    answer = server.client().invoke(FunctionName="web", Payload=b"{}")
    told = json.loads(answer["Payload"].read())
    check("Invoke asks the function's own", (told["method"], told["path"]) == ("GET", "/"), told)
    check("it stops", server.stop() == 0, server.said)


def reserved(program, work, name, words):
    server = Server(program, work, *words, "--concurrency", "10")
    client = server.client()
    check("nothing is reserved", "ReservedConcurrentExecutions" not in
          client.get_function_concurrency(FunctionName=name))
    put = client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    check("put_function_concurrency", put["ReservedConcurrentExecutions"] == 0, put)
    refused("none at a time", "TooManyRequestsException", 429,
            lambda: client.invoke(FunctionName=name, Payload=b"{}"))
    refused("more than there are", "InvalidParameterValueException", 400,
            lambda: client.put_function_concurrency(
                FunctionName=name, ReservedConcurrentExecutions=11))
    got = client.get_function_concurrency(FunctionName=name)
    check("get_function_concurrency", got["ReservedConcurrentExecutions"] == 0, got)
    told = client.get_function(FunctionName=name)["Concurrency"]
    check("get_function says it", told == {"ReservedConcurrentExecutions": 0}, told)
    client.delete_function_concurrency(FunctionName=name)
    answer = client.invoke(FunctionName=name, Payload=b"{}")
    check("delete_function_concurrency", answer["StatusCode"] == 200)
    check("it stops", server.stop() == 0, server.said)


def told(server):
    reports = [REPORT.match(line.rstrip("\n")) for line in server.lines if line.startswith("REPORT")]
    check("every REPORT line is one", reports and all(reports), server.lines)
    check("memory is measured", all(int(r[5] or 0) > 0 for r in reports), server.lines[:3])
    telemetry = (server.folder / "telemetry.jsonl").read_text().splitlines()
    kinds = [json.loads(line)["type"] for line in telemetry]
    check("telemetry has them all", kinds.count("platform.report") == len(reports), len(kinds))
    rows = (server.folder / "samples.jsonl").read_text().splitlines()
    check("every call is a row", len(rows) == len(reports), (len(rows), len(reports)))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program")
    parser.add_argument("work")
    parser.add_argument("aws")
    parser.add_argument("function")
    parser.add_argument("--events", type=int, default=60, help="of those that meet a SIGKILL")
    parser.add_argument("--rust", required=True, help="AWS' client for Rust")
    parser.add_argument("words", nargs="*", help="what else `serve` is told")
    args = parser.parse_args()
    print(f"boto3 {boto3.__version__}, botocore {botocore.__version__}", flush=True)
    words = [args.function, *args.words]
    server = Server(args.program, args.work, *words)
    synchronous(server, args.function)
    described(server, args.function)
    mistakes(server, args.function)
    streaming(server, args.function)
    urls(server, args.function)
    asynchronous(server, args.function)
    command_line(server, args.function, args.aws)
    rust(server, args.function, args.rust)
    updated(server, args.function)
    check("it stops by SIGTERM", server.stop() == 0, server.said)
    told(server)
    loaded(args.program, args.work, args.function, words)
    throttled(args.program, args.work, args.function, words)
    killed(args.program, args.work, args.function, words, args.events)
    reserved(args.program, args.work, args.function, words)
    file = own.functions(args.work)
    written(args.program, args.work, file)
    listening(args.program, args.work, file)
    pictures(args.program, args.work, args.function, words, args.aws)
    sys.exit(1 if check.failed else 0)


main()
