# SPDX-License-Identifier: GPL-2.0-or-later
"""What is built from what, what can be skipped, and what runs side by side."""

import re
import shutil
import threading

from . import boots, crash, debian, formats, initramfs, iommufd, kmodule, live, live_crash, qemu, roots, states
from .cache import (RIG_DIR, RigError, Step, cache_dir, note, publish, run, series_dir, vm_dir,
                    workspace)

SOURCES = RIG_DIR / "vmrig"
# Two guests at a time on a small machine; two downloads at once are no faster than one.
GUESTS = threading.Semaphore(2)
NETWORK = threading.Semaphore(1)


def kernel_dir(series):
    return cache_dir() / "kernels" / series.name


def build_id(vmlinux):
    found = re.search(r"Build ID: ([0-9a-f]+)",
                      run(["readelf", "-n", vmlinux], 60, "build ID").decode())
    if not found:
        raise RigError(f"{vmlinux} has no build ID")
    return found.group(1)


def recorded_version(series):
    """The kernel package version that was built last, or None."""
    record = series_dir(series.name) / "kernel.txt"
    if not record.exists():
        return None
    found = re.search(r"^version: (.*)$", record.read_text(encoding="ascii"), re.MULTILINE)
    return found.group(1) if found else None


def wanted_modules(series):
    return boots.MODULES if series.modules else ()


def kernel_step(series, version):
    inputs = (series.suites, series.debug, version, wanted_modules(series), SOURCES / "debian.py")
    outputs = ["kernel.txt"] + (["vmlinux"] if series.debug else [])
    return Step(series.name, "kernel", inputs, outputs)


def fetch_image(series, chosen, directory):
    """The bootable parts first: the guests can start while the debug package is on its way."""
    # The kernel is in the first, its modules may have a package of their own.
    for package in chosen.packages if series.modules else chosen.packages[:1]:
        with NETWORK:
            deb = chosen.suite.download(package, chosen.version, directory)
        debian.extract_image(deb, directory)
        deb.unlink()
    target = kernel_dir(series)
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    shutil.move(directory / "vmlinuz", target / "vmlinuz")
    (target / "modules").mkdir()
    for name, contents in initramfs.loading_order(wanted_modules(series),
                                                   directory / "modules"):
        (target / "modules" / f"{name}.ko").write_bytes(contents)


def fetch_vmlinux(series, chosen, directory):
    with NETWORK:
        deb = chosen.suite.download(chosen.debug_package, chosen.version, directory)
    debian.extract_vmlinux(deb, directory)
    deb.unlink()


def finish_kernel(series, chosen, directory, step):
    lines = [f"release: {chosen.release}", f"version: {chosen.version}",
             f"suite: {chosen.suite.name}"]
    if series.debug:
        lines.append(f"build-id: {build_id(directory / 'vmlinux')}")
        publish(series.name, directory / "vmlinux")
        if (directory / "System.map").exists():
            publish(series.name, directory / "System.map")
    record = directory / "kernel.txt"
    record.write_text("\n".join(lines) + "\n", encoding="ascii")
    publish(series.name, record)
    step.finish()


