"""Docker's interface on a Unix socket, and bases from one engine to another."""

import http.client
import json
import os
import shutil
import socket
import sys
from pathlib import Path
from urllib.parse import quote

# Of bases that were made here; making them again takes minutes.
BASES = "coldstart-base/"


class Connection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: Path, timeout: float):
        super().__init__("localhost", timeout=timeout)
        self.path = str(path)

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def answers(path: Path) -> bool:
    """Whether an engine answers there."""
    try:
        connection = Connection(path, timeout=5)
        connection.request("GET", "/_ping")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False


def own() -> Path | None:
    """The engine that is found on this machine where none is named."""
    state = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state")
    places = [Path("/var/run/docker.sock"), state / "coldstart/engine/docker.sock"]
    return next((path for path in places if answers(path)), None)


def named(source: Connection, prefix: str) -> list[str]:
    """The names of an engine's images that begin so."""
    source.request("GET", "/images/json")
    listed = json.loads(source.getresponse().read())
    return [tag for image in listed for tag in image["RepoTags"] or [] if tag.startswith(prefix)]


def archived(source: Connection, tags: list[str]) -> http.client.HTTPResponse:
    """Images in one archive, as it comes."""
    source.request("GET", "/images/get?" + "&".join(f"names={quote(tag)}" for tag in tags))
    return source.getresponse()


def save(tags: list[str], of_bases: set[str], to: Path) -> None:
    """Writes images of the machine's own engine, and bases of it by name, to an archive."""
    source = own()
    assert source is not None, "there is an engine: it has built these images"
    connection = Connection(source, timeout=600)
    wanted = tuple(f"{BASES}{name}:" for name in of_bases)
    tags = tags + [tag for tag in named(connection, BASES) if tag.startswith(wanted)]
    with archived(connection, tags) as archive, open(to, "wb") as file:
        shutil.copyfileobj(archive, file, 1 << 20)


def copy(to: Path) -> None:
    """Copies the bases of the machine's own engine, where it has some."""
    source = own()
    if source is None:
        return
    connection = Connection(source, timeout=600)
    tags = named(connection, BASES)
    if tags and (said := hand(connection, tags, to)):
        print(f"the bases were not copied: {said}", file=sys.stderr)


def hand(source: Connection, tags: list[str], to: Path) -> str:
    """Copies images from one engine to another; what went wrong."""
    archive = archived(source, tags)
    other = Connection(to, timeout=600)
    headers = {"Content-Type": "application/x-tar", "Transfer-Encoding": "chunked"}
    pieces = iter(lambda: archive.read(1 << 20), b"")
    other.request("POST", "/images/load?quiet=1", pieces, headers, encode_chunked=True)
    answer = other.getresponse()
    said = answer.read().decode(errors="replace")
    return "" if answer.status == 200 else said
