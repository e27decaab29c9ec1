# SPDX-License-Identifier: GPL-2.0-or-later
"""iommufd, and VFIO with it, for a Debian kernel, whose configuration has neither: built as modules
from Debian's source of just that kernel. The kernel proper has all that they need."""

import re
import shutil
import subprocess

from .cache import RigError, run

OPTIONS = ("-DCONFIG_IOMMUFD_MODULE=1 -DCONFIG_VFIO_DEVICE_CDEV=1 "
           "-DCONFIG_INTERVAL_TREE_SPAN_ITER=1")
# Folders of the source, each with what its Kbuild file is to say. What the kernel lacks of the
# interval tree comes along in iommufd, under names that are exported no second time.
KBUILD = {
    "": "obj-m := iommu/iommufd/ vfio/",
    "iommu/iommufd": "iommufd-y := device.o fault.o hw_pagetable.o io_pagetable.o ioas.o main.o "
                     "pages.o vfio_compat.o span.o\nobj-m += iommufd.o",
    "vfio": "vfio-y := vfio_main.o device_cdev.o group.o iommufd.o container.o virqfd.o\n"
            "obj-m += vfio.o pci/",
    "vfio/pci": "vfio-pci-core-y := vfio_pci_core.o vfio_pci_intrs.o vfio_pci_rdwr.o "
                "vfio_pci_config.o\nvfio-pci-y := vfio_pci.o vfio_pci_igd.o\n"
                "obj-m += vfio-pci-core.o vfio-pci.o",
}
SPAN = ("#include <linux/export.h>\n#undef EXPORT_SYMBOL_GPL\n#define EXPORT_SYMBOL_GPL(name)\n"
        '#include "interval_tree.c"\n')
WANTED = ("*/drivers/iommu/iommufd/*", "*/drivers/iommu/iommu-priv.h", "*/drivers/vfio/*.[ch]",
          "*/lib/interval_tree.c")
MODULES = ("iommu/iommufd/iommufd.ko", "vfio/vfio.ko", "vfio/pci/vfio-pci-core.ko",
           "vfio/pci/vfio-pci.ko")


def modules_dir(kernel_dir):
    return kernel_dir / "iommufd"


def fetch(chosen, series, work):
    """(packages of headers, package of the source)."""
    common = re.sub("-amd64$", "", chosen.release)
    names = (f"linux-headers-{chosen.release}", f"linux-headers-{common}-common",
             f"linux-kbuild-{common}", f"linux-source-{series.name}")
    *headers, source = (chosen.suite.download(name, chosen.version, work) for name in names)
    return headers, source


def unpack_headers(debs, release, work):
    """The folder to build in: the headers, which expect to be in /usr/src."""
    common = re.sub("-amd64$", "", release)
    for deb in debs:
        run(["dpkg-deb", "--extract", deb, work], 120, deb.name)
    headers = work / f"usr/src/linux-headers-{release}"
    (headers / "Makefile").write_text(
        f"include {work}/usr/src/linux-headers-{common}-common/Makefile\n", encoding="ascii")
    return headers


def unpack_source(deb, series, work):
    """The folder `drivers` of what is wanted of the source."""
    package = f"linux-source-{series.name}"
    inner = f"./usr/src/{package}.tar.xz"
    commands = (["dpkg-deb", "--fsys-tarfile", deb], ["tar", "-xO", inner], ["xz", "-dc"],
                ["tar", "-x", "-C", work, "--wildcards", *WANTED])
    source, processes = None, []
    for command in commands:
        processes.append(subprocess.Popen([str(word) for word in command], stdin=source,
                                          stdout=subprocess.PIPE))
        source = processes[-1].stdout
    processes[-1].communicate()
    for command, process in zip(commands, processes):
        if process.wait():
            raise RigError(f"{package}: {command[0]} failed with status {process.returncode}")
    return work / package / "drivers"


def build(packages, series, release, work, kernel_dir):
    """The modules, in modules_dir(). packages: what fetch() has brought."""
    headers = unpack_headers(packages[0], release, work)
    drivers = unpack_source(packages[1], series, work)
    shutil.copy(drivers.parent / "lib/interval_tree.c", drivers / "iommu/iommufd")
    (drivers / "iommu/iommufd/span.c").write_text(SPAN, encoding="ascii")
    for folder, text in KBUILD.items():
        (drivers / folder / "Kbuild").write_text(text + "\n", encoding="ascii")
    run(["make", "-C", headers, f"M={drivers}", "-j2", "CC=gcc", f"KCFLAGS={OPTIONS}",
         "CONFIG_DEBUG_INFO_BTF_MODULES=", "modules"], 900, "iommufd's modules")
    built = work / "built"
    built.mkdir()
    for name in MODULES:
        module = drivers / name
        run(["strip", "--strip-debug", module], 60, name)
        shutil.move(module, built / module.name.replace("-", "_"))  # as Debian names it
    shutil.rmtree(modules_dir(kernel_dir), ignore_errors=True)
    built.rename(modules_dir(kernel_dir))
