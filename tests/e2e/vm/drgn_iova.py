# SPDX-License-Identifier: GPL-2.0-or-later
"""The DMA API's IOVA allocators as drgn reads them: the second reader of test_iova.py.

    drgn_iova.py DUMP VMLINUX

One JSON object: by PCI function [[first, last], ...], every range in the tree of its domain's
allocator but the anchor, in rising order.
"""

import json
import sys

from drgn import Program, cast
from drgn.helpers.linux.pci import for_each_pci_dev, pci_name
from drgn.helpers.linux.rbtree import rbtree_inorder_for_each_entry


def cookie_of(domain):
    if not domain.iova_cookie:
        return None
    if domain.prog_.type("struct iommu_domain").has_member("cookie_type"):
        return domain.iova_cookie if domain.cookie_type == 1 else None
    cookie = cast("struct iommu_dma_cookie *", domain.iova_cookie)
    return cookie if cookie.type == 0 else None


def ranges(iovad):
    granule, anchor = iovad.granule.value_(), iovad.anchor.address_of_().value_()
    for iova in rbtree_inorder_for_each_entry("struct iova", iovad.rbroot.address_of_(), "node"):
        if iova.value_() != anchor:
            yield iova.pfn_lo.value_() * granule, (iova.pfn_hi.value_() + 1) * granule - 1


def main():
    prog = Program()
    prog.set_core_dump(sys.argv[1])
    prog.load_debug_info([sys.argv[2]])
    answer = {}
    for function in for_each_pci_dev(prog):
        device = function.dev
        if not device.iommu or not device.iommu.priv or not device.iommu_group:
            continue
        domain = cast("struct iommu_dev_data *", device.iommu.priv).domain
        cookie = cookie_of(domain.domain) if domain else None
        if cookie:
            answer[pci_name(function)] = list(ranges(cookie.iovad))
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
