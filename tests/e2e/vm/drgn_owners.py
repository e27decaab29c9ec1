# SPDX-License-Identifier: GPL-2.0-or-later
"""Who holds VFIO's and iommufd's files, as drgn reads it: the second reader of test_owners.py.

    drgn_owners.py DUMP VMLINUX

One JSON object: by PID {"task", "name", "command", "files"}, for each process that has a file open
whose path is below /dev/vfio, is /dev/iommu, or is that of a device's anonymous inode.
"""

import json
import sys

from drgn import Program
from drgn.helpers.linux.fs import d_path, for_each_file
from drgn.helpers.linux.mm import cmdline
from drgn.helpers.linux.pid import for_each_task


def name_of(file):
    path = d_path(file.f_path).decode()
    name = file.f_path.dentry.d_name.name.string_().decode()
    return name if path.startswith(("/dev/vfio/", "/dev/iommu")) or name == "[vfio-device]" else None


def main(dump, vmlinux):
    program = Program()
    program.set_core_dump(dump)
    program.load_debug_info([vmlinux])
    holders = {}
    for task in for_each_task(program):
        if task.group_leader != task or not task.files:
            continue
        names = [name for _, file in for_each_file(task) if (name := name_of(file))]
        if names:
            holders[task.pid.value_()] = {
                "task": hex(task.value_()), "files": names,
                "name": task.comm.string_().decode(),
                "command": " ".join(word.decode() for word in cmdline(task))}
    json.dump(holders, sys.stdout)


main(*sys.argv[1:])
