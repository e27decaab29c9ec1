#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes the core of a machine larger than can be had, for measurements.

    synthetic.py LAYOUTS CORE --segments N --devices N --pages N

LAYOUTS: what `iommuscope kernel --export` wrote of a Linux 7.x; the machine's objects are laid out as it
says, and the core is opened with `-s LAYOUTS`. Each segment has an IOMMU and so many devices; sixteen of
them share a domain, of one page; 00:00.0's domain maps PAGES pages of 4 KB. All leaf tables of that one
lie at addresses of their own, but are the same bytes in the file, so that it stays small.
"""

import argparse
import re
import struct
import sys

PAGE, MIB = 4096, 1 << 20
LINEAR, IMAGE = 0xFFFF888000000000, 0xFFFFFFFF80000000
IMAGE_PA, IMAGE_SIZE, OBJECTS_PA = 16 * MIB, 96 * MIB, 256 * MIB
LEAVES_PA, CHUNK = 1 << 37, 2 * MIB  # leaf tables; so many bytes of the file serve all of them
SHARING = 16
ROW = re.compile(r"^(member|symbol|enum|size) (?:struct )?(\S+) (\S+)$", re.MULTILINE)
TABLE_ENTRY = 3 << 61 | 1


class Machine:
    def __init__(self, layouts):
        self.rows = {(kind, name): value for kind, name, value in ROW.findall(layouts)}
        self.release = re.search(r"^release (\S+)", layouts, re.MULTILINE)[1]
        self.build_id = re.search(r"^build-id (\S+)", layouts, re.MULTILINE)
        self.image = bytearray(IMAGE_SIZE)
        self.objects = bytearray(64 * MIB)
        self.used = 0

    def alloc(self, size, align=8):
        self.used = -(-self.used // align) * align
        at = self.used
        self.used += size
        while self.used > len(self.objects):
            self.objects.extend(bytes(len(self.objects)))
        return LINEAR + OBJECTS_PA + at

    def member(self, name):
        offset, size = self.rows["member", name].split(":")[:2]
        return int(offset), int(size)

    def write(self, va, size, value):
        base, memory = (IMAGE, self.image) if va >= IMAGE else (LINEAR + OBJECTS_PA, self.objects)
        memory[va - base:va - base + size] = value.to_bytes(size, "little")

    def put(self, address, name, value):
        """Members that the program does not ask for are not among the rows."""
        if self.rows.get(("member", name), "-") == "-":
            return
        offset, size = self.member(name)
        self.write(address + offset, size, value)

    def at(self, address, name):
        return address + self.member(name)[0]

    def symbol(self, name):
        return int(self.rows["symbol", name], 16)

    def ring(self, head, nodes):
        nodes = [head, *nodes]
        for i, node in enumerate(nodes):
            self.write(node, 8, nodes[(i + 1) % len(nodes)])
            self.write(node + 8, 8, nodes[i - 1])


def pa(va):
    return va - LINEAR


def build_table(m, pages):
    """(root, levels) of a v1 table of that many pages; big ones lead to the shared leaf tables."""
    leaves = -(-pages // 512)
    if leaves == 1:
        table = m.alloc(PAGE, PAGE)
        m.write(table, 8, TABLE_ENTRY | 0x7000000)
        below = [pa(table)]
    else:
        below = [LEAVES_PA + i * PAGE for i in range(leaves)]
    level = 1
    while len(below) > 1 or level < 3:
        tables = []
        for i in range(0, len(below), 512):
            table = m.alloc(PAGE, PAGE)
            words = [TABLE_ENTRY | level << 9 | one for one in below[i:i + 512]]
            at = table - LINEAR - OBJECTS_PA
            struct.pack_into(f"<{len(words)}Q", m.objects, at, *words)
            tables.append(pa(table))
        below, level = tables, level + 1
    return below[0], level


def build(m, segments, devices, pages):
    lists = {"seg": [], "iommu": [], "bus": [], "group": []}
    for seg in range(segments):
        build_segment(m, seg, devices, pages if seg == 0 else 0, lists)
    m.ring(m.symbol("amd_iommu_pci_seg_list"), lists["seg"])
    m.ring(m.symbol("amd_iommu_list"), lists["iommu"])
    m.ring(m.symbol("pci_root_buses"), lists["bus"])
    kset = m.alloc(256)
    m.write(m.symbol("iommu_group_kset"), 8, kset)
    m.ring(m.at(kset, "kset.list"), lists["group"])


def build_domain(m, number, pages):
    domain = m.alloc(512)
    root, levels = build_table(m, pages)
    m.put(domain, "protection_domain.id", number)
    m.put(domain, "protection_domain.pd_mode", 1)
    m.put(domain, "protection_domain.amdv1.amdpt.common.top_of_table",
          LINEAR + root | levels - 1)
    m.put(m.at(domain, "protection_domain.domain"), "iommu_domain.type", 3)
    return domain, root, levels


def build_segment(m, number, devices, pages, lists):
    seg, iommu = m.alloc(256), m.alloc(2048)
    tables = {name: m.alloc(65536 * size, PAGE) for name, size in
              (("dev_table", 32), ("alias_table", 2), ("rlookup_table", 8), ("irq_lookup_table", 8))}
    at = tables["alias_table"] - LINEAR - OBJECTS_PA
    struct.pack_into("<65536H", m.objects, at, *range(65536))
    m.put(seg, "amd_iommu_pci_seg.id", number)
    m.put(seg, "amd_iommu_pci_seg.last_bdf", 0xFFFF)
    for name, address in tables.items():
        m.put(seg, f"amd_iommu_pci_seg.{name}", address)
    m.ring(m.at(seg, "amd_iommu_pci_seg.unity_map"), [])
    lists["seg"].append(m.at(seg, "amd_iommu_pci_seg.list"))
    lists["iommu"].append(m.at(iommu, "amd_iommu.list"))
    for name, value in (("index", number), ("devid", 0xFF02), ("pci_seg", seg),
                        ("mmio_phys", 0xFEB80000 + number * MIB), ("mmio_phys_end", 0x80000),
                        ("features", 0xF77EF22294ADA), ("cmd_buf", m.alloc(8192, PAGE)),
                        ("evt_buf", m.alloc(8192, PAGE))):
        m.put(iommu, f"amd_iommu.{name}", value)
    sysdata = m.alloc(64)
    m.put(sysdata, "pci_sysdata.domain", number)
    domain = None
    for first in range(0, devices, 256):
        bus = m.alloc(1024)
        lists["bus"].append(m.at(bus, "pci_bus.node"))
        m.put(bus, "pci_bus.number", first >> 8)
        m.put(bus, "pci_bus.sysdata", sysdata)
        m.ring(m.at(bus, "pci_bus.children"), [])
        functions = []
        for devid in range(first, min(first + 256, devices)):
            if devid % SHARING == 0:
                domain = build_domain(m, 1 + (number * devices + devid) // SHARING,
                                      pages if devid == 0 and pages else 1)
            functions.append(build_function(m, devid, domain, tables, iommu, lists))
        m.ring(m.at(bus, "pci_bus.devices"), functions)


def build_function(m, devid, domain, tables, iommu, lists):
    (domain, root, levels), function, param = domain, m.alloc(1024), m.alloc(64)
    data, group, member = m.alloc(128), m.alloc(256), m.alloc(32)
    device = m.at(function, "pci_dev.dev")
    core = m.at(domain, "protection_domain.domain")
    for address, name, value in (
            (function, "pci_dev.devfn", devid & 0xFF), (function, "pci_dev.vendor", 0x15B3),
            (function, "pci_dev.device", 0x1018), (device, "device.iommu", param),
            (device, "device.iommu_group", group), (param, "dev_iommu.priv", data),
            (data, "iommu_dev_data.devid", devid), (data, "iommu_dev_data.domain", domain),
            (member, "group_device.dev", device), (group, "iommu_group.id", len(lists["group"])),
            (group, "iommu_group.domain", core), (group, "iommu_group.default_domain", core)):
        m.put(address, name, value)
    m.ring(m.at(group, "iommu_group.devices"), [m.at(member, "group_device.list")])
    lists["group"].append(m.at(m.at(group, "iommu_group.kobj"), "kobject.entry"))
    entry = (3 | levels << 9 | root | 3 << 61, domain_id(m, domain), 0, 0)
    for word, value in enumerate(entry):
        m.write(tables["dev_table"] + devid * 32 + word * 8, 8, value)
    m.write(tables["rlookup_table"] + devid * 8, 8, iommu)
    return m.at(function, "pci_dev.bus_list")


def domain_id(m, domain):
    offset, size = m.member("protection_domain.id")
    at = domain + offset - LINEAR - OBJECTS_PA
    return int.from_bytes(m.objects[at:at + size], "little")


def build_kernel(m):
    """The kernel's own page tables and name; its VMCOREINFO."""
    top, linear, upper, image = (m.alloc(PAGE, PAGE) for _ in range(4))
    m.write(top + (LINEAR >> 39 & 511) * 8, 8, pa(linear) | 0x63)
    m.write(top + 511 * 8, 8, pa(upper) | 0x63)
    m.write(upper + 510 * 8, 8, pa(image) | 0x63)
    for i in range(64):
        m.write(linear + i * 8, 8, i << 30 | 0xE3)
    for i in range(IMAGE_SIZE // CHUNK):
        m.write(image + i * 8, 8, IMAGE_PA + i * CHUNK | 0xE3)
    uts = m.symbol("init_uts_ns") if ("symbol", "init_uts_ns") in m.rows else IMAGE + IMAGE_SIZE - PAGE
    for place, text in ((0, "Linux"), (130, m.release)):
        at = uts - IMAGE + 4 + place
        m.image[at:at + len(text)] = text.encode()
    lines = [f"OSRELEASE={m.release}", f"SYMBOL(init_uts_ns)={uts:x}",
             f"SYMBOL(swapper_pg_dir)={IMAGE + pa(top) - IMAGE_PA:x}", "KERNELOFFSET=0",
             f"NUMBER(phys_base)={IMAGE_PA}", "NUMBER(sme_mask)=0"]
    if m.build_id:
        lines.insert(1, f"BUILD-ID={m.build_id[1]}")
    return "".join(f"{line}\n" for line in lines).encode()


def write_core(m, path, vmcoreinfo, pages):
    name = b"VMCOREINFO\0\0"
    note = struct.pack("<III", 11, len(vmcoreinfo), 0) + name + vmcoreinfo
    leaves = -(-pages // 512) * PAGE if pages > 512 else 0
    loads = [(IMAGE_PA, IMAGE_SIZE, "image"), (OBJECTS_PA, m.used, "objects")]
    loads += [(LEAVES_PA + at, min(CHUNK, leaves - at), "leaves") for at in range(0, leaves, CHUNK)]
    head = 64 + 56 * (len(loads) + 1)
    at = {"image": -(-(head + len(note)) // PAGE) * PAGE}
    at["objects"] = at["image"] + IMAGE_SIZE
    at["leaves"] = at["objects"] + -(-m.used // PAGE) * PAGE
    with open(path, "wb") as out:
        out.write(struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\2\1\1", 4, 62, 1, 0, 64, 0, 0, 64, 56,
                              len(loads) + 1, 0, 0, 0))
        out.write(struct.pack("<IIQQQQQQ", 4, 0, head, 0, 0, len(note), len(note), 4))
        for start, size, part in loads:
            out.write(struct.pack("<IIQQQQQQ", 1, 7, at[part], 0, start, size, size, PAGE))
        out.write(note)
        out.seek(at["image"])
        out.write(m.image)
        out.seek(at["objects"])
        out.write(m.objects[:m.used])
        out.seek(at["leaves"])
        out.write(b"".join(struct.pack("<Q", TABLE_ENTRY | 0x8000000 + i * 3 * PAGE)
                           for i in range(CHUNK // 8)))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("layouts")
    parser.add_argument("core")
    for name in ("--segments", "--devices", "--pages"):
        parser.add_argument(name, type=int, default=1, metavar="N")
    arguments = parser.parse_args()
    with open(arguments.layouts, encoding="ascii") as text:
        m = Machine(text.read())
    build(m, arguments.segments, arguments.devices, arguments.pages)
    write_core(m, arguments.core, build_kernel(m), arguments.pages)
    return 0


if __name__ == "__main__":
    sys.exit(main())
