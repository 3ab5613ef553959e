"""Whether a server kept a Job as it was sent: nothing dropped, changed, or added that is not known."""

from collections.abc import Iterator
from typing import Any

# What the server adds, as a path of keys: its own bookkeeping, and what is meant by leaving it out.
BOOKKEEPING = {
    "metadata", "status", "spec.selector", "spec.template.metadata.labels",
}  # fmt: skip
DEFAULTS = {
    "spec.completionMode": "NonIndexed",
    "spec.suspend": False,
    "spec.podReplacementPolicy": "TerminatingOrFailed",
    "spec.template.spec.dnsPolicy": "ClusterFirst",
    "spec.template.spec.schedulerName": "default-scheduler",
    "spec.template.spec.securityContext": {},
    "spec.template.spec.containers.0.resources": {},
    "spec.template.spec.containers.0.terminationMessagePath": "/dev/termination-log",
    "spec.template.spec.containers.0.terminationMessagePolicy": "File",
}


def differences(sent: Any, kept: Any, path: str = "") -> Iterator[str]:
    """What the server dropped, changed, or added to what was sent, but what is known."""
    if isinstance(sent, dict) and isinstance(kept, dict):
        for key in sent.keys() | kept.keys():
            inner = f"{path}.{key}".lstrip(".")
            if key not in kept:
                yield f"{inner} was dropped"
            elif key in sent:
                yield from differences(sent[key], kept[key], inner)
            elif path not in BOOKKEEPING and inner not in BOOKKEEPING:
                if inner not in DEFAULTS or kept[key] != DEFAULTS[inner]:
                    yield f"{inner} was added: {kept[key]}"
    elif isinstance(sent, list) and isinstance(kept, list):
        if len(sent) != len(kept):
            yield f"{path} has {len(kept)}, not {len(sent)}"
        for index, (one, other) in enumerate(zip(sent, kept)):
            yield from differences(one, other, f"{path}.{index}")
    elif sent != kept or type(sent) is not type(kept):
        yield f"{path} was changed: {sent} to {kept}"
