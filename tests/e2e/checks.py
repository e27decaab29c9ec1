# SPDX-License-Identifier: GPL-2.0-or-later
"""What each health check must find, must not find, and can't tell: one row per check.

A fault is put into a copy of a bundled capture (inject.py). `fault` returns the object that the check
has to name and the physical address of a word that shows it; `neighbour` is the nearest thing that
is well; `removal` takes away what the check needs.
"""

import dataclasses
import functools
import json
import re
from collections.abc import Callable

from inject import Capture
from support import ROOT, run

NIC, NVME, PORT, VFIO = "0000:00:05.0", "0000:00:06.0", "0000:00:1f.2", "0000:00:04.0"
HOST_BRIDGE, IOMMU = "0000:00:00.0", "0000:00:01.0"


PLAIN = 0x10000000  # IOVA of the first of 1024 scattered pages of VFIO's domain
ADDRESS = 0x000ffffffffff000
ACCESSED, READ, WRITE, FREE_TO_USE = 1 << 5, 1 << 61, 1 << 62, 1 << 63


def devid(bdf):
    _, bus, rest = bdf.split(":")
    device, function = rest.split(".")
    return int(bus, 16) << 8 | int(device, 16) << 3 | int(function)


FOLDERS = [ROOT / "tests" / "fixtures"]  # where captures are; the last one counts


def fixture_path(name):
    return FOLDERS[-1] / f"{name}.elf"


@functools.cache
def rows(path, *words):
    return json.loads(run("-c", path, "--no-symbols", "--no-cache", "-j", *words).out)["data"]


