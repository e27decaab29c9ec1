# SPDX-License-Identifier: GPL-2.0-or-later
"""Lists, trees and tables that lead back into themselves: every command ends soon, and one says where.

A pointer in a copy of a bundled capture is made to lead back.
"""

import re
import resource
import subprocess

from checks import ADDRESS, NIC, Machine
from support import (ROOT, TIMEOUT, TestCase, command_names, environment, for_each, program,
                     scratch)
from test_writing import WORDS

CPU_SECONDS = 5  # as a fuzz target may take for one input; a whole capture's take a tenth
SOURCE = ROOT / "src"
FOLLOWS = re.compile(r"\b(list_walk_begin|rb_walk_begin|xarray_walk|maple_walk|ida_read)\(")


def head(machine, symbol):
    return machine.symbol(symbol) + machine.words[1]


def pointer(machine, address):
    return machine.read(machine.translate(address))


def lead(machine, address, to):
    machine.write(machine.translate(address), to)


def first_to_itself(symbol):
    """A list whose head is a symbol: its first entry's link."""
    def fault(machine):
        node = pointer(machine, head(machine, symbol))
        lead(machine, node, node)
    return fault


def loop_at(machine, list_head):
    """The list's second entry leads back to the first."""
    first = pointer(machine, list_head)
    second = pointer(machine, first)
    lead(machine, second if second != list_head else first, first)


def bus(machine):
    return pointer(machine, head(machine, "pci_root_buses")) - machine.member("pci_bus.node")


def group(machine):
    kset = pointer(machine, head(machine, "iommu_group_kset"))
    kobject = pointer(machine, kset + machine.member("kset.list")) - machine.member("kobject.entry")
    return kobject - machine.member("iommu_group.kobj")


def child_bus(machine):
    node = pointer(machine, bus(machine) + machine.member("pci_bus.children"))
    return node - machine.member("pci_bus.node")


def iova_domain(machine):
    domain = int(machine.domain(NIC)["address"], 16)
    cookie = pointer(machine, domain + machine.member("protection_domain.domain")
                     + machine.member("iommu_domain.iova_cookie"))
    return cookie + machine.member("iommu_dma_cookie.iovad")


def iova_root(machine):
    return pointer(machine, iova_domain(machine) + machine.member("iova_domain.rbroot"))


def iova_link(offset):
    def fault(machine):
        root = iova_root(machine)
        lead(machine, root + offset, root)
    return fault


INTERNAL, MAPLE_LEAF, MAPLE_INNER = 2, 1 << 3, 3 << 3


