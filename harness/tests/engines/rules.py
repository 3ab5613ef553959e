"""Firewall rules of an engine: under names of its own, and gone with it."""

import hashlib
import json
import shlex
import subprocess
from collections.abc import Sequence
from pathlib import Path

TABLES = ("filter", "nat", "raw")
# The engine's chains have these names on every machine, so two engines would share them.
CHAINS = "DOCKER"
# What stands in for the program that the engine sets its rules by.
RENAMING = f"""#!/bin/sh
for word; do
    shift
    case "$word" in {CHAINS}*) word=%s${{word#{CHAINS}}} ;; esac
    set -- "$@" "$word"
done
exec /usr/sbin/iptables-nft "$@"
"""
# All that podman's networks have on a machine are in one table.
TABLE = ("inet", "netavark")


def prefix_of(folder: Path) -> str:
    """What begins the names of its chains: 28 characters at most, 18 of which are the engine's."""
    return "CS" + hashlib.sha256(folder.name.encode()).hexdigest()[:8]


def rename(folder: Path) -> None:
    """Has the rules of an engine in `folder` stand in chains of its own."""
    program = folder / "over/usr/sbin/iptables"
    program.parent.mkdir(parents=True)
    program.write_text(RENAMING % prefix_of(folder))
    program.chmod(0o755)


def remove(folder: Path, root: Path, bridge: str) -> None:
    """Removes those of an engine that has ended, by the programs of its packages."""
    there = ("chroot", str(root))
    if (root / "usr/sbin/iptables-nft").exists():
        for table in TABLES:
            remove_chains(there, table, prefix_of(folder), bridge)
    network = folder / "networks/podman.json"
    if network.exists() and (root / "usr/sbin/nft").exists():
        remove_subnet(there, json.loads(network.read_text())["subnets"][0]["subnet"])


def remove_chains(there: Sequence[str], table: str, prefix: str, bridge: str) -> None:
    program = ("iptables-nft", "--wait", "-t", table)
    listed = said(there, *program, "-S").splitlines()
    lines = [shlex.split(line) for line in listed if line.startswith("-")]
    ours = [words[1] for words in lines if words[0] == "-N" and words[1].startswith(prefix)]
    # Of each container there may be one in a chain of everybody's.
    named = {*ours, bridge}
    for words in lines:
        if words[0] == "-A" and named.intersection(words):
            said(there, *program, "-D", *words[1:])
    for verb in ("-F", "-X"):
        for chain in ours:
            said(there, *program, verb, chain)


def remove_subnet(there: Sequence[str], subnet: str) -> None:
    """Who else has networks in the table keeps them; it goes with the last."""
    address, bits = subnet.split("/")
    chain = f"_{address.replace('.', '_')}_nm{bits}"
    listed = json.loads(said(there, "nft", "-j", "-a", "list", "table", *TABLE) or "{}")
    found = listed.get("nftables", [])
    rules = [entry["rule"] for entry in found if "rule" in entry]
    chains = [entry["chain"]["name"] for entry in found if "chain" in entry]
    ours = [name for name in chains if chain in name]
    if not any(name.startswith("nv_") and name not in ours for name in chains):
        said(there, "nft", "delete", "table", *TABLE)
        return
    for rule in rules:
        text = json.dumps(rule["expr"])
        if address in text or chain in text:
            where = (rule["chain"], "handle", rule["handle"])
            said(there, "nft", "delete", "rule", *TABLE, *where)
    for name in ours:
        said(there, "nft", "delete", "chain", *TABLE, name)


def said(there: Sequence[str], *command: object) -> str:
    """What a program writes where packages are; nothing where there is no such table or rule."""
    words = [*there, *(str(word) for word in command)]
    return subprocess.run(words, capture_output=True, text=True).stdout
