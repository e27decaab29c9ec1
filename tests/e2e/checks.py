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
HOST_BRIDGE, IOMMU, BRIDGE = "0000:00:00.0", "0000:00:01.0", "0000:00:07.0"


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

    def device(self, bdf, member):
        """The physical address of a member of its struct pci_dev: by the list of its bus."""
        node = head = self.symbol("pci_root_buses") + self.words[1]
        bus = self.read(self.translate(head)) - self.member("pci_bus.node")
        assert node
        head = bus + self.member("pci_bus.devices")
        at = self.read(self.translate(head))
        while at != head:
            pci_dev = at - self.member("pci_dev.bus_list")
            if self.read(self.translate(pci_dev + self.member("pci_dev.devfn")), 4) == devid(bdf):
                return self.translate(pci_dev + self.member(f"pci_dev.{member}"))
            at = self.read(self.translate(at))
        raise KeyError(bdf)

    def domain_word(self, bdf):
        """The physical address of a pointer to the device's domain: the driver's, of one of its devices."""
        wanted = int(self.domain(bdf)["address"], 16)
        found = [pa for start, length, state in self.ranges if not state
                 for pa in range(start + -start % 8, start + length - 7, 8) if self.read(pa) == wanted]
        assert found, "nothing points to the domain"
        return found[-1]

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


def foreign_root(machine):
    """The page table's address is that of a page of user memory."""
    entry = machine.read(machine.entry(NIC)) & ~ADDRESS
    machine.write(machine.entry(NIC), entry | page_at(PLAIN)(machine))
    return NIC, machine.entry(NIC)


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


def free_in_ida(machine):
    """The IDA's only word, of IDs 0 to 62, is in its head: a value entry."""
    number = int(machine.domain(NIC)["id"], 16)
    head = machine.variable("pdom_ids") + machine.member("ida.xa") + machine.member("xarray.xa_head")
    machine.flip(head, 1 << number + 1)
    return f"domain ID {number:#x}", machine.variable("pdom_ids")


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


def entry_at(iova, depth, bits=0, pa=None, bdf=VFIO, name=None):
    """The page-table entry at that depth (0: the top table's) is changed: bits flipped, or its address."""
    def fault(machine):
        at = machine.walk(bdf, iova)[depth]
        value = machine.read(at) ^ bits
        if pa is not None:
            value = value & ~ADDRESS | pa(machine)
        machine.write(at, value)
        return name or f"domain {machine.domain(bdf)['id']}", at
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


def interrupt(index, bits, words=1):
    """An entry of the NVMe controller's interrupt table is changed."""
    def fault(machine):
        table = int(rows(machine.path, "irt", NVME)[0]["table"], 16)
        machine.flip(table + 16 * index, bits & (1 << 32) - 1)
        if words == 2:
            machine.flip(table + 16 * index + 8, bits >> 32)
        return NVME, table + 16 * index
    return fault


def without_interrupts(machine):
    table = int(rows(machine.path, "irt", NVME)[0]["table"], 16)
    machine.exclude(table)


def count_up(member, n):
    def fault(machine):
        machine.write(machine.iommu(member), machine.read(machine.iommu(member)) + n)
        return "ivhd0", machine.iommu(member)
    return fault


def stored_less(machine):
    """Hardware's word."""
    at = machine.translate(machine.read(machine.iommu("cmd_sem")))
    machine.write(at, machine.read(at) - 1)
    return "ivhd0", at


def head_at(distance, spoil=None):
    """Hardware's head, as last read, so many bytes before the driver's tail."""
    def fault(machine):
        if spoil:
            spoil(machine)
        tail = machine.read(machine.iommu("cmd_buf_tail"), 4)
        machine.write(machine.iommu("cmd_buf_head"), (tail + distance) % 8192, 4)
        return "ivhd0", machine.iommu("cmd_buf_head")
    return fault


