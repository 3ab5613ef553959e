"""Root file systems of packages, made once and kept."""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

from place import Unusable

KEPT = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "coldstart" / "engines"
OPTIONS = (
    "--variant=essential",
    "--dpkgopt=path-exclude=/usr/share/doc/*",
    "--dpkgopt=path-exclude=/usr/share/man/*/*",
    "--dpkgopt=path-exclude=/usr/share/locale/*",
    "--dpkgopt=force-unsafe-io",
    '--aptopt=Acquire::Languages "none"',
    '--aptopt=APT::Install-Recommends "false"',
    # A suite that is still to come is valid for a week, and mirrors are older: what is
    # signed is signed all the same, and nobody works on these systems.
    '--aptopt=Acquire::Check-Valid-Until "false"',
)


def made(suite: str, packages: tuple[str, ...]) -> Path:
    """A root file system of packages, from this machine's own mirrors of Debian."""
    recipe = (*OPTIONS, f"--include={','.join(packages)}", suite)
    digest = hashlib.sha256("\n".join(recipe).encode()).hexdigest()[:12]
    root = KEPT / f"{suite}-{digest}"
    if root.is_dir():
        return root
    if shutil.which("mmdebstrap") is None:
        raise Unusable("mmdebstrap is missing: apt-get install mmdebstrap")
    KEPT.mkdir(parents=True, exist_ok=True)
    unfinished = KEPT / f"{root.name}.{os.getpid()}"
    said: list[str] = []
    for mirror in [*mirrors(), None]:
        command = ["mmdebstrap", "--quiet", *recipe, str(unfinished), *filter(None, [mirror])]
        done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        if done.returncode == 0:
            # Whoever was faster has made the same.
            if root.is_dir():
                shutil.rmtree(unfinished)
            else:
                unfinished.rename(root)
            return root
        said += [f"from {mirror or 'Debian'}:", *done.stderr.splitlines()[-5:]]
        shutil.rmtree(unfinished, ignore_errors=True)
    text = "\n".join(said)
    raise Unusable(f"mmdebstrap cannot make a root file system of {suite}\n{text}")


def mirrors() -> list[str]:
    """Where this machine gets Debian's packages from."""
    target = ["apt-get", "indextargets", "--format", "$(ORIGIN) $(LABEL) $(REPO_URI)"]
    listed = subprocess.run([*target, "Created-By: Packages"], capture_output=True, text=True)
    own = [line for line in listed.stdout.splitlines() if line.startswith("Debian Debian ")]
    return list(dict.fromkeys(line.split()[2] for line in own))