class Machine(Capture):
    """A capture to be spoilt, and where things are in it."""

    def __init__(self, fixture):
        super().__init__(fixture_path(fixture))
        self.path = fixture_path(fixture)

    def entry(self, bdf, word=0):
        row, = rows(self.path, "dte", bdf)
        return int(row["entry_address"], 16) + 8 * word

    def domain(self, bdf):
        return next(row for row in rows(self.path, "domains") if bdf in row["devices"])

    def id_of(self, bdf):
        """The physical address of the ID in the domain's object."""
        return self.translate(int(self.domain(bdf)["address"], 16)
                              + self.member("protection_domain.id"))

    def walk(self, bdf, iova):
        """Of each level, top first, the physical address of the entry that serves the address."""
        row, = rows(self.path, "walk", bdf, hex(iova))
        return [int(level["entry_address"], 16) for level in row["levels"]]

    def leaves(self, bdf):
        return rows(self.path, "map", bdf, "--leaves")

    def page(self, pa, member):
        """The physical address of a member of the page's struct page."""
        vmemmap = self.read(self.variable("vmemmap_base"))
        size = int(re.search(r"^size struct page (\d+)", self.text, re.M).group(1))
        return self.translate(vmemmap + (pa >> 12) * size + self.member(f"page.{member}"))

    def variable(self, symbol):
        """Its physical address."""
        return self.translate(self.symbol(symbol) + self.words[1])

    def bitmap(self, number):
        """The physical address of the word of the ID allocator's bitmap that has this ID."""
        return self.translate(self.read(self.variable("amd_iommu_pd_alloc_bitmap")) + number // 64 * 8)

    def alias(self, bdf):
        return self.translate(self.read(self.variable("amd_iommu_alias_table")) + devid(bdf) * 2)

    def iommu(self, member):
        """The physical address of a member of the first IOMMU's object."""
        node = self.read(self.variable("amd_iommu_list"))
        return self.translate(node - self.member("amd_iommu.list") + self.member(f"amd_iommu.{member}"))


@dataclasses.dataclass(frozen=True)
class Case:
    fixture: str
    fault: Callable  # Machine -> (object, address of a word in the evidence)
    neighbour: Callable  # Machine -> None
    removal: Callable  # likewise
    also: tuple = ()  # other checks that the fault really concerns
    held: bool = True  # the bundled captures hold what it reads; else only fresh ones of the dumps do
    neighbour_fixture: str = ""  # where it is another one


def change(address, value, bdf):
    """Writes a word and says what is to be found."""
    def fault(machine):
        machine.write(address(machine), value)
        return bdf, address(machine)
    return fault


def flip(bdf, word, bits):
    def fault(machine):
        machine.flip(machine.entry(bdf, word), bits)
        return bdf, machine.entry(bdf, word)
    return fault


def without_entry(machine):
    machine.exclude(machine.entry(NIC), 32)


def without_bitmap(machine):
    machine.exclude(machine.bitmap(0), 8)


def narrow(machine, levels):
    """An IOMMU that walks four levels, and an entry with this many."""
    features = machine.variable("amd_iommu_efr")
    machine.write(features, machine.read(features) & ~0xc00)
    entry = machine.read(machine.entry(VFIO)) & ~0xe00
    machine.write(machine.entry(VFIO), entry | levels << 9)
    return VFIO, machine.entry(VFIO)


def alias_to(bdf, other):
    def fault(machine):
        machine.write(machine.alias(bdf), devid(other), 2)
        return bdf, machine.entry(bdf)
    return fault


def share_id(machine):
    machine.write(machine.id_of(NIC), machine.read(machine.id_of(NVME), 2), 2)
    return f"domain ID {machine.read(machine.id_of(NVME), 2):#x}", machine.id_of(NIC)


def free_id(machine):
    number = int(machine.domain(NIC)["id"], 16)
    machine.flip(machine.bitmap(number), 1 << number)
    return f"domain ID {number:#x}", machine.bitmap(number)


def leak_id(machine):
    machine.flip(machine.bitmap(0), 1 << 20)
    return "domain IDs", machine.bitmap(0)


def take_over(machine):
    machine.flip(machine.iommu("flags"), 1, 4)
    return leak_id(machine)


def fill_ids(share):
    def fault(machine):
        for number in range(64, int(65536 * share), 64):
            machine.write(machine.bitmap(number), (1 << 64) - 1)
        return "domain IDs", machine.bitmap(0)
    return fault


def no_change(machine):
    return NVME, machine.entry(NVME)


def entry_at(iova, depth, bits=0, pa=None, bdf=VFIO):
    """The page-table entry at that depth (0: the top table's) is changed: bits flipped, or its address."""
    def fault(machine):
        at = machine.walk(bdf, iova)[depth]
        value = machine.read(at) ^ bits
        if pa is not None:
            value = value & ~ADDRESS | pa(machine)
        machine.write(at, value)
        return f"domain {machine.domain(bdf)['id']}", at
    return fault


def table_at(iova, depth, bdf=VFIO):
    """The physical address of the table at that depth."""
    return lambda machine: machine.walk(bdf, iova)[depth] & ~0xfff


def without_tables(machine):
    machine.exclude(machine.walk(VFIO, PLAIN)[2])


def big_page(bits, copy):
    """One of the entries of a page of several is changed."""
    def fault(machine):
        leaf = next(l for l in machine.leaves(VFIO) if l["size"] == 1 << 16)
        at = machine.walk(VFIO, int(leaf["iova"], 16))[-1] + 8 * copy
        machine.flip(at, bits)
        return f"domain {machine.domain(VFIO)['id']}", at
    return fault


def page_at(iova, bdf=VFIO):
    """The physical address of the page that it leads to."""
    return lambda machine: machine.read(machine.walk(bdf, iova)[-1]) & ADDRESS


def free_page(pa):
    """The page's type becomes that of the first page of a free block."""
    def fault(machine):
        kind = int(re.search(r"^enum pagetype.PGTY_buddy (\d+)", machine.text, re.M).group(1))
        machine.write(machine.page(pa(machine), "page_type"), kind << 24, 4)
        return f"domain {machine.domain(VFIO)['id']}", machine.page(pa(machine), "flags")
    return fault


def shared_page(pa):
    """One more reference to the page."""
    def neighbour(machine):
        at = machine.page(pa(machine), "_refcount")
        machine.write(at, machine.read(at, 4) + 1, 4)
    return neighbour


def without_fact(machine):
    machine.exclude(machine.page(page_at(PLAIN)(machine), "flags"), 64)


def image(symbol):
    """The page of the kernel's image that has it."""
    return lambda machine: machine.translate(machine.symbol(symbol) + machine.words[1]) & ~0xfff


CASES = {
    "dte-reserved": Case("7.2-after", flip(NIC, 0, 1 << 3), flip(NIC, 1, 1 << 33), without_entry),
    "dte-valid": Case("7.2-after", flip(NIC, 0, 1 << 1), flip(IOMMU, 0, 1 << 1), without_entry),
    "dte-value": Case("7.2-after", flip(NIC, 0, 1 << 11), flip(NIC, 0, 3 << 7), without_entry),
    "dte-limit": Case("7.2-after", lambda m: narrow(m, 5), lambda m: narrow(m, 4),
                      lambda m: m.exclude(m.variable("amd_iommu_efr")), also=("dte-driver",)),
    "dte-guest": Case("7.2-after", flip(NIC, 0, 1 << 54), flip(NIC, 0, 1 << 52), without_entry),
    "dte-root": Case("7.2-after", change(lambda m: m.entry(NIC), 0x6000000000000603, NIC),
                     flip(HOST_BRIDGE, 0, 1 << 62), without_entry, also=("dte-driver",)),
    "dte-driver": Case("7.2-after", change(lambda m: m.entry(NIC, 1), 0x55, NIC), no_change,
                       lambda m: m.exclude(m.id_of(NIC), 2), also=("domain-id-free",),
                       neighbour_fixture="7.2-kdump"),
    "dte-alias": Case("5.10-after", alias_to(NIC, NVME), alias_to(PORT, "0000:00:1f.0"),
                      lambda m: m.exclude(m.alias(NIC), 2)),
    "dte-captured": Case("7.2-kdump", no_change, no_change, without_entry,
                         neighbour_fixture="7.2-after"),
    "domain-id-shared": Case("7.2-after", share_id,
                             lambda m: m.write(m.id_of(NIC), 0x55, 2),
                             lambda m: m.exclude(m.id_of(NIC), 2), also=("dte-driver",)),
    "domain-id-free": Case("6.12-after", free_id, leak_id, without_bitmap),
    "domain-id-leaked": Case("6.12-after", leak_id, no_change, without_bitmap),
    "domain-id-copied": Case("6.12-after", take_over, leak_id,
                             lambda m: m.exclude(m.iommu("flags"), 4)),
    "domain-ids-low": Case("6.12-after", fill_ids(0.95), fill_ids(0.8), without_bitmap,
                           also=("domain-id-leaked",)),
    "pt-cycle": Case("7.2-after", entry_at(PLAIN, 1, pa=table_at(PLAIN, 1)),
                     entry_at(PLAIN, 1, ACCESSED), without_tables),
    "pt-level": Case("7.2-after", entry_at(PLAIN, 1, 1 << 9), entry_at(PLAIN, 1, ACCESSED), without_tables),
    "pt-reserved": Case("7.2-after", entry_at(PLAIN, 1, 1 << 52), entry_at(PLAIN, 1, FREE_TO_USE),
                        without_tables),
    "pt-size": Case("7.2-after", big_page(WRITE, 3), big_page(ACCESSED, 3), without_tables),
    "pt-shared": Case("7.2-after",
                      entry_at(0xfffff000, 0, pa=table_at(0xfffff000, 1, NVME), bdf=NIC),
                      entry_at(0xfffff000, 0, ACCESSED, bdf=NIC), without_tables),
    "pt-table-page": Case("7.2-after", free_page(table_at(PLAIN, 2)), shared_page(table_at(PLAIN, 2)),
                          lambda m: m.exclude(m.page(table_at(PLAIN, 2)(m), "flags"), 64), held=False),
    "map-nowhere": Case("7.2-after", entry_at(PLAIN, 3, 1 << 45), entry_at(PLAIN, 3, ACCESSED),
                        without_fact, held=False),
    "map-free": Case("7.2-after", free_page(page_at(PLAIN)), shared_page(page_at(PLAIN)), without_fact,
                     held=False),
    "map-kernel": Case("7.2-after", entry_at(PLAIN, 3, WRITE, pa=image("_stext")),
                       entry_at(PLAIN, 3, WRITE, pa=page_at(PLAIN + 0x1000)), without_fact, held=False),
    "map-writable": Case("7.2-after", entry_at(PLAIN, 3, pa=image("_stext")),
                         entry_at(PLAIN, 3, WRITE, pa=image("_stext")), without_fact,
                         also=("map-kernel",), held=False),
    "map-iommu": Case("7.2-after", entry_at(PLAIN, 3, pa=table_at(PLAIN, 0, NVME)),
                      entry_at(PLAIN, 3, pa=page_at(PLAIN + 0x1000)), without_fact, held=False),
}