def external(bdf):
    def fault(machine):
        first = int(re.search(r"^member struct pci_dev.untrusted \d+:\d+:(\d+)", machine.text, re.M).group(1))
        machine.flip(machine.device(bdf, "untrusted"), 1 << first, 1)
        domain = int(machine.domain(bdf)["address"], 16)
        return bdf, machine.translate(domain + machine.member("iommu_domain.type"))
    return fault


def external_bypass(machine):
    external(NVME)(machine)
    return change(lambda m: m.entry(NVME), 0x6000000000000003, NVME)(machine)


def other_domain(bdf, other, thing):
    """The driver's data of the device points to the domain of another one."""
    def fault(machine):
        at = machine.domain_word(bdf)
        machine.write(at, int(machine.domain(other)["address"], 16))
        return thing, at
    return fault


def log_line(text):
    """A line of the kernel's log is another one."""
    def fault(machine):
        old = b"AMD-Vi: Extended features (0x29d3, 0x0): PreF PPR GT IA GA HE"
        at = machine.data.find(old)
        assert at >= 0 and len(text) <= len(old)
        machine.data[at:at + len(old)] = text.ljust(len(old)).encode()
        return "IOMMU", None
    return fault


def without_log(machine):
    machine.exclude(machine.variable("prb"))


def stale_mapping(machine):
    """A page is mapped where the allocator has given nothing out."""
    good = machine.walk(NIC, 0xfffff000)[-1]
    at = good & ~0xfff
    assert not machine.read(at)
    machine.write(at, machine.read(good))
    return f"domain {machine.domain(NIC)['id']}", at


def without_allocator(machine):
    domain = int(machine.domain(NIC)["address"], 16)
    machine.exclude(machine.translate(domain + machine.member("iommu_domain.iova_cookie")))


def fill_iovas(high, low):
    """Every allocator's range of the VGA window ends at frame `high`, that of PCI's begins at `low`."""
    def fault(machine):
        held = [pa for start, length, state in machine.ranges if not state
                for pa in range(start + -start % 8, start + length - 15, 8)]
        for pa in held:
            if (machine.read(pa), machine.read(pa + 8)) == (0xbf, 0xa0):
                machine.write(pa, high)
            if machine.read(pa + 8) == 0xc0000 and machine.read(pa) > 0xf0000:
                machine.write(pa + 8, low)
        return f"domain {machine.domain(NIC)['id']}", None
    return fault


def two_vms(n):
    """The network card's domain becomes one of a VM too, with n of the other VM's pages, or unread."""
    def fault(machine):
        domain = int(machine.domain(NIC)["address"], 16)
        machine.write(machine.translate(domain + machine.member("iommu_domain.type")), 1, 4)
        theirs, ours = machine.walk(VFIO, PLAIN)[-1], machine.walk(NIC, 0xfffff000)[-1] & ~0xfff
        for i in range(512):
            if i < (n or 0):
                machine.write(ours + 8 * i, machine.read(theirs & ~0xfff | 8 * i))
            elif n == 1024:
                machine.write(ours + 8 * i, 0)
        if n is None:
            machine.exclude(ours)
        return f"domain {machine.domain(NIC)['id']}", ours
    return fault


def natural(thing):
    """That state has it by itself."""
    return lambda machine: (thing, None)


