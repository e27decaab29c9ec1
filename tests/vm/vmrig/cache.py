# SPDX-License-Identifier: GPL-2.0-or-later
"""Where the results live, and how they get there: complete or not at all."""

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

RIG_DIR = Path(__file__).resolve().parent.parent


class RigError(Exception):
    """Something the user can be told in one line."""


def cache_dir():
    chosen = os.environ.get("IOMMUSCOPE_TEST_CACHE")
    if chosen:
        return Path(chosen)
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "iommuscope-tests"


def vm_dir():
    return cache_dir() / "vm"


def series_dir(name):
    return vm_dir() / name


def note(series, text):
    """Progress, for the terminal."""
    print(f"{series:>5}: {text}", flush=True)


def publish(series, path):
    """Move a finished file to its final name and tell those who wait for it."""
    target = series_dir(series) / path.name
    path.chmod(0o644)
    os.replace(path, target)
    with open(vm_dir() / "STATUS", "a", encoding="ascii") as status:
        status.write(f"{series} {path.name}\n")


@contextlib.contextmanager
def workspace(series):
    """A directory for half-finished files, on the same file system as their final names."""
    parent = series_dir(series)
    parent.mkdir(parents=True, exist_ok=True)
    path = Path(tempfile.mkdtemp(prefix=".building-", dir=parent))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


@contextlib.contextmanager
def lock():
    """One build at a time; also sweeps what a killed build left behind."""
    vm_dir().mkdir(parents=True, exist_ok=True)
    with open(vm_dir() / ".lock", "w", encoding="ascii") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise RigError(f"another build is using {vm_dir()}") from None
        for left_over in vm_dir().glob("*/.building-*"):
            shutil.rmtree(left_over, ignore_errors=True)
        yield


def digest(*inputs):
    """A hash over files (Path) and values (anything with a stable str())."""
    total = hashlib.sha256()
    for item in inputs:
        data = item.read_bytes() if isinstance(item, Path) else str(item).encode()
        total.update(f"{len(data)}:".encode())
        total.update(data)
    return total.hexdigest()


class Step:
    """One cached step of one series: up to date when its stamp holds its inputs' hash and
    its outputs are there."""

    def __init__(self, series, name, inputs, outputs):
        self.series = series
        self.name = name
        self.hash = digest(*inputs)
        self.outputs = outputs
        self.stamp = series_dir(series) / f".{name}.stamp"

    def is_done(self):
        directory = series_dir(self.series)
        return (
            self.stamp.exists()
            and self.stamp.read_text(encoding="ascii") == self.hash
            and all((directory / output).exists() for output in self.outputs)
        )

    def begin(self):
        """The old results no longer count, even if this run is interrupted."""
        self.stamp.unlink(missing_ok=True)

    def finish(self):
        self.stamp.write_text(self.hash, encoding="ascii")


def run(command, timeout, what, **options):
    """Run a host command; a failure is one line with the command's own last words."""
    try:
        return subprocess.run(
            [str(word) for word in command],
            check=True,
            timeout=timeout,
            stdin=options.pop("stdin", subprocess.DEVNULL),
            stdout=options.pop("stdout", subprocess.PIPE),
            stderr=subprocess.PIPE,
            **options,
        ).stdout
    except FileNotFoundError:
        raise RigError(f"{what}: {command[0]} is not installed (see tests/vm/packages)") from None
    except subprocess.TimeoutExpired:
        raise RigError(f"{what}: {command[0]} took longer than {timeout} s") from None
    except subprocess.CalledProcessError as error:
        words = (error.stderr or b"").decode(errors="replace").strip().splitlines()
        reason = words[-1] if words else f"exit status {error.returncode}"
        raise RigError(f"{what}: {command[0]}: {reason}") from None


def punch_holes(path):
    """Guest memory is mostly zeros; leave those off the disk."""
    run(["fallocate", "--dig-holes", path], 300, path.name)
