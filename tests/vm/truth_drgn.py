#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The AMD IOMMU state of a dump, read by drgn straight from the kernel's structures.

    drgn-run truth_drgn.py DUMP VMLINUX [--vfio BDF [--windows SIZE]] [--allocator BDF...]

It shares no line with iommuscope: that is its point. It prints JSON: the IOMMUs, every PCI
function with its device table entry and protection domain, the allocated domain IDs, the
remapped interrupts, the leaves of one device's page table (--vfio; when there are millions
only a hash for each SIZE bytes of IOVA), and for some devices what the IOVA allocator has given
out beside what is mapped (--allocator). All addresses are hex strings. Which layout
a kernel has is told by which members and symbols it has, never by its version.
"""

import argparse
import json
import sys

from drgn import Object, Program, TypeKind, cast
from drgn.helpers.linux.cpumask import for_each_cpu
from drgn.helpers.linux.irq import for_each_irq_desc, irq_desc_action_names
from drgn.helpers.linux.list import list_for_each_entry
from drgn.helpers.linux.mm import virt_to_phys
from drgn.helpers.linux.pci import for_each_pci_dev, pci_name
from drgn.helpers.linux.rbtree import rbtree_inorder_for_each_entry

PAGE = 4096
RING = 8192
PTE_PRESENT = 1
PTE_ADDRESS = ((1 << 52) - 1) & ~(PAGE - 1)
PTE_READ = 1 << 61
PTE_WRITE = 1 << 62
LEAF = 0  # NextLevel of a leaf of the level's own size
LEAF_ENLARGED = 7  # NextLevel of a leaf whose address encodes its size
# v2 tables: as the CPU's
V2_WRITE = 1 << 1
V2_LARGE = 1 << 7
DTE_GUEST = 1 << 55  # word 0: the device's tables are those of the GCR3 table


def has_symbol(prog, name):
    try:
        prog.symbol(name)
        return True
    except LookupError:
        return False


def hexadecimal(value):
    return None if value is None else f"0x{int(value):x}"


class Iommu:
    def __init__(self, prog):
        self.prog = prog
        self.encryption = prog["sme_me_mask"].value_() if has_symbol(prog, "sme_me_mask") else 0
        # 5.10.y has a struct amd_iommu_pci_seg too, but with no tables in it.
        self.segmented = (has_symbol(prog, "amd_iommu_pci_seg_list") and
                          prog.type("struct amd_iommu_pci_seg").has_member("dev_table"))
        self.domain_type = prog.type("struct protection_domain")

    def iommus(self):
        return list(list_for_each_entry("struct amd_iommu",
                                        self.prog["amd_iommu_list"].address_of_(), "list"))

    def device_table(self, segment):
        """(pointer to the first entry, last device ID) of a PCI segment."""
        if not self.segmented:
            return self.prog["amd_iommu_dev_table"], self.prog["amd_iommu_last_bdf"].value_()
        for entry in list_for_each_entry("struct amd_iommu_pci_seg",
                                         self.prog["amd_iommu_pci_seg_list"].address_of_(),
                                         "list"):
            if entry.id.value_() == segment:
                return entry.dev_table, entry.last_bdf.value_()
        return None, -1

    def entry(self, segment, device_id):
        """The four words of a device table entry, or None."""
        table, last = self.device_table(segment)
        if table is None or device_id > last:
            return None
        words = table[device_id].data
        return [words[i].value_() for i in range(4)]

    def domain_ids(self):
        """(kind of allocator, the IDs it has given out)."""
        if has_symbol(self.prog, "pdom_ids"):
            return "ida", sorted(ida_ids(self.prog, self.prog["pdom_ids"]))
        data = self.prog.read(self.prog["amd_iommu_pd_alloc_bitmap"].value_(), 65536 // 8)
        return "bitmap", [i for i in range(65536) if data[i // 8] >> (i % 8) & 1]

    def page_table(self, domain):
        """(physical address of the root, number of levels) of a v1 table; levels 0: none."""
        if self.domain_type.has_member("amdv1"):
            top = domain.amdv1.amdpt.common.top_of_table.value_()
            root, levels = top & ~7, (top & 7) + 1
        elif self.domain_type.has_member("iop"):
            root, levels = domain.iop.root.value_(), domain.iop.mode.value_()
        else:
            top = domain.pt_root.counter.value_() & ((1 << 64) - 1)
            root, levels = top & ~(PAGE - 1), top & 7
        # The static identity domain has no table; its members were never set.
        if not root:
            return None, 0
        return virt_to_phys(self.prog, root).value_(), levels

    def leaves_of(self, words, domain):
        """(iova, pa, size, readable, writable) of every leaf of a device, in order of iova. A v2
        table is the one that its device table entry leads to, as the hardware would go; a v1
        table the domain's own: in a kdump the entry may be the capture kernel's."""
        if words[0] & DTE_GUEST:
            yield from self._walk_v2(self._guest_root(words), 4, 0, True)
            return
        root, levels = self.page_table(domain)
        if root is not None:
            yield from self._walk(root, levels, 0, True, True)

    def _guest_root(self, words):
        """The root of PASID 0's table."""
        table = ((words[0] >> 58 & 7) << 12 | (words[1] >> 16 & 0xFFFF) << 15 |
                 (words[1] >> 43 & 0x1FFFFF) << 31)
        for _ in range((words[0] >> 56 & 3) + 1):  # PASID 0: the first entry at each level
            entry = int.from_bytes(self.prog.read(table & ~self.encryption, 8, True), "little")
            table = entry & PTE_ADDRESS
        return table & ~self.encryption

    def _walk_v2(self, table, level, base, writable):
        data = self.prog.read(table, PAGE, True)
        shift = 12 + 9 * (level - 1)
        for index in range(512):
            entry = int.from_bytes(data[index * 8:index * 8 + 8], "little")
            if not entry & PTE_PRESENT:
                continue
            iova = base + (index << shift)
            may_write = writable and bool(entry & V2_WRITE)
            address = entry & PTE_ADDRESS & ~self.encryption
            if level == 1 or entry & V2_LARGE:
                yield iova, address & ~((1 << shift) - 1), 1 << shift, True, may_write
            else:
                yield from self._walk_v2(address, level - 1, iova, may_write)

    def _walk(self, table, level, base, readable, writable):
        data = self.prog.read(table, PAGE, True)
        shift = 12 + 9 * (level - 1)
        index = 0
        while index < 512:
            entry = int.from_bytes(data[index * 8:index * 8 + 8], "little")
            iova = base + (index << shift)
            index += 1
            if not entry & PTE_PRESENT:
                continue
            may_read = readable and bool(entry & PTE_READ)
            may_write = writable and bool(entry & PTE_WRITE)
            address = entry & PTE_ADDRESS & ~self.encryption
            next_level = entry >> 9 & 7
            if next_level == LEAF:
                yield iova, address, 1 << shift, may_read, may_write
            elif next_level == LEAF_ENLARGED:
                # The lowest zero bit from bit 12 up: the size is twice its value. The same
                # entry is repeated for as many slots as the leaf covers.
                bit = 12
                while address >> bit & 1:
                    bit += 1
                size = 2 << bit
                yield iova, address & ~(size - 1), size, may_read, may_write
                index += (size >> shift) - 1
            else:
                if next_level >= level:
                    raise ValueError(f"table at {table:#x}: level {next_level} below {level}")
                yield from self._walk(address, next_level, iova, may_read, may_write)