CASES = {
    "dte-reserved": Case("7.2-after", flip(NIC, 0, 1 << 3), flip(NIC, 1, 1 << 33), without_entry),
    "dte-valid": Case("7.2-after", flip(NIC, 0, 1 << 1), flip(IOMMU, 0, 1 << 1), without_entry),
    "dte-value": Case("7.2-after", flip(NIC, 0, 1 << 11), flip(NIC, 0, 3 << 7), without_entry),
    "dte-limit": Case("7.2-after", lambda m: narrow(m, 5), lambda m: narrow(m, 4),
                      lambda m: m.exclude(m.variable("amd_iommu_efr")), also=("dte-driver",)),
    "dte-guest": Case("7.2-after", flip(NIC, 0, 1 << 54), flip(NIC, 0, 1 << 52), without_entry),
    "dte-root": Case("7.2-after", foreign_root, flip(HOST_BRIDGE, 0, 1 << 62), without_entry,
                     also=("dte-driver",)),
    "dte-driver": Case("7.2-after", change(lambda m: m.entry(NIC, 1), 0x55, NIC), no_change,
                       lambda m: m.exclude(m.id_of(NIC), 2), also=("domain-id-free",),
                       neighbour_fixture="7.2-kdump"),
    "dte-alias": Case("5.10-after", alias_to(NIC, NVME), alias_to(PORT, "0000:00:1f.0"),
                      lambda m: m.exclude(m.alias(NIC), 2)),
    "dte-captured": Case("7.2-kdump", no_change, no_change, lambda m: m.exclude(m.entry(NVME), 32),
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
                      entry_at(PLAIN, 1, pa=table_at(0xfffff000, 1, NVME)), entry_at(PLAIN, 1, ACCESSED),
                      without_tables),
    "pt-table-page": Case("7.2-after", free_page(table_at(PLAIN, 2)), shared_page(table_at(PLAIN, 2)),
                          lambda m: m.exclude(m.page(table_at(PLAIN, 2)(m), "flags"), 64)),
    "map-nowhere": Case("7.2-after", entry_at(PLAIN, 3, 1 << 45), entry_at(PLAIN, 3, ACCESSED),
                        without_fact),
    "map-free": Case("7.2-after", free_page(page_at(PLAIN)), shared_page(page_at(PLAIN)), without_fact),
    "map-kernel": Case("7.2-after", entry_at(PLAIN, 3, WRITE, pa=image("_stext")),
                       entry_at(PLAIN, 3, WRITE, pa=page_at(PLAIN + 0x1000)), without_fact),
    "map-writable": Case("7.2-after", entry_at(PLAIN, 3, pa=image("_stext")),
                         entry_at(PLAIN, 3, WRITE, pa=image("_stext")), without_fact,
                         also=("map-kernel",)),
    "map-iommu": Case("7.2-after", entry_at(PLAIN, 3, pa=table_at(PLAIN, 0, NVME)),
                      entry_at(PLAIN, 3, pa=page_at(PLAIN + 0x1000)), without_fact),
    "intremap-off": Case("7.2-after", flip(NIC, 2, 1), flip(NIC, 2, 1 << 61), without_entry),
    "irt-table": Case("7.2-after", flip(NIC, 2, 1 << 20), flip(NIC, 2, 1 << 5), without_entry),
    "irt-offline-cpu": Case("7.2-after", interrupt(0, 0x7f << 8), interrupt(0, 1 << 40), without_interrupts),
    "irt-orphan": Case("7.2-after", interrupt(7, 0x2400000001, words=2), interrupt(7, 0x2400000000, words=2),
                       without_interrupts),
    "ring-wait": Case("7.2-after", stored_less, count_up("cmd_sem_val", 1),  # a number that is not queued yet
                      lambda m: m.exclude(m.iommu("cmd_sem_val"))),
    "ring-full": Case("7.2-after", head_at(0x30, stored_less), head_at(0x30),
                      lambda m: m.exclude(m.iommu("cmd_buf_head"), 4), also=("ring-wait",)),
    "dma-bypass": Case("7.2-after", change(lambda m: m.entry(NVME), 0x6000000000000003, NVME),
                       change(lambda m: m.entry(BRIDGE), 0x6000000000000003, BRIDGE), without_entry,
                       also=("dte-driver",)),
    "dma-bypass-external": Case("7.2-after", external_bypass, external(NVME),
                                lambda m: m.exclude(m.device(NVME, "untrusted"), 1), also=("dte-driver",)),
    "lazy-flush-external": Case("7.2-after", external(NIC), external(NVME),
                                lambda m: m.exclude(m.device(NVME, "untrusted"), 1)),
    "unity-map": Case("7.2-v2", entry_at(0x20104000, -1, 1, bdf=NIC, name="group 2"),
                      entry_at(0x20104000, -1, ACCESSED, bdf=NIC),
                      lambda m: m.exclude(m.walk(NIC, 0x20104000)[-1]), held=False),
    "group-split": Case("6.12-after", other_domain(PORT, NIC, "group 5"), other_domain(NIC, NVME, NIC),
                        lambda m: m.exclude(m.domain_word(PORT)), also=("dte-driver",)),
    "vm-host-domain": Case("6.12-after", other_domain(VFIO, NIC, VFIO), other_domain(NIC, NVME, NIC),
                           lambda m: m.exclude(m.domain_word(VFIO)), also=("dte-driver",)),
    "log-timeout": Case("7.2-after", log_line("AMD-Vi: Completion-Wait loop timed out"),
                        log_line("AMD-Vi: Interrupt remapping enabled"), without_log),
    "log-iotlb": Case("7.2-stuck", natural("0000:00:08.0"), natural(None), without_log, held=False,
                      neighbour_fixture="7.2-after"),
    "log-overflow": Case("7.2-after", log_line("AMD-Vi: Event log restarting"),
                         log_line("AMD-Vi: Interrupt remapping enabled"), without_log),
    "log-error": Case("7.2-stuck", natural("0000:00:08.0"), natural(None), without_log, held=False,
                      neighbour_fixture="7.2-after"),
    "log-warning": Case("7.2-after", log_line("AMD-Vi: Disabling interrupt remapping"),
                        log_line("AMD-Vi: Interrupt remapping enabled"), without_log),
    "iova-stale": Case("7.2-after", stale_mapping, entry_at(0xfffff000, -1, ACCESSED, bdf=NIC),
                       without_allocator),
    "iova-leak": Case("7.2-after", entry_at(0xfffff000, -1, 1, bdf=NIC),
                      entry_at(0xfffff000, -1, ACCESSED, bdf=NIC), without_allocator),
    "iova-low": Case("7.2-after", fill_iovas(0x1ffff, 0xb0000), fill_iovas(0xbf, 0xb0000), without_allocator,
                     also=("iova-leak",)),
}
CASES["map-foreign"] = Case("7.2-after", two_vms(1), two_vms(1024), two_vms(None))

