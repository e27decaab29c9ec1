# SPDX-License-Identifier: GPL-2.0-or-later
"""Is what drgn reads in the dumps what the guest said? This tests the rig itself: the dumps
and both truths, before anyone blames iommuscope."""

import json
import subprocess

from . import formats, roots, states
from .cache import RIG_DIR, RigError, series_dir
from .qemu import VFIO_BDF

TIMEOUT = 300
# iommu_domain.type, as sysfs calls it
TYPE_NAMES = {0: "blocked", 1: "unmanaged", 3: "DMA", 4: "identity", 11: "DMA-FQ"}
IOAPIC_MASKED = 1 << 16
# QEMU's own kdumps name no machine, which makes drgn's libkdumpfile refuse them; and drgn
# reads no split dumps.
UNREADABLE_BY_DRGN = {formats.REARRANGED, formats.WITHOUT_VMCOREINFO, *formats.SPLIT}


def read_by_drgn(dump, vmlinux, bdf=VFIO_BDF, options=()):
    argv, environment = roots.command(
        "python3", ["-B", str(RIG_DIR / "truth_drgn.py"), str(dump), str(vmlinux),
                    "--vfio", bdf, *options])
    try:
        result = subprocess.run(argv, env=environment, check=False, timeout=TIMEOUT,
                                stdin=subprocess.DEVNULL, capture_output=True)
    except subprocess.TimeoutExpired:
        raise RigError(f"{dump.name}: drgn took longer than {TIMEOUT} s") from None
    if result.returncode:
        words = result.stderr.decode(errors="replace").strip().splitlines()
        raise RigError(f"{dump.name}: drgn: {words[-1] if words else 'failed'}")
    return json.loads(result.stdout)


def options_for(truth):
    """What has to be read, beyond what always is, to be held against this truth."""
    options = ["--windows", truth["windows"][0]["size"]] if truth["windows"] else []
    for bdf in sorted({leak["bdf"] for leak in truth["leaks"]}):
        options += ["--allocator", bdf]
    return options


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
    if truth["windows"]:
        found += window_differences(state["vfio"]["windows"], truth)
    elif truth["vfio"]:
        leaves, mapped = pages(state["vfio"]["ranges"]), guest_pages(truth)
        if state["vfio"]["v2"]:  # whose format knows no pages that can be written only
            mapped = {iova: (pa, True, write) for iova, (pa, _, write) in mapped.items()}
        wrong = [iova for iova in leaves.keys() | mapped.keys()
                 if leaves.get(iova) != mapped.get(iova)]
        if wrong:
            found.append(f"mappings: {len(wrong)} pages differ, the first at {min(wrong):#x}")
    found += interrupt_differences(state["interrupts"]["irqs"], truth)
    for allocator in state["allocators"]:
        found += leak_differences(allocator, truth)
    return found + event_differences(truth) + ring_differences(state["iommus"][0]["rings"], truth)


def ring_differences(rings, truth):
    """All commands are done, or the last is not; what lies unread in the event log."""
    found = []
    done, asked = rings["stored"], rings["expected"]
    if asked - done != bool(truth["stuck"]):
        found.append(f"commands: {done} done, {asked} asked for")
    unread = [event["words"] for event in truth["events"]] if not truth["dma"] else []
    written = [words for words in rings["events"] if words != ["0x0", "0x0"]]
    if unread and written != unread:
        found.append("the event log's entries are not those that were put there")
    return found


def window_differences(windows, truth):
    expected = {window["iova"]: truth["pages"]["hash"] for window in truth["windows"]}
    if {window["iova"]: window["hash"] for window in windows} != expected:
        return ["the windows' pages are not those that the guest mapped"]
    return []


def where_to(words):
    """(valid, logical, destination) of a remapping entry of 32 or 128 bits."""
    destination = words[0] >> 8 & 0xFF
    if len(words) > 1:
        destination = words[0] >> 8 & 0xFFFFFF | words[1] >> 56 << 24
    return words[0] & 1, words[0] >> 6 & 1, destination


