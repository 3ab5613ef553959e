#!/usr/bin/env python3
"""An external extension: leaves a file late, registers, and waits; `fails` ends before that.

For `external.rs`.
"""
import os
import sys
import time
import urllib.request

NAME = os.path.basename(sys.argv[0])
API = f"http://{os.environ['AWS_LAMBDA_RUNTIME_API']}/2020-01-01/extension"
if NAME == "fails":
    print("no licence", flush=True)
    sys.exit(3)
time.sleep(0.2)
# Before it registers: the function is started as soon as all have.
with open(f"/tmp/{NAME}", "w"):
    pass
asked = urllib.request.Request(
    f"{API}/register", b'{"events":["INVOKE"]}', {"Lambda-Extension-Name": NAME}
)
with urllib.request.urlopen(asked) as registered:
    known = registered.headers["Lambda-Extension-Identifier"]
while True:
    asked = urllib.request.Request(
        f"{API}/event/next", headers={"Lambda-Extension-Identifier": known}
    )
    urllib.request.urlopen(asked).read()
