# SPDX-License-Identifier: GPL-2.0-or-later
"""Guest-format tables as they lie in memory, walked by drgn's reads alone: the yardstick of test_v2.py.

    drgn_v2.py DUMP VMLINUX

Prints, for each function whose device table entry has guest tables, the PASIDs with their page tables
and every page of each, and the domain that the driver has attached.
"""

import json
import struct
import sys

from drgn import Program, cast
from drgn.helpers.linux.list import list_for_each_entry
from drgn.helpers.linux.pci import for_each_pci_dev, pci_name

ADDRESS = ((1 << 52) - 1) & ~0xfff
PRESENT, WRITE, USER, LARGE = 1, 2, 4, 0x80


def entries(prog, table):
    """(index, entry) of the present ones."""
    words = struct.unpack("<512Q", prog.read(table, 4096, True))
    return ((index, word) for index, word in enumerate(words) if word & PRESENT)


def pages(prog, table, level, iova=0, write=True):
    for index, entry in entries(prog, table):
        here = iova + (index << 12 + 9 * (level - 1))
        may_write = write and bool(entry & WRITE)
        assert entry & USER, f"entry {entry:#x} is for supervisors only"
        if level == 1 or entry & LARGE:
            size = 1 << 12 + 9 * (level - 1)
            yield here, entry & ADDRESS & ~(size - 1), size, True, may_write
        else:
            yield from pages(prog, entry & ADDRESS, level - 1, here, may_write)


def page_tables(prog, table, level, pasid=0):
    for index, entry in entries(prog, table):
        here = pasid + (index << 9 * (level - 1))
        if level == 1:
            yield here, entry & ADDRESS
        else:
            yield from page_tables(prog, entry & ADDRESS, level - 1, here)


def domain_of(function):
    data = cast("struct iommu_dev_data *", function.dev.iommu.priv)
    domain = data.domain
    if domain.type_.type.has_member("amdv2"):
        top = domain.amdv2.x86_64_pt.common.top_of_table.value_()
        root, levels = top & ~7, (top & 7) + 1
    else:
        root, levels = domain.iop.pgd.value_(), domain.prog_["amd_iommu_gpt_level"].value_()
    return {"id": domain.id.value_(), "mode": levels,
            "pt_root": root - domain.prog_["page_offset_base"].value_(),
            "tag": data.gcr3_info.domid.value_()}


def describe(prog, function, words):
    low, middle, high = words[:3]
    root = (low >> 58 & 7) << 12 | (middle >> 16 & 0xffff) << 15 | (middle >> 43) << 31
    levels = 4 + (high >> 54 & 3)
    tables = dict(page_tables(prog, root, (low >> 56 & 3) + 1))
    return {"pasid_root": root, "levels": levels, "tag": middle & 0xffff, "tables": tables,
            "pages": {pasid: list(pages(prog, table, levels)) for pasid, table in tables.items()},
            "domain": domain_of(function)}


def main():
    prog = Program()
    prog.set_core_dump(sys.argv[1])
    prog.load_debug_info([sys.argv[2]])
    table, = (segment.dev_table for segment in list_for_each_entry(
        "struct amd_iommu_pci_seg", prog["amd_iommu_pci_seg_list"].address_of_(), "list"))
    found = {}
    for function in for_each_pci_dev(prog):
        devid = function.bus.number.value_() << 8 | function.devfn.value_()
        words = [word.value_() for word in table[devid].data]
        if words[0] >> 55 & 1:
            found[pci_name(function)] = describe(prog, function, words)
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
