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
        "vectors": None,
        "mappings": [],
        "refused": [],
        "unmapped": [],
        "interrupts": [],
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
        elif kind == "refused":
            name, iova, size, reason = fields
            truth["refused"].append({"name": name, "iova": iova, "size": size, "reason": reason})
        elif kind == "unmapped":
            name, iova, size = fields
            truth["unmapped"].append({"name": name, "iova": iova, "size": size})
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
