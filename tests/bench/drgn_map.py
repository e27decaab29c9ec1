#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""drgn_map.py DUMP VMLINUX BDF [TABLES]: the leaves of a device's v1 table by page size, as JSON.

Each table is read at once and taken apart by one struct.unpack. The walk is timed by itself
("seconds"), without drgn's start. TABLES: a file that gets the physical address of each table, one
a line; so the pages that have to be read are known without asking iommuscope.
"""

import json
import struct
import sys
import time

from drgn_amd import PAGE, domain_of, functions, open_dump, page_table

ADDRESS = ((1 << 52) - 1) & ~(PAGE - 1)
KIND = 7 << 9 | 1  # NextLevel and the present bit
UNPACK = struct.Struct("<512Q").unpack
LEAF, ENLARGED = 0, 7


def enlarged_size(entry):
    """The lowest zero bit from bit 12 up: the size is twice its value."""
    bit = 12
    while entry >> bit & 1:
        bit += 1
    return 2 << bit


def walk(prog, root, levels, mask, tables):
    """{size: leaves}"""
    read, counts = prog.read, {}
    pending = [(root, levels)]
    while pending:
        table, level = pending.pop()
        tables.append(table)
        words = UNPACK(read(table, PAGE, True))
        shift = 12 + 9 * (level - 1)
        # The usual case in one go: a table of nothing but leaves of its own size.
        kinds = [word & KIND for word in words]
        leaves = kinds.count(1)
        counts[1 << shift] = counts.get(1 << shift, 0) + leaves
        if leaves + kinds.count(0) == len(kinds):
            continue
        index = 0
        while index < len(words):
            word, step = words[index], 1
            kind = word >> 9 & 7
            if word & 1 and kind == ENLARGED:
                size = enlarged_size(word & ADDRESS & ~mask)
                counts[size] = counts.get(size, 0) + 1
                step = size >> shift
            elif word & 1 and kind != LEAF:
                pending.append((word & ADDRESS & ~mask, kind))
            index += step
    return {size: n for size, n in counts.items() if n}


def encryption_mask(prog):
    try:
        return prog["sme_me_mask"].value_()
    except KeyError:
        return 0


def main():
    dump, vmlinux, bdf = sys.argv[1:4]
    prog = open_dump(dump, vmlinux)
    dev = next(dev for name, dev in functions(prog) if name == bdf)
    root, levels = page_table(prog, domain_of(dev))
    tables = []
    start = time.perf_counter()
    counts = walk(prog, root, levels, encryption_mask(prog), tables)
    seconds = time.perf_counter() - start
    if len(sys.argv) > 4:
        with open(sys.argv[4], "w", encoding="ascii") as out:
            out.writelines(f"{table:#x}\n" for table in tables)
    json.dump({"by_page_size": counts, "tables": len(tables), "seconds": seconds}, sys.stdout)
    print()


if __name__ == "__main__":
    main()