def slots(machine, node, member):
    """Addresses of a node's slots."""
    first, size = map(int, re.search(rf"^member struct {member} (\d+):(\d+)", machine.text, re.M).groups())
    return [node + first + 8 * i for i in range(size // 8)]


def tree_of_interrupts(machine):
    """The word that leads to the top node of the maple tree."""
    return head(machine, "sparse_irqs") + machine.member("maple_tree.ma_root")


def maple(machine):
    """Each slot of the top node, which has others below, is that node."""
    node = pointer(machine, tree_of_interrupts(machine)) & ~0xff
    lead(machine, tree_of_interrupts(machine), node | MAPLE_INNER | INTERNAL)
    for slot in slots(machine, node, "maple_arange_64.slot"):
        lead(machine, slot, node | MAPLE_INNER | INTERNAL)


def xarray(machine):
    """Likewise of an xarray."""
    entry = pointer(machine, head(machine, "irq_desc_tree") + machine.member("xarray.xa_head"))
    assert entry & 3 == INTERNAL
    for slot in slots(machine, entry - INTERNAL, "xa_node.slots"):
        lead(machine, slot, entry)


def interrupt(machine):
    """The descriptor of one that has a handler."""
    node = pointer(machine, tree_of_interrupts(machine))
    while node >> 3 & 0xf != MAPLE_LEAF >> 3:
        node = pointer(machine, slots(machine, node & ~0xff, "maple_arange_64.slot")[0])
    for slot in slots(machine, node & ~0xff, "maple_range_64.slot"):
        descriptor = pointer(machine, slot)
        action = descriptor and pointer(machine, descriptor + machine.member("irq_desc.action"))
        chip_data = descriptor and descriptor + machine.member("irq_desc.irq_data")
        if action and pointer(machine, chip_data + machine.member("irq_data.parent_data")):
            return descriptor, action, chip_data
    raise AssertionError("there is none")


def handlers(machine):
    _, action, _ = interrupt(machine)
    lead(machine, action + machine.member("irqaction.next"), action)


def chips(machine):
    _, _, data = interrupt(machine)
    lead(machine, data + machine.member("irq_data.parent_data"), data)


def unity_maps(machine):
    """The list is empty in the captures: it is given an entry, some bytes of the segment's own."""
    segment = pointer(machine, head(machine, "amd_iommu_pci_seg_list"))
    map_head = segment + machine.member("amd_iommu_pci_seg.unity_map")
    lead(machine, map_head, segment)
    lead(machine, segment, segment)


def page_table(machine):
    """An entry of the top table leads back to that table, as to one of the level below."""
    entry = machine.walk(NIC, 0xfffff000)[0]
    machine.write(entry, machine.read(entry) & ~ADDRESS | entry & ADDRESS)


def resources(member):
    def fault(machine):
        resource_ = pointer(machine, head(machine, "iomem_resource") + machine.member("resource.child"))
        lead(machine, resource_ + machine.member(f"resource.{member}"), resource_)
    return fault


def bus_parent(machine):
    at = child_bus(machine)
    lead(machine, at + machine.member("pci_bus.parent"), at)


def members(machine):
    loop_at(machine, group(machine) + machine.member("iommu_group.devices"))


def buses_below(machine):
    """The bus is its own child."""
    at = bus(machine)
    lead(machine, at + machine.member("pci_bus.children"), at + machine.member("pci_bus.node"))


def functions(machine):
    loop_at(machine, bus(machine) + machine.member("pci_bus.devices"))


def groups(machine):
    loop_at(machine, pointer(machine, head(machine, "iommu_group_kset")) + machine.member("kset.list"))


def tasks(machine):
    loop_at(machine, head(machine, "init_task") + machine.member("task_struct.tasks"))


# Followed in kernels that no bundled capture is of: there are cases in tests/unit/test_faults.c.
IN_UNIT_TESTS = {"amd/domains.c", "amd/ids.c"}
LOOPS = "list loops without its head"
# Name: (where it is followed, capture, fault, the command that tells, what it says).
CASES = {
    "IOMMUs": ("amd/driver.c amd/units.c", "6.12-after", first_to_itself("amd_iommu_list"), "iommus", LOOPS),
    "segments": ("amd/units.c", "6.12-after", first_to_itself("amd_iommu_pci_seg_list"), "devices", LOOPS),
    "I/O APICs": ("amd/firmware.c", "6.12-after", first_to_itself("ioapic_map"), "ivrs", LOOPS),
    "groups": ("kernel/group.c", "6.12-after", groups, "groups", LOOPS),
    "members": ("kernel/group.c", "6.12-after", members, "groups", LOOPS),
    "root buses": ("kernel/pci.c", "6.12-after", first_to_itself("pci_root_buses"), "devices", LOOPS),
    "buses below": ("kernel/pci.c", "6.12-after", buses_below, "devices", LOOPS),
    "functions": ("kernel/pci.c", "6.12-after", functions, "devices", LOOPS),
    "bus above": ("kernel/pci_alias.c", "6.12-after", bus_parent, "devices -o +requester_ids", "buses"),
    "processes": ("kernel/vfio.c", "6.12-after", tasks, "owners", LOOPS),
    "IOVAs, right": ("kernel/iova.c", "6.12-after", iova_link(8), f"iova {NIC}", "tree"),
    "IOVAs, left": ("kernel/iova.c", "6.12-after", iova_link(16), f"iova {NIC}", "tree: it is deeper"),
    "unity maps": ("amd/firmware.c", "6.12-after", unity_maps, "groups",
                   '"unity maps of segment 0000","what":"list"'),
    "interrupts, xarray": ("kernel/irq.c", "5.10-after", xarray, "irt", "xarray node"),
    "handlers": ("kernel/irq.c", "6.12-after", handlers, "irt", "more than 64 handlers"),
    "chips": ("kernel/irq.c", "6.12-after", chips, "irt", "chips in a row"),
    "interrupts, maple tree": ("kernel/irq.c", "6.12-after", maple, "irt", "maple tree"),
    "page table": ("amd/walk.c", "6.12-after", page_table, f"map {NIC}", "level"),
    "resources, beside": ("kernel/ram.c", "6.12-after", resources("sibling"), "page 0x1000000", "does not fit in"),
    "resources, below": ("kernel/ram.c", "6.12-after", resources("child"), "page 0x1000000", "deep"),
}


def limit():
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))


class Cycles(TestCase):
    def test_all_are_tried(self):
        """Each file that walks a list or tree has a case."""
        walkers = {path.relative_to(SOURCE).as_posix() for path in SOURCE.rglob("*.c")
                   if FOLLOWS.search(path.read_text())}
        walkers -= {f"kernel/{name}.c" for name in ("list", "rbtree", "xarray", "maple")}
        self.assertGreater(len(walkers), 5)
        tried = {source for case in CASES.values() for source in case[0].split()}
        self.assertEqual(walkers - tried, IN_UNIT_TESTS)

    def ask(self, path, line):
        process = subprocess.run([program(), "-c", path, "--json", *map(str, line)], env=environment(),
                                 stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                 timeout=TIMEOUT, preexec_fn=limit, check=False)
        self.assertIn(process.returncode, (0, 1, 2, 3), f"{line}: {process.stderr}")
        self.assertNotIn("was ended", process.stderr, line)
        return process.stdout + process.stderr

    @for_each(CASES)
    def test_every_command(self, name):
        _, fixture, fault, teller, says = CASES[name]
        machine = Machine(fixture)
        fault(machine)
        path = machine.save(scratch() / f"{name.replace(' ', '-').replace('/', '-')}.elf")
        answer = self.ask(path, teller.split())
        self.assertTrue(says in answer, f"{teller} does not say '{says}': {answer[-500:]}")
        for command in command_names():
            words = [scratch() / "out.elf"] if command == "capture" else WORDS.get(command, [])
            self.ask(path, [command, *words])