def allocated_iovas(prog, domain):
    """[first, last] of what the DMA API's allocator has given out, freed and cached included."""
    cookie = domain.iova_cookie
    if not cookie:
        return []
    iovad = cast("struct iommu_dma_cookie *", cookie).iovad
    anchor = iovad.anchor.address_of_()
    return [[hexadecimal(one.pfn_lo.value_() * PAGE),
             hexadecimal(one.pfn_hi.value_() * PAGE + PAGE - 1)]
            for one in rbtree_inorder_for_each_entry("struct iova",
                                                     iovad.rbroot.address_of_(), "node")
            if one != anchor]


def hashes(leaves, window):
    """For each `window` bytes of IOVA: how many leaves, and FNV-1a over the frame numbers."""
    found = {}
    for iova, pa, size, _, _ in leaves:
        count, total = found.get(iova // window, (0, 0xCBF29CE484222325))
        for page in range(pa // PAGE, (pa + size) // PAGE):
            for byte in page.to_bytes(8, "little"):
                total = (total ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
        found[iova // window] = count + 1, total
    return [{"iova": hexadecimal(window * number), "leaves": count, "hash": f"0x{total:016x}"}
            for number, (count, total) in found.items()]


def ida_ids(prog, ida):
    """IDs in an IDA, read from its xarray's nodes (include/linux/xarray.h, lib/idr.c)."""
    chunk_bits = 1024

    def entries(entry, base):
        if not entry:
            return
        if entry & 3 == 2 and entry > PAGE:  # an internal node
            node = Object(prog, "struct xa_node *", entry - 2)
            for slot in range(len(node.slots)):
                yield from entries(node.slots[slot].value_(),
                                   base + (slot << node.shift.value_()))
        elif entry & 1 or entry & 3 == 0:
            yield base, entry

    for index, entry in entries(ida.xa.xa_head.value_(), 0):
        if entry & 1:  # a small bitmap in the entry itself
            bits, width = entry >> 1, 63
        else:
            bits, width = int.from_bytes(prog.read(entry, chunk_bits // 8), "little"), chunk_bits
        for bit in range(width):
            if bits >> bit & 1:
                yield index * chunk_bits + bit


def device_data(pci_dev):
    """The driver's struct iommu_dev_data of a PCI function, or None."""
    iommu = pci_dev.dev.iommu
    if not iommu or not iommu.priv:
        return None
    return cast("struct iommu_dev_data *", iommu.priv)


class Interrupts:
    """Remapped interrupts: what amd_ir_chip keeps of each, and the entry that this names."""

    def __init__(self, prog, iommu):
        self.prog, self.iommu = prog, iommu
        self.chip = prog["amd_ir_chip"].address_of_()
        self.size = 16 if prog["amd_iommu_guest_ir"].value_() else 4

    def tables(self, segment):
        """The driver's table of tables of a PCI segment, by device ID."""
        if not self.iommu.segmented:
            return self.prog["irq_lookup_table"]
        for entry in list_for_each_entry("struct amd_iommu_pci_seg",
                                         self.prog["amd_iommu_pci_seg_list"].address_of_(),
                                         "list"):
            if entry.id.value_() == segment:
                return entry.irq_lookup_table
        raise LookupError(f"no segment {segment}")

    def words(self, table, index):
        data = self.prog.read(table.table.value_() + index * self.size, self.size)
        return [int.from_bytes(data[at:at + 8], "little") for at in range(0, self.size, 8)]

    def is_allocated(self, words):
        """irte_is_allocated(), irte_ga_is_allocated()"""
        return bool(words[0] if self.size == 4 else words[1] & 0xff)

    def describe(self, irq, desc):
        data = desc.irq_data.address_of_()
        while data and data.chip != self.chip:
            data = data.parent_data
        if not data:
            return None
        record = cast("struct amd_ir_data *", data.chip_data)
        devid, index = record.irq_2_irte.devid.value_(), record.irq_2_irte.index.value_()
        table = self.tables(0)[devid]
        words = self.words(table, index)
        names = irq_desc_action_names(desc)
        mask = desc.irq_common_data.effective_affinity
        return {
            "irq": irq, "devid": devid, "index": index, "words": [hexadecimal(w) for w in words],
            "names": [name.decode() for name in names],
            "cpus": list(cpumask_to_cpulist_numbers(mask)),
        }

    def irqs(self):
        every = (self.describe(irq, desc) for irq, desc in for_each_irq_desc(self.prog))
        return [one for one in every if one]

    def table_owners(self):
        """{address of a table: the lowest device ID that has it}"""
        if not self.tables(0):  # no remapping
            return {}
        _, last = self.iommu.device_table(0)
        data = self.prog.read(self.tables(0).value_(), (last + 1) * 8)
        owners = {}
        for devid in range(last + 1):
            address = int.from_bytes(data[devid * 8:devid * 8 + 8], "little")
            if address:
                owners.setdefault(address, devid)
        return owners

    def describe_table(self, address, devid, entries):
        table = Object(self.prog, "struct irq_remap_table *", address)
        return {"devid": devid, "min_index": table.min_index.value_(),
                "allocated": [i for i in range(entries)
                              if self.is_allocated(self.words(table, i))]}

    def state(self, entries=512):
        return {"irqs": self.irqs(),
                "tables": [self.describe_table(address, devid, entries)
                           for address, devid in self.table_owners().items()]}


def rings(prog, one):
    """The command buffer, what the driver knows of it, and the event log, of an IOMMU."""
    words = [hexadecimal(int.from_bytes(prog.read(one.cmd_buf.value_() + at, 8), "little"))
             for at in range(0, RING, 8)]
    events = [[hexadecimal(int.from_bytes(prog.read(one.evt_buf.value_() + at + half, 8), "little"))
               for half in (0, 8)] for at in range(0, RING, 16)]
    given = one.cmd_sem_val
    return {
        "commands": [words[at:at + 2] for at in range(0, len(words), 2)],
        "head": one.cmd_buf_head.value_() // 16, "tail": one.cmd_buf_tail.value_() // 16,
        "stored": one.cmd_sem[0].value_(),
        "store_address": hexadecimal(virt_to_phys(cast("void *", one.cmd_sem)).value_()),
        "expected": (given.counter if hasattr(given, "counter") else given).value_(),
        "need_sync": bool(one.need_sync), "events": events,
    }


def cpumask_to_cpulist_numbers(mask):
    """The CPUs in a cpumask_var_t, an array of words or a pointer to such."""
    return for_each_cpu(mask[0] if mask.type_.kind == TypeKind.ARRAY else mask)


def coalesced(leaves):
    """Leaves that continue each other as one range."""
    ranges = []
    for iova, pa, size, read, write in leaves:
        last = ranges[-1] if ranges else None
        if (last and last[0] + last[2] == iova and last[1] + last[2] == pa
                and last[3:] == [read, write]):
            last[2] += size
        else:
            ranges.append([iova, pa, size, read, write])
    return [[hexadecimal(n) for n in r[:3]] + r[3:] for r in ranges]


def describe_domain(iommu, data):
    domain = data.domain if data is not None else None
    if domain is None or not domain:
        return None
    root, levels = iommu.page_table(domain)
    return {
        "address": hexadecimal(domain.value_()),
        "id": domain.id.value_(),
        "type": domain.domain.type.value_(),
        "pt_root": hexadecimal(root),
        "mode": levels,
    }


def read_vfio(iommu, name, words, domain, window):
    leaves = list(iommu.leaves_of(words, domain))
    found = {
        "bdf": name,
        "v2": bool(words[0] & DTE_GUEST),
        "leaves": len(leaves),
        "by_size": {str(size): sum(leaf[2] == size for leaf in leaves)
                    for size in sorted({leaf[2] for leaf in leaves})},
    }
    if window:
        return {**found, "windows": hashes(leaves, window)}
    return {**found, "ranges": coalesced(leaves)}


def read_state(prog, vfio, window, allocators):
    iommu = Iommu(prog)
    state = {"iommus": [], "devices": [], "vfio": None, "allocators": []}
    for one in iommu.iommus():
        state["iommus"].append({
            "index": one.index.value_(),
            "devid": hexadecimal(one.devid.value_()),
            "mmio": hexadecimal(one.mmio_phys.value_() & ~iommu.encryption),
            "features": hexadecimal(one.features.value_()),
            "cap": hexadecimal(one.cap.value_()),
            "cmd_buf": hexadecimal(virt_to_phys(one.cmd_buf).value_()),
            "evt_buf": hexadecimal(virt_to_phys(one.evt_buf).value_()),
            "rings": rings(prog, one),
        })
    for pci_dev in for_each_pci_dev(prog):
        name = pci_name(pci_dev)
        segment = int(name.split(":")[0], 16)
        device_id = pci_dev.bus.number.value_() << 8 | pci_dev.devfn.value_()
        words = iommu.entry(segment, device_id)
        data = device_data(pci_dev)
        state["devices"].append({
            "bdf": name,
            "dte": [hexadecimal(word) for word in words] if words else None,
            "domain": describe_domain(iommu, data),
        })
        if name == vfio:
            state["vfio"] = read_vfio(iommu, name, words, data.domain, window)
        if name in allocators:
            state["allocators"].append({
                "bdf": name,
                "ranges": coalesced(iommu.leaves_of(words, data.domain)),
                "iovas": allocated_iovas(prog, data.domain.domain)})
    state["devices"].sort(key=lambda device: device["bdf"])
    allocator, ids = iommu.domain_ids()
    state["domids"] = {"allocator": allocator, "ids": ids}
    state["interrupts"] = Interrupts(prog, iommu).state()
    return state


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dump")
    parser.add_argument("vmlinux")
    parser.add_argument("--vfio", metavar="BDF", help="print the leaves of this function's table")
    parser.add_argument("--windows", metavar="SIZE", type=lambda word: int(word, 0),
                        help="... or a hash for each so many bytes")
    parser.add_argument("--allocator", metavar="BDF", action="append", default=[],
                        help="print the IOVAs given out for this function")
    arguments = parser.parse_args()
    prog = Program()
    prog.set_core_dump(arguments.dump)
    prog.load_debug_info([arguments.vmlinux])
    state = read_state(prog, arguments.vfio, arguments.windows, arguments.allocator)
    json.dump(state, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
