# SPDX-License-Identifier: GPL-2.0-or-later
"""What drgn says of a dump's pages: the second reader of test_page.py.

    drgn_pages.py DUMP VMLINUX

One JSON object: `free`, every block in the page allocator's lists as [frame, pages];
`sampled`, of some frames [frame, flags]: s slab, r reserved, a anonymous, t tail, references.
"""

import json
import sys

from drgn import Program
from drgn.helpers.linux.list import list_for_each_entry
from drgn.helpers.linux.mm import (PageReserved, PageSlab, PageTail, compound_head, page_to_pfn,
                                   pfn_to_page)

STEP = 61  # frames between two sampled ones


def free_blocks(prog):
    member = "buddy_list" if prog.type("struct page").has_member("buddy_list") else "lru"
    node = prog["node_data"][0]
    for zone in node.node_zones:
        if not zone.present_pages:
            continue
        for order, area in enumerate(zone.free_area):
            for head in area.free_list:
                for page in list_for_each_entry("struct page", head.address_of_(), member):
                    yield page_to_pfn(page).value_(), 1 << order


def ram(prog):
    """Frames of the top resources that are RAM."""
    resource = prog["iomem_resource"].child
    while resource:
        if resource.name and resource.name.string_().startswith(b"System RAM"):
            yield from range((resource.start.value_() + 4095) >> 12,
                             (resource.end.value_() + 1) >> 12)
        resource = resource.sibling


def flags(prog, frame):
    page = pfn_to_page(prog, frame)
    head = compound_head(page)
    slab = PageSlab(head)
    anonymous = head.mapping.value_() & 1 and not slab
    marks = "".join(mark for mark, holds in (("s", slab), ("r", PageReserved(page)),
                                             ("a", anonymous), ("t", PageTail(page))) if holds)
    return marks, head._refcount.counter.value_()


def main():
    prog = Program()
    prog.set_core_dump(sys.argv[1])
    prog.load_debug_info([sys.argv[2]])
    frames = [frame for frame in ram(prog) if frame % STEP == 0]
    json.dump({"free": sorted(free_blocks(prog)),
               "sampled": [[frame, *flags(prog, frame)] for frame in frames]}, sys.stdout)


if __name__ == "__main__":
    main()
