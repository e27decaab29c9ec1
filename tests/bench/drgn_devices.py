#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""drgn_devices.py DUMP VMLINUX: what `devices` shows, of each PCI function one JSON line."""

import json
import sys

from drgn_amd import domain_of, functions, open_dump, page_table


def describe(prog, name, dev):
    driver, group, domain = dev.dev.driver, dev.dev.iommu_group, domain_of(dev)
    root, levels = page_table(prog, domain) if domain is not None else (None, 0)
    return {
        "bdf": name, "vendor": dev.vendor.value_(), "device": dev.device.value_(),
        "driver": driver.name.string_().decode() if driver else None,
        "group": group.id.value_() if group else None,
        "domain_id": domain.id.value_() if domain is not None else None,
        "paging_mode": levels if domain is not None else None, "pt_root": root,
    }


def main():
    prog = open_dump(*sys.argv[1:3])
    for name, dev in functions(prog):
        print(json.dumps(describe(prog, name, dev)))


if __name__ == "__main__":
    main()
