# SPDX-License-Identifier: GPL-2.0-or-later
"""What runs beside iommuscope, and how its answer is held against ours."""

import dataclasses
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

BENCH = Path(__file__).resolve().parent
RIG = BENCH.parent / "vm/rig"
DRGN_RUN = BENCH.parent / "vm/drgn-run"
CRASH_OPTIONS = ["-s", "--no_modules", "--no_kmem_cache", "--no_panic"]  # what it can leave out


def whole(answer):
    return answer


@dataclasses.dataclass(frozen=True)
class Program:
    """One side of a comparison. `answer` makes of its output what `part` makes of our answer;
    `seconds`, where given, takes from the output a time that counts in place of the process's."""
    name: str
    argv: list
    answer: Callable = None
    part: Callable = whole
    seconds: Callable = None


OF_DOMAIN = ("domain_id", "paging_mode", "pt_root")


def our_device(row):
    """Of a function that the driver does not serve we show what hardware does; others nothing."""
    numbers = ("vendor", "device", "domain_id", "pt_root")
    found = {key: int(row[key], 16) if key in numbers and row[key] else row[key]
             for key in ("bdf", "vendor", "device", "driver", "group", *OF_DOMAIN)}
    return {**found, **dict.fromkeys(OF_DOMAIN)} if row["iommu"] is None else found


def our_devices(text):
    return {row["bdf"]: our_device(row) for row in json.loads(text)["data"]}


def drgn_devices(text):
    return {row["bdf"]: row for row in map(json.loads, text.splitlines())}


def crash_devices(text):
    rows = re.findall(r"^([0-9a-f]{4}):([0-9a-f]{4}) (-?\d+)$", text, re.MULTILINE)
    return {(int(segment, 16), int(devid, 16)): int(domain) for segment, devid, domain in rows
            if domain != "-1"}


def domains_by_devid(devices):
    found = {}
    for bdf, row in devices.items():
        segment, bus, slot, function = (int(part, 16) for part in re.split("[:.]", bdf))
        if row["domain_id"] is not None:
            found[segment, bus << 8 | slot << 3 | function] = row["domain_id"]
    return found


def our_summary(text):
    data = json.loads(text)["data"]
    data = data[0] if isinstance(data, list) else data
    return {"tables": data["tables"],
            "by_page_size": {str(row["page_size"]): row["leaves"] for row in data["by_page_size"]}}


def drgn_summary(text):
    answer = json.loads(text)
    return {key: answer[key] for key in ("tables", "by_page_size")}


def drgn_walk_seconds(text):
    return json.loads(text)["seconds"]


def present_entries(summary):
    """Leaves, and an entry for each table but the root: what read_pages counts."""
    return sum(summary["by_page_size"].values()) + summary["tables"] - 1


def drgns():
    """{name: argv to run a script} of the rig's drgn and the system's."""
    version = "import drgn; print(drgn.__version__)"
    found = {}
    for name, argv in (("drgn", [sys.executable, DRGN_RUN]), ("system's drgn", [sys.executable])):
        done = subprocess.run([*argv, "-c", version], capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"bench: no {name}: {done.stderr.strip().splitlines()[-1]}")
        found[f"{name} {done.stdout.split()[-1]}"] = argv
    return found


def crashes():
    found = {}
    for name, argv in (("crash", [sys.executable, RIG, "run", "crash"]),
                       ("system's crash", ["crash"])):
        done = subprocess.run([*argv, "--version"], capture_output=True, text=True, check=False)
        version = re.search(r"^crash (\S+)", done.stdout, re.MULTILINE)
        if not version:
            raise SystemExit(f"bench: no {name}: {done.stderr.strip()}")
        found[f"{name} {version[1]}"] = argv
    return found


def drgn_device_peers(dump, vmlinux):
    return [Program(name, [*argv, BENCH / "drgn_devices.py", dump, vmlinux], drgn_devices)
            for name, argv in drgns().items()]


def crash_device_peers(scratch, dump, vmlinux):
    script = scratch / "devices.crash"
    script.write_text(f"gdb source {BENCH / 'crash_devices.gdb'}\nq\n", encoding="ascii")
    return [Program(name, [*argv, *CRASH_OPTIONS, "-i", script, vmlinux, dump], crash_devices,
                    domains_by_devid) for name, argv in crashes().items()]


def drgn_map_peer(dump, vmlinux, bdf, *more):
    name, argv = next(iter(drgns().items()))
    return Program(f"{name}, the walk alone",
                   [*argv, BENCH / "drgn_map.py", dump, vmlinux, bdf, *more],
                   drgn_summary, seconds=drgn_walk_seconds)


def light_peer(name, program, dump, pages):
    return Program(name, [program, dump, pages], int, present_entries)
