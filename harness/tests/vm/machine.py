"""A virtual machine of Debian's packages: its disk, what it is given, and its end."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import images
import root
from place import Unusable, run

SUITE = "trixie"
PACKAGES = (
    "systemd-sysv",
    "udev",
    "kmod",
    "linux-image-cloud-amd64",
    "initramfs-tools",
    "zstd",
    "docker.io",
    "docker-cli",
    "runc",
    "crun",
    "iproute2",
    "iptables",
    "ca-certificates",
)
FUNCTIONS = ("rust", "python")
PROJECT = Path(__file__).parents[3]
# What functions are prepared into: large, and not needed but for one file.
MADE = ("target", "node_modules", "site", "web-adapter", "bundle", "compile-cache")
# What is sparse takes what is written alone.
DISK, GIVEN = "6G", "2G"
# Of the whole, in seconds: others may use the processors.
OVER_WITHIN = 3600
# An emulated function takes its time.
TIMEOUT = "3m"
KERNEL = (
    "root=/dev/vda rw console=ttyS0 quiet loglevel=3 systemd.show_status=no "
    "systemd.mount-extra=/dev/vdb:/check:ext4 systemd.run=/check/inside "
    "systemd.run_success_action=poweroff systemd.run_failure_action=poweroff"
)


def remove() -> None:
    """The disk, and what it was made of."""
    for kept in root.KEPT.glob("vm-*"):
        shutil.rmtree(root.KEPT / kept.name.removeprefix("vm-"), ignore_errors=True)
        shutil.rmtree(kept)


def checked(program: Path, folder: Path) -> Path:
    """Boots the machine, has everything done in it, and gives the folder of what was written."""
    for needed in ("qemu-system-x86_64", "mke2fs", "debugfs"):
        if shutil.which(needed) is None:
            raise Unusable(f"{needed} is missing: apt-get install qemu-system-x86 e2fsprogs")
    system = disk()
    given = folder / "given"
    give(program, given)
    image = folder / "check.img"
    filled(given, image, GIVEN)
    shutil.rmtree(given)
    boot(system, image)
    out = folder / "out"
    run("debugfs", "-R", f"rdump /out {folder}", image)
    if not (out / "over").exists():
        raise Unusable("the machine ended before everything was done in it")
    return out


def disk() -> Path:
    """The folder of a system's disk, kernel and first files, made once."""
    made = root.made(SUITE, PACKAGES)
    kept = root.KEPT / f"vm-{made.name}"
    if kept.is_dir():
        return kept
    unfinished = root.KEPT / f"vm-{made.name}.{os.getpid()}"
    unfinished.mkdir()
    for name in ("vmlinuz", "initrd.img"):
        [file] = made.glob(f"boot/{name}-*-amd64")
        shutil.copy(file, unfinished / name)
    filled(made, unfinished / "disk.img", DISK)
    unfinished.rename(kept)
    return kept


def filled(folder: Path, image: Path, size: str) -> None:
    run("mke2fs", "-q", "-F", "-t", "ext4", "-d", folder, image, size)


def give(program: Path, to: Path) -> None:
    """The program, the functions, and their images."""
    (to / "out").mkdir(parents=True)
    shutil.copy(program, to / "coldstart")
    shutil.copy(Path(__file__).parent / "inside", to)
    command = [str(program.absolute()), "build", "--functions", ",".join(FUNCTIONS)]
    # On the engine that images are taken from.
    env = {k: v for k, v in os.environ.items() if k not in ("DOCKER_HOST", "DOCKER_CONTEXT")}
    built = subprocess.run(
        [*command, "--format", "json"],
        cwd=PROJECT, env=env, stdout=subprocess.PIPE, text=True, check=False,
    )  # fmt: skip
    if built.returncode != 0:
        raise Unusable("the functions' images cannot be built here")
    records = json.loads(built.stdout)["images"]
    bases = {base["name"] for record in records for base in record["bases"]}
    images.save([record["image"] for record in records], bases, to / "images.tar")
    [python] = [record["image"] for record in records if record["name"] == "python"]
    (to / "image").write_text(python)

    functions = to / "functions"
    shutil.copytree(PROJECT / "functions", functions, ignore=shutil.ignore_patterns(*MADE))
    # What was prepared goes into an image's name.
    prepared = Path("rust/target/release/function")
    (functions / prepared).parent.mkdir(parents=True)
    shutil.copy2(PROJECT / "functions" / prepared, functions / prepared)
    described = functions / "functions.toml"
    text = described.read_text().replace('timeout = "10s"', f'timeout = "{TIMEOUT}"')
    described.write_text(text)
    quick = (PROJECT / "benches/scenarios/quick.toml").read_text()
    (to / "quick.toml").write_text(quick.replace('keep-alive = "400ms"', 'keep-alive = "5s"'))


def boot(system: Path, given: Path) -> None:
    """From its start until it has switched itself off; what it says is told as it comes."""
    drive = "if=virtio,format=raw,file="
    command = [
        "qemu-system-x86_64", "-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2",
        "-m", "3072", "-no-reboot", "-nic", "none",
        "-display", "none", "-monitor", "none", "-serial", "stdio",
        "-kernel", str(system / "vmlinuz"), "-initrd", str(system / "initrd.img"),
        "-append", KERNEL,
        # What is written to it is thrown away.
        "-drive", f"{drive}{system / 'disk.img'},snapshot=on",
        "-drive", f"{drive}{given}",
    ]  # fmt: skip
    with subprocess.Popen(
        ["timeout", str(OVER_WITHIN), *command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
    ) as emulated:
        assert emulated.stdout
        try:
            for line in emulated.stdout:
                print(line.decode(errors="replace").rstrip(), flush=True)
        except BaseException:
            # It has no other end before its time.
            emulated.terminate()
            raise
    if emulated.returncode != 0:
        raise Unusable(f"the machine did not end by itself: exit {emulated.returncode}")