class SeriesBuild:
    """All the steps of one series, in order; run() in a thread of its own."""

    def __init__(self, series, refresh, program, bench):
        self.series = series
        self.refresh = refresh
        self.program = program
        self.bench = bench
        self.error = None

    def run(self):
        try:
            self.build()
        except RigError as error:
            self.error = str(error)
        except Exception as error:  # a thread's surprise must not look like success
            self.error = f"{type(error).__name__}: {error}"

    def build(self):
        version = None if self.refresh else recorded_version(self.series)
        if not (version and self.has_kernel(version)):
            with NETWORK:
                chosen = debian.choose(self.series)
            version = chosen.version
            if not self.has_kernel(version):
                self.fetch(chosen)
        self.guests(version)
        self.formats(version)
        if self.program:
            self.boot("live", lambda *where: live.boot(*where, self.program), live.OUTPUTS,
                      (version, SOURCES / "live.py", *live.inputs(self.program)))
        if self.program and self.series.live_crash:
            if self.series.live_crash == "newer":
                with NETWORK:
                    roots.build()
            self.boot("live-crash", lambda *where: live_crash.boot(*where, self.program), live_crash.OUTPUTS,
                      (version, self.series.live_crash, SOURCES / "live.py", SOURCES / "live_crash.py",
                       *live_crash.inputs(self.program)))

    def has_kernel(self, version):
        return kernel_step(self.series, version).is_done() and kernel_dir(self.series).exists()

    def fetch(self, chosen):
        """Fetch the kernel, and boot it while its debug package is on the way."""
        name = self.series.name
        note(name, f"fetching {chosen.release} ({chosen.version} of {chosen.suite.name})")
        step = kernel_step(self.series, chosen.version)
        step.begin()
        with workspace(name) as work:
            fetch_image(self.series, chosen, work)
            debug = SideJob(lambda: fetch_vmlinux(self.series, chosen, work), self.series.debug)
            guests = SideJob(lambda: self.guests(chosen.version), True)
            debug.join()
            finish_kernel(self.series, chosen, work, step)
            guests.join()

    def guests(self, version):
        if not self.series.modules:
            self.boot("bare", boots.bare, boots.BARE_OUTPUTS, (version,))
            return
        self.boot("states", boots.states, boots.STATES_OUTPUTS, (version,))
        if self.series.nofwcfg:
            self.boot("nofwcfg", boots.nofwcfg, boots.NOFWCFG_OUTPUTS, (version,))
        if self.series.kdump:
            with NETWORK:
                roots.build()
            self.boot("kdump", lambda *where: crash.kdump(*where, self.program),
                      crash.outputs(self.program),
                      (version, *(SOURCES / f"{module}.py" for module in ("crash", "live")),
                       *crash.inputs(self.program)))
        for row in self.extra_boots():
            if row.newer_qemu:
                with NETWORK:
                    roots.build()
            if row.iommufd:
                self.iommufd(version)
            self.boot(row.name, lambda *where, row=row: states.run(*where, row), row.outputs,
                      (version, row, *(SOURCES / f"{module}.py" for module in ("states", "ivrs", "iommufd")),
                       *kmodule.inputs(row.own_modules)))

    def iommufd(self, version):
        """The modules that Debian's configuration leaves out."""
        name = self.series.name
        step = Step(name, "iommufd-modules", (version, SOURCES / "iommufd.py"), [])
        if step.is_done() and iommufd.modules_dir(kernel_dir(self.series)).exists():
            return
        with workspace(name) as work:
            with NETWORK:
                chosen = debian.choose(self.series)
                if chosen.version != version:
                    raise RigError(f"the archive has {chosen.version} now, not {version}: "
                                   "rig build --refresh")
                packages = iommufd.fetch(chosen, self.series, work)
            note(name, "building iommufd")
            step.begin()
            iommufd.build(packages, self.series, chosen.release, work, kernel_dir(self.series))
            step.finish()

    def extra_boots(self):
        rows = [states.BOOTS[name] for name in self.series.boots]
        return [row for row in rows if self.bench or not row.bench]

    def boot(self, name, recipe, outputs, own_inputs):
        inputs = (*own_inputs, self.series.module_options, self.series.dump_level,
                  *initramfs.inputs(),
                  *(SOURCES / f"{module}.py" for module in ("boots", "initramfs", "qemu", "truth")))
        step = Step(self.series.name, name, inputs, outputs)
        if step.is_done():
            return
        with GUESTS:
            note(self.series.name, f"booting: {name}")
            step.begin()
            try:
                recipe(self.series, kernel_dir(self.series))
            except RigError as error:
                # Emulation without KVM on a busy machine: one more try is fair.
                note(self.series.name, f"{name}: {error}; trying again")
                recipe(self.series, kernel_dir(self.series))
            step.finish()
            note(self.series.name, f"done: {name}")

    def formats(self, version):
        if not self.series.debug:  # the conversions need a vmlinux
            return
        inputs = (version, self.series.dump_level, series_dir(self.series.name) / ".states.stamp",
                  *(SOURCES / f"{module}.py" for module in ("elfcore", "formats", "recompress")))
        step = Step(self.series.name, "formats", inputs, formats.OUTPUTS)
        if not step.is_done():
            with NETWORK:
                roots.build()
            with GUESTS:
                note(self.series.name, "converting")
                step.begin()
                formats.build(self.series)
                step.finish()
                note(self.series.name, "done: formats")
        for row in self.extra_boots():
            if row.bench:
                self.compressed(version, row)

    def compressed(self, version, row):
        """The large dumps, as kdump-compressed ones too."""
        for state in row.states:
            inputs = (version, self.series.dump_level,
                      series_dir(self.series.name) / f".{row.name}.stamp",
                      *(SOURCES / f"{module}.py" for module in ("elfcore", "formats")))
            step = Step(self.series.name, f"{state}-kdump", inputs, [f"{state}.kdump"])
            if step.is_done():
                continue
            with GUESTS:
                note(self.series.name, f"compressing: {state}")
                step.begin()
                formats.compress(self.series, state)
                step.finish()
                note(self.series.name, f"done: {state}.kdump")


class SideJob:
    """A job beside others, whose failure shows when it is joined."""

    def __init__(self, job, wanted):
        self.job = job
        self.error = None
        self.thread = threading.Thread(target=self._run, daemon=True)
        if wanted:
            self.thread.start()
        else:
            self.thread = None

    def _run(self):
        try:
            self.job()
        except Exception as error:
            self.error = error

    def join(self):
        if self.thread:
            self.thread.join()
        if self.error:
            raise self.error


def build(rows, refresh, program, bench):
    """Build all these series; the errors, one line each."""
    vm_dir().mkdir(parents=True, exist_ok=True)
    builds = [SeriesBuild(series, refresh, program, bench) for series in rows]
    threads = [threading.Thread(target=one.run, daemon=True) for one in builds]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    except BaseException:  # interrupted: nobody waits for the threads any more
        qemu.kill_all()
        raise
    return [f"{one.series.name}: {one.error}" for one in builds if one.error]
