# SPDX-License-Identifier: GPL-2.0-or-later
"""For `sos report`: what iommuscope has to say of the running machine, and a capture that
answers every further question elsewhere. Works with sos from 4.0 on."""

import os

from sos.report.plugins import Plugin, DebianPlugin, IndependentPlugin, UbuntuPlugin

SECONDS = 60  # a command may take
CAPTURE_SECONDS = 120
MEMORY_KB = 2 << 20  # address space of each; symbols of a kernel with DWARF are mapped
CAPTURE_KB = 256 << 10  # on disk; captures have a few MB
OUTPUT_MB = 50  # of one answer


# Independent of the distribution; sos 4.0 takes only plugins of its own distribution on Debian.
class Iommuscope(Plugin, IndependentPlugin, DebianPlugin, UbuntuPlugin):
    """State of the AMD IOMMU: health checks, devices, domains and groups as the kernel and the
    hardware's tables have them, as text and JSON, and a capture (`iommuscope capture`)
    that holds what its commands read and no other memory: the IOMMU's tables, but also the
    kernel's command line, and names and whole command lines of the processes that hold
    devices (QEMU's may hold secrets). Look at it with `summary --log`, `owners` and `info`
    before you send it. On a machine without an AMD IOMMU the answers say so.
    """

    short_desc = 'State of the AMD IOMMU'

    plugin_name = 'iommuscope'
    profiles = ('hardware', 'kernel', 'virt')
    commands = ('iommuscope',)

    questions = ('check', 'info', 'iommus', 'devices', 'groups', 'domains')

    def setup(self):
        for question in self.questions:
            self.add_bounded(question, f'{question}.txt')
            # Words on standard error would be no JSON; the text has them.
            self.add_bounded(f'--json {question}', f'{question}.json', stderr=False)
        self.add_capture()

    def add_bounded(self, words, filename, seconds=SECONDS, files='', **how):
        """An interrupt lets the program put its files away; sos itself would just end it."""
        self.add_cmd_output(
            f"sh -c 'ulimit -S -v {MEMORY_KB}; {files} "
            f"exec timeout -s INT -k 5 {seconds} iommuscope {words}'",
            suggest_filename=filename, timeout=seconds + 10, sizelimit=OUTPUT_MB, **how)

    def add_capture(self):
        """The capture is written where the archive is put together, without a way through sos's
        memory. A program that runs below sysroot sees that place only if it lies there too."""
        path = os.path.join(self.get_cmd_output_path(), 'iommu.elf')
        inside = self.tmp_in_sysroot()
        if inside:
            path = os.path.join('/', self.strip_sysroot(path))
        self.add_bounded(f'capture "{path}"', 'capture.txt', CAPTURE_SECONDS,
                         f'ulimit -S -f {CAPTURE_KB * 2};', chroot=inside)