def interrupt_differences(entries, truth):
    """Remapping: every irq that the guest says is remapped, and no other; to the CPU that it says
    is the effective one; and what devices and the IOAPIC send names the same entries."""
    found = []
    by_irq = {entry["irq"]: entry for entry in entries}
    apic_ids = {cpu["cpu"]: cpu["apic_id"] for cpu in truth["cpus"]}
    remapped = {irq["irq"]: irq for irq in truth["irqs"] if irq["chip"].startswith("IR-")}
    if not remapped.keys() <= by_irq.keys():
        found.append(f"irqs {sorted(remapped.keys() - by_irq.keys())} have no remapping entry")
    for number in remapped.keys() & by_irq.keys():
        entry, cpus = by_irq[number], remapped[number]["effective_affinity"]
        valid, logical, destination = where_to([int(word, 16) for word in entry["words"]])
        # Older kernels address the CPUs in flat logical mode: a bit for each.
        wanted = sum(1 << cpu for cpu in cpus) if logical else apic_ids[cpus[0]]
        if valid and destination != wanted:
            found.append(f"irq {number}: entry goes to {destination:#x}, the guest says {cpus}")
    if not remapped:
        return found
    indices = {(entry["devid"], entry["index"]) for entry in entries}
    for vector in truth["msi"]:
        _, bus, function = vector["bdf"].split(":")
        device, number = function.split(".")
        sent = int(bus, 16) << 8 | int(device, 16) << 3 | int(number), int(vector["data"], 16)
        own = any(irq["chip"] == f"PCI-MSI-{vector['bdf']}" or irq["actions"] == ["AMD-Vi"]
                  for irq in truth["irqs"]
                  if {"bdf": vector["bdf"], "irq": irq["irq"], "kind": vector["kind"]}
                  in truth["device_irqs"])
        if not vector["masked"] and not own and sent not in indices:
            found.append(f"{vector['bdf']} sends index {sent[1]}, which no irq has")
    for pin in truth["redirections"]:
        entry = int(pin["entry"], 16)
        if not entry & IOAPIC_MASKED and all(index != entry & 0xFF for _, index in indices):
            found.append(f"IOAPIC pin {pin['pin']}: index {entry & 0xff}, which no irq has")
    return found


def event_differences(truth):
    """The kernel has told of each page fault that was put into its log, once it was woken."""
    log, found = "\n".join(truth["log"]), []
    for event in truth["events"]:
        first, address = (int(word, 16) for word in event["words"])
        told = (f"domain=0x{first >> 32 & 0xffff:04x} address=0x{address:x} "
                f"flags=0x{first >> 48 & 0xfff:04x}]")
        if event["name"].startswith("page-fault") and (told in log) != bool(truth["dma"]):
            found.append(f"event {event['name']}: {told}")
    return found


def leak_differences(allocator, truth):
    """Which of page table and allocator have what the module did."""
    found = []
    mapped = pages(allocator["ranges"])
    given = [[int(word, 16) for word in pair] for pair in allocator["iovas"]]
    for leak in truth["leaks"]:
        if leak["bdf"] != allocator["bdf"]:
            continue
        iova = int(leak["iova"], 16)
        where = (mapped.get(iova, (None,))[0] == int(leak["pa"], 16),
                 any(first <= iova <= last for first, last in given))
        if where != (leak["kind"] != "without-mapping", leak["kind"] != "without-iova"):
            found.append(f"{leak['bdf']}: leak {leak['kind']} at {leak['iova']}: (mapped, given "
                         f"out) are {where}")
    lost = {iova for iova in mapped
            if not any(first <= iova <= last for first, last in given)}
    expected = {int(leak["iova"], 16) for leak in truth["leaks"]
                if leak["bdf"] == allocator["bdf"] and leak["kind"] == "without-iova"}
    if lost != expected:
        found.append(f"{allocator['bdf']}: {len(lost)} pages mapped without an IOVA, "
                     f"{len(expected)} leaked so")
    return found


def dumps(series):
    """(dump, truth) pairs to compare, of those that are there."""
    pairs = [("before.elf", "truth-before.json"), ("after.elf", "truth-after.json"),
             ("after.paging.elf", "truth-after.json"),
             ("kdump.flat", "truth-kdump.json"), ("kdump.kdump", "truth-kdump.json")]
    pairs += [(name, "truth-after.json") for name in formats.OUTPUTS]
    pairs += [(f"{state}.{kind}", f"truth-{state}.json") for name in series.boots
              for state in states.BOOTS[name].states for kind in ("elf", "kdump")]
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
                truth = json.loads(truth_path.read_text(encoding="utf-8"))
                state = read_by_drgn(dump, series_dir(series.name) / "vmlinux",
                                     options=options_for(truth))
                found = differences(state, truth)
                count = (len(truth["windows"]) * truth["pages"]["count"] if truth["windows"]
                         else len(guest_pages(truth)))
                verdict = "; ".join(found) or f"agrees ({count} pages mapped)"
            except RigError as error:
                found = verdict = str(error)
            failures += bool(found)
            print(f"{series.name:>5}: {dump.name}: {verdict}", flush=True)
    return failures
