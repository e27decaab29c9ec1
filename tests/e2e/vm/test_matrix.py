# SPDX-License-Identifier: GPL-2.0-or-later
"""The kernels that the other suites go through: all of them, with nothing missing but what the
series' row in vmrig/series.py says, and each really of the kind that the row says it is."""

from dumps import ATTACHED, SERIES, STATES, VFIO_BDF, dump
from support import TestCase, for_each

# The oldest and newest, and the ones between at which the driver changed.
WANTED = ("5.10", "6.1", "6.12", "6.16", "6.18", "7.0", "7.2")
SOURCES_WITHOUT_DEBUG = ("kallsyms", "btf", None)


class Matrix(TestCase):
    def test_series(self):
        self.assertLessEqual(set(WANTED), {row.name for row in SERIES})

    @for_each(SERIES, name=lambda row: row.name)
    def test_states(self, row):
        """Each is dumped, and after a VFIO attach too where the kernel has the modules for it."""
        self.assertIn(dump(row, "before"), STATES)
        self.assertEqual(dump(row, "after") in ATTACHED, row.modules)

    @for_each(SERIES, name=lambda row: row.name)
    def test_release(self, row):
        """The dump is of that series."""
        one = dump(row, "before")
        one.require(self)
        self.assertEqual(one.truth["release"].split(".")[:2], row.name.split("."))

    @for_each(SERIES, name=lambda row: row.name)
    def test_sources(self, row):
        """Without a debug package, the kernel's own symbols and types answer, and say so."""
        one = dump(row, "before")
        one.require(self)
        (info,) = self.data("--no-cache", *one.options, "info")
        found = info["symbols"], info["types"], info["symbols_path"]
        if row.debug:
            self.assertEqual(found[2], str(one.vmlinux))
        else:
            self.assertFalse(one.vmlinux.exists())
            self.assertEqual(found, SOURCES_WITHOUT_DEBUG)

    @for_each(SERIES, name=lambda row: row.name)
    def test_whole(self, row):
        """Nothing that the commands want of a kernel is unknown to any of these."""
        one = dump(row, "before")
        one.require(self)
        for command in (["kernel"], ["iommus"], ["devices"], ["groups"], ["dte"], ["domains"],
                        ["domids"], ["map", VFIO_BDF]):
            with self.subTest(command):
                self.assertEqual(self.answer(*one.options, *command)["problems"], [])
