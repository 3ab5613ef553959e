"""A function on the official client for Python; the contract is in ../../README.md."""

import os

INSTANCE = os.urandom(8).hex()
invocation = 0


def handler(event, context):
    """Echoes the event, with the proof of temperature around it; fails where it is asked to."""
    global invocation
    invocation += 1
    if event.get("fail"):
        raise ValueError("the event asks for a failure")
    return {"instance": INSTANCE, "invocation": invocation, "echo": event}
