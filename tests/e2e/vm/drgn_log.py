# SPDX-License-Identifier: GPL-2.0-or-later
"""The kernel log of a dump as drgn reads it, JSON: [sequence, ns, level, text] of each record.

    drgn_log.py DUMP VMLINUX
"""

import json
import sys

from drgn import Program
from drgn.helpers.linux.printk import get_printk_records


def main():
    prog = Program()
    prog.set_core_dump(sys.argv[1])
    prog.load_debug_info([sys.argv[2]])
    json.dump([[record.seq, record.timestamp, record.level, record.text.decode(errors="replace")]
               for record in get_printk_records(prog)], sys.stdout)


if __name__ == "__main__":
    main()