def free_behind_far(machine):
    """In front of a free page one is mapped that is 128 GB above it: of both, `check` remembers what they are
    in the same place."""
    told = free_page(page_at(PLAIN + 0x1000))(machine)
    entry_at(PLAIN, 3, pa=lambda m: page_at(PLAIN + 0x1000)(m) + (128 << 30))(machine)
    return told


# More faults of the same rules: ID -> cases whose fault alone counts.
MORE = {
    "dte-root-0": ("dte-root", Case("7.2-after", change(lambda m: m.entry(NIC), 0x6000000000000603, NIC), None,
                                    None, also=("dte-driver",))),
    "dte-root-nowhere": ("dte-root", Case("7.2-after", flip(NIC, 0, 1 << 45), None, None,
                                          also=("dte-driver",))),
    "dte-valid-v": ("dte-valid", Case("7.2-after", flip(NIC, 0, 3), None, None, also=("dma-bypass",))),
    "dte-driver-mode": ("dte-driver", Case("7.2-after", flip(NIC, 0, 3 << 9 ^ 4 << 9), None, None)),
    "domain-id-ida": ("domain-id-free", Case("7.2-after", free_in_ida, None, None)),
    "pt-level-skipped": ("pt-level", Case("7.2-after", entry_at(PLAIN, 0, 1 << 9), None, None)),
    "map-free-far": ("map-free", Case("7.2-after", free_behind_far, None, None, also=("map-nowhere",))),
}
