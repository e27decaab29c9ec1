# SPDX-License-Identifier: GPL-2.0-or-later
"""Is what drgn reads in the dumps what the guest said? This tests the rig itself: the dumps
and both truths, before anyone blames iommuscope."""

import json
import subprocess

from . import formats, roots
from .cache import RIG_DIR, RigError, series_dir
from .qemu import VFIO_BDF

TIMEOUT = 300
# iommu_domain.type, as sysfs calls it
TYPE_NAMES = {0: "blocked", 1: "unmanaged", 3: "DMA", 4: "identity", 11: "DMA-FQ"}
# QEMU's own kdumps name no machine, which makes drgn's libkdumpfile refuse them; and drgn
# reads no split dumps.
UNREADABLE_BY_DRGN = {formats.REARRANGED, formats.WITHOUT_VMCOREINFO, *formats.SPLIT}


def read_by_drgn(dump, vmlinux, bdf=VFIO_BDF):
    argv, environment = roots.command(
        "python3", ["-B", str(RIG_DIR / "truth_drgn.py"), str(dump), str(vmlinux),
                    "--vfio", bdf])
    try:
        result = subprocess.run(argv, env=environment, check=False, timeout=TIMEOUT,
                                stdin=subprocess.DEVNULL, capture_output=True)
    except subprocess.TimeoutExpired:
        raise RigError(f"{dump.name}: drgn took longer than {TIMEOUT} s") from None
    if result.returncode:
        words = result.stderr.decode(errors="replace").strip().splitlines()
        raise RigError(f"{dump.name}: drgn: {words[-1] if words else 'failed'}")
    return json.loads(result.stdout)


def pages(ranges):
    """{iova: (pa, readable, writable)} of every 4 KB page."""
    table = {}
    for iova, pa, size, read, write in ranges:
        iova, pa = int(iova, 16), int(pa, 16)
        for offset in range(0, int(size, 16), 4096):
            table[iova + offset] = (pa + offset, read, write)
    return table


def guest_pages(truth):
    return pages([run["iova"], run["pa"], run["size"], mapping["read"], mapping["write"]]
                 for mapping in truth["mappings"] for run in mapping["runs"])


def differences(state, truth):
    """What the two truths disagree on, one line each."""
    found = []
    devices = {device["bdf"]: device for device in state["devices"]}
    functions = {function["bdf"]: function for function in truth["functions"]}
    if devices.keys() != functions.keys():
        found.append(f"devices: {sorted(devices.keys() ^ functions.keys())} on one side only")
    for bdf in devices.keys() & functions.keys():
        domain = devices[bdf]["domain"]
        kind = TYPE_NAMES.get(domain["type"], domain["type"]) if domain else None
        expected = functions[bdf]["group_type"]
        if truth["vfio"] and bdf == truth["vfio"]["bdf"]:
            expected = "unmanaged"  # sysfs goes on naming the default domain's type
        if kind != expected:
            found.append(f"{bdf}: domain type {kind}, the guest says {expected}")
    if truth["vfio"]:
        leaves, mapped = pages(state["vfio"]["ranges"]), guest_pages(truth)
        wrong = [iova for iova in leaves.keys() | mapped.keys()
                 if leaves.get(iova) != mapped.get(iova)]
        if wrong:
            found.append(f"mappings: {len(wrong)} pages differ, the first at {min(wrong):#x}")
    return found


def dumps(series):
    """(dump, truth) pairs to compare, of those that are there."""
    pairs = [("before.elf", "truth-before.json"), ("after.elf", "truth-after.json"),
             ("after.paging.elf", "truth-after.json"),
             ("kdump.flat", "truth-kdump.json"), ("kdump.kdump", "truth-kdump.json")]
    pairs += [(name, "truth-after.json") for name in formats.OUTPUTS]
    directory = series_dir(series.name)
    unreadable = set(UNREADABLE_BY_DRGN)
    if series.dump_level != 31:
        unreadable.add("after.zlib-d31.kdump")  # lacks pages: see series.py
    return [(directory / dump, directory / truth) for dump, truth in pairs
            if (directory / dump).exists() and dump not in unreadable]


def check(rows):
    """Compare all; print a line for each dump; the number of dumps that disagree."""
    failures = 0
    for series in rows:
        if not series.debug:
            print(f"{series.name:>5}: drgn can't read it: there is no vmlinux", flush=True)
            continue
        for dump, truth_path in dumps(series):
            try:
                state = read_by_drgn(dump, series_dir(series.name) / "vmlinux")
                truth = json.loads(truth_path.read_text(encoding="utf-8"))
                found = differences(state, truth)
                count = len(guest_pages(truth))
                verdict = "; ".join(found) or f"agrees ({count} pages mapped)"
            except RigError as error:
                found = verdict = str(error)
            failures += bool(found)
            print(f"{series.name:>5}: {dump.name}: {verdict}", flush=True)
    return failures
