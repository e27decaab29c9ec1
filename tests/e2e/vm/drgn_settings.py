# SPDX-License-Identifier: GPL-2.0-or-later
"""How the AMD IOMMU driver of a dump is set up, as drgn reads it, JSON: its variables that are named on
the command line and are there, and the members of each IOMMU.

    drgn_settings.py DUMP VMLINUX SYMBOL...
"""

import json
import sys

from drgn import Program
from drgn.helpers.linux.list import list_for_each_entry

MEMBERS = ("is_iommu_v2", "irtcachedis_enabled", "max_banks", "max_counters", "stored_addr_lo")


def unsigned(value):
    """As an address is shown: an int of -1 is 0xffffffff."""
    number = value.value_()
    return int(number) & ((1 << 8 * value.type_.size) - 1) if int(number) < 0 else int(number)


def main():
    prog = Program()
    prog.set_core_dump(sys.argv[1])
    prog.load_debug_info([sys.argv[2]])
    found = {}
    for name in sys.argv[3:]:
        try:
            found[name] = unsigned(prog.variable(name))
        except LookupError:
            pass
    iommus = []
    head = prog.variable("amd_iommu_list").address_of_()
    for iommu in list_for_each_entry("struct amd_iommu", head, "list"):
        members = {member.name for member in iommu.type_.type.members}
        row = {name: int(getattr(iommu, name)) for name in MEMBERS if name in members}
        row["name"] = f"ivhd{int(iommu.index)}"
        row["root"] = bool(iommu.root_pdev)
        iommus.append(row)
    json.dump({"settings": found, "iommus": iommus}, sys.stdout)


if __name__ == "__main__":
    main()
