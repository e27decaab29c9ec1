# SPDX-License-Identifier: GPL-2.0-or-later
"""The virtual machines' dumps that have to be there, by the rig's own lists (tests/vm/).

What a series can't have, its row in vmrig/series.py says, and it follows here from that alone:
without a debug package there is no vmlinux (it is read with its own symbols and types, drgn can't
read it, nothing is converted); without modules there is no VFIO, hence nothing but `before`.
"""

import dataclasses
import functools
import json

from vmrig import boots, formats, series, states
from vmrig.cache import series_dir

PAGE = 4096
VFIO_BDF = boots.VFIO_BDF


@dataclasses.dataclass(frozen=True)
class Dump:
    """One dump file, or the files of a split one, and the guest's own words about its state."""
    series: series.Series
    files: tuple
    truth_name: str

    def __str__(self):
        name = self.files[0] if len(self.files) == 1 else "split"
        return f"{self.series.name}-{name}"

    @property
    def directory(self):
        return series_dir(self.series.name)

    @property
    def path(self):
        return self.directory / self.files[0]

    @property
    def vmlinux(self):
        return self.directory / "vmlinux"

    @property
    def cores(self):
        """Command-line options that open it."""
        options = []
        for name in self.files:
            options += ["--core", self.directory / name]
        return options

    @property
    def symbols(self):
        """Options for its symbols: the vmlinux, or the kernel's own where there is none."""
        return ["--symbols", self.vmlinux] if self.series.debug else ["--no-symbols"]

    @property
    def options(self):
        return [*self.cores, *self.symbols]

    @property
    def truth(self):
        return read_truth(self.directory / self.truth_name)

    def missing(self):
        names = [*self.files, self.truth_name, "kernel.txt"]
        names += ["vmlinux"] if self.series.debug else []
        return [name for name in names if not (self.directory / name).exists()]

    def require(self, test):
        """A dump that is not there fails the test: the tests were asked to have it."""
        missing = self.missing()
        if missing:
            test.fail(f"not in {self.directory}: {', '.join(missing)}; build it: make vm-dumps")


@functools.lru_cache(maxsize=None)
def read_truth(path):
    return json.loads(path.read_text(encoding="utf-8"))


def dump(row, state, *files):
    return Dump(row, files or (f"{state}.elf",), f"truth-{state}.json")


def state_dumps(row):
    """One dump of each state that the rig takes of a kernel."""
    yield dump(row, "before")
    if row.modules:
        yield dump(row, "after")
    if row.nofwcfg:
        yield dump(row, "nofwcfg")
    if row.kdump:
        yield dump(row, "kdump", "kdump.kdump")


def other_dumps(row):
    """One dump of each state of a boot that is not like the others (tests/vm/vmrig/states.py)."""
    for name in row.boots:
        if not states.BOOTS[name].bench:
            yield from (dump(row, state) for state in states.BOOTS[name].states)


def copies_of_after(row):
    """The state of after.elf in all other formats."""
    if not row.modules:
        return []
    names = [name for name in boots.STATES_OUTPUTS
             if name.startswith("after.") and name != "after.elf"]
    # Formats that not every QEMU can write; the rig keeps what there is.
    names += [name for name in boots.QEMU_FORMATS.values()
              if name not in names and (series_dir(row.name) / name).exists()]
    copies = [dump(row, "after", name) for name in names]
    if row.debug:
        copies += [dump(row, "after", name) for name in formats.OUTPUTS
                   if name not in formats.SPLIT]
        copies.append(dump(row, "after", *formats.SPLIT))
    return copies


def lacks_pages(one):
    """makedumpfile was told to drop more than it can tell apart in this kernel (series.py)."""
    options = formats.MAKEDUMPFILE.get(one.files[0], ())
    return "-d" in options and options[options.index("-d") + 1] == "31" \
        and one.series.dump_level != 31


SERIES = tuple(series.SERIES.values())
WITH_DEBUG = tuple(row for row in SERIES if row.debug)
WITH_VFIO = tuple(row for row in SERIES if row.modules)
STATES = tuple(one for row in SERIES for one in state_dumps(row))
OTHERS = tuple(one for row in SERIES for one in other_dumps(row))
# Attached by iommufd, not by VFIO's own container.
IOMMUFD = tuple(one for one in OTHERS if one.truth_name == "truth-iommufd.json")
ATTACHED = (*(one for one in STATES if one.truth_name != "truth-before.json"), *IOMMUFD)
# Those that an attach followed.
BEFORE = tuple(one for one in STATES
               if one.truth_name == "truth-before.json" and one.series.modules)
# drgn refuses dumps without VMCOREINFO, and can't do without DWARF.
READABLE_BY_DRGN = tuple(one for one in (*STATES, *IOMMUFD)
                         if one.series.debug and one.truth_name != "truth-nofwcfg.json")
KDUMPS = tuple(one for one in STATES if one.truth_name == "truth-kdump.json")
COPIES = tuple(one for row in SERIES for one in copies_of_after(row))


def after(one):
    """The main dump of the state that this is a copy of, or that followed this one."""
    return dump(one.series, "after")


def guest_pages(truth):
    """{iova: (pa, read, write)} of every 4 KB page that the guest says it has mapped."""
    pages = {}
    for mapping in truth["mappings"]:
        for run in mapping["runs"]:
            iova, pa = int(run["iova"], 16), int(run["pa"], 16)
            for offset in range(0, int(run["size"], 16), PAGE):
                pages[iova + offset] = pa + offset, mapping["read"], mapping["write"]
    assert pages, "the guest mapped nothing"
    return pages


def pages_of(rows):
    """The same of an answer of `map`."""
    pages = {}
    for row in rows:
        iova, pa = int(row["iova"], 16), int(row["pa"], 16)
        for offset in range(0, row["size"], PAGE):
            assert iova + offset not in pages, f"IOVA {iova + offset:#x} twice"
            pages[iova + offset] = pa + offset, row["read"], row["write"]
    return pages


def joined(pages):
    """[(iova, pa, size, read, write)]: neighbours with neighbouring memory as one range."""
    ranges = []
    for iova in sorted(pages):
        pa, read, write = pages[iova]
        last = ranges[-1] if ranges else None
        if last and (last[0] + last[2], last[1] + last[2], *last[3:]) == (iova, pa, read, write):
            last[2] += PAGE
        else:
            ranges.append([iova, pa, PAGE, read, write])
    return [tuple(one) for one in ranges]
