# SPDX-License-Identifier: GPL-2.0-or-later
"""The guest's facts as JSON: what the tests hold the tool's answers against."""

import json
import struct

NT_GNU_BUILD_ID = 3


def or_none(text, convert=str):
    return None if text == "-" else convert(text)


def build_id(notes):
    """Of the kernel's own ELF notes (/sys/kernel/notes)."""
    at = 0
    while at + 12 <= len(notes):
        name_size, size, kind = struct.unpack_from("<III", notes, at)
        name = notes[at + 12:at + 12 + name_size]
        at += 12 + (name_size + 3 & -4)
        if (name, kind) == (b"GNU\0", NT_GNU_BUILD_ID):
            return notes[at:at + size].hex()
        at += size + 3 & -4
    return None


def cpu_list(text):
    """A list of CPUs as the kernel writes it: 0-3,8."""
    cpus = []
    for part in filter(None, text.split(",")):
        first, _, last = part.partition("-")
        cpus += range(int(first), int(last or first) + 1)
    return cpus


def from_facts(facts):
    """One object per state. Addresses and raw words are hex strings, sizes of mappings too."""
    truth = {
        "release": None,
        "cmdline": None,
        "build_id": None,
        "functions": [],
        "groups": [],
        "iommus": [],
        "ivrs": None,
        "ram": [],
        "vfio": None,
        "owner": None,
        "vectors": None,
        "mappings": [],
        "windows": [],
        "pages": None,
        "refused": [],
        "unmapped": [],
        "interrupts": [],
        "online": None,
        "cpus": [],
        "irqs": [],
        "device_irqs": [],
        "msi": [],
        "redirections": [],
        "leaks": [],
        "events": [],
        "dma": [],
        "stuck": None,
        "notes": [],
        "log": [],
        "capture_log": [],
    }
    groups = {}
    for kind, *fields in facts:
        if kind in ("release", "cmdline", "ivrs"):
            truth[kind] = fields[0]
        elif kind == "kernel-notes":
            truth["build_id"] = build_id(bytes.fromhex(fields[0]))
        elif kind == "function":
            bdf, vendor, device, class_code, driver, group = fields
            truth["functions"].append({
                "bdf": bdf, "vendor": vendor, "device": device, "class": class_code,
                "driver": or_none(driver), "group": or_none(group, int), "group_type": None})
        elif kind == "group":
            groups[int(fields[0])] = {
                "number": int(fields[0]), "type": fields[1], "reserved_regions": []}
        elif kind == "reserved":
            groups[int(fields[0])]["reserved_regions"].append(fields[1])
        elif kind == "iommu":
            name, cap, features = fields
            # As sysfs says it: EFR alone (5.10), "EFR2:EFR" (6.1) or "EFR:EFR2" (7.2).
            truth["iommus"].append({"name": name, "cap": f"0x{cap}", "features": features})
        elif kind == "vfio":
            truth["vfio"] = {"bdf": fields[0], "group": int(fields[1])}
        elif kind == "vectors":
            truth["vectors"] = {"kind": fields[0], "count": int(fields[1])}
        elif kind == "mapping":
            name, iova, size, read, write = fields
            truth["mappings"].append({
                "name": name, "iova": iova, "size": size, "read": read == "1",
                "write": write == "1", "runs": []})
        elif kind == "run":
            iova, pa, size = fields
            truth["mappings"][-1]["runs"].append({"iova": iova, "pa": pa, "size": size})
        elif kind == "window":
            iova, size = fields
            truth["windows"].append({"iova": iova, "size": size})
        elif kind == "pages":
            total, count, neighbours = fields
            truth["pages"] = {"hash": total, "count": int(count), "neighbours": int(neighbours)}
        elif kind == "refused":
            name, iova, size, reason = fields
            truth["refused"].append({"name": name, "iova": iova, "size": size, "reason": reason})
        elif kind == "unmapped":
            name, iova, size = fields
            truth["unmapped"].append({"name": name, "iova": iova, "size": size})
        elif kind == "owner":
            truth["owner"] = {"pid": int(fields[0]), "command": fields[1]}
        elif kind == "online":
            truth["online"] = cpu_list(fields[0])
        elif kind == "cpu":
            truth["cpus"].append({"cpu": int(fields[0]), "apic_id": int(fields[1])})
        elif kind == "irq":
            number, chip, hwirq, actions, asked, effective = fields
            truth["irqs"].append({
                "irq": int(number), "chip": or_none(chip), "hwirq": or_none(hwirq, int),
                "actions": actions.split(","), "affinity": or_none(asked, cpu_list),
                "effective_affinity": or_none(effective, cpu_list)})
        elif kind == "device-irq":
            bdf, number, vector_kind = fields
            truth["device_irqs"].append({"bdf": bdf, "irq": int(number), "kind": vector_kind})
        elif kind == "msi":
            bdf, vector_kind, index, address, data, masked = fields
            truth["msi"].append({
                "bdf": bdf, "kind": vector_kind, "index": int(index), "address": address,
                "data": data, "masked": masked == "1"})
        elif kind == "redirection":
            truth["redirections"].append({"pin": int(fields[0]), "entry": fields[1]})
        elif kind == "leak":
            bdf, leak_kind, iova, pa, size = fields
            truth["leaks"].append(
                {"bdf": bdf, "kind": leak_kind, "iova": iova, "pa": pa, "size": size})
        elif kind == "event":
            _, name, *words = fields
            truth["events"].append({"name": name, "words": words})
        elif kind == "stuck":
            bdf, iova, size = fields
            truth["stuck"] = {"bdf": bdf, "iova": iova, "size": size}
        elif kind == "dma":
            bdf, access, iova, size = fields
            truth["dma"].append({"bdf": bdf, "access": access, "iova": iova, "size": size})
        elif kind in ("ram", "log", "capture-log", "interrupt", "note"):
            key = {"interrupt": "interrupts", "capture-log": "capture_log",
                   "note": "notes"}.get(kind, kind)
            truth[key].append(fields[0])
    truth["groups"] = [groups[number] for number in sorted(groups)]
    for function in truth["functions"]:
        if function["group"] is not None:
            function["group_type"] = groups[function["group"]]["type"]
    return truth


def write(path, facts):
    path.write_text(json.dumps(from_facts(facts), indent=1) + "\n", encoding="utf-8")
