"""Certificates of an engine that speaks TLS and of who speaks to it, each time new."""

import subprocess
from pathlib import Path

EC = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2")


def make(folder: Path, address: str) -> None:
    """`server` for the engine, `client` for its user, `other` of an authority that neither knows.

    Each with ca.pem, cert.pem and key.pem, as Docker's client has them.
    """
    for name, authority in (("server", "ours"), ("client", "ours"), ("other", "theirs")):
        place = folder / name
        place.mkdir(parents=True)
        known = folder / f"{authority}.pem"
        if not known.exists():
            openssl("req", "-x509", *EC, "-subj", f"/CN={authority}", "-out", known,
                    "-keyout", folder / f"{authority}.key")  # fmt: skip
        (place / "ca.pem").write_bytes(known.read_bytes())
        openssl("req", "-x509", *EC, "-subj", f"/CN={name}",
                "-CA", known, "-CAkey", folder / f"{authority}.key",
                "-addext", f"subjectAltName=IP:{address}",
                "-addext", "basicConstraints=critical,CA:FALSE",
                "-addext", "extendedKeyUsage=serverAuth,clientAuth",
                "-out", place / "cert.pem", "-keyout", place / "key.pem")  # fmt: skip


def openssl(*words: object) -> None:
    command = ["openssl", *(str(word) for word in words)]
    subprocess.run(command, check=True, capture_output=True)
