# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs programs in turn and keeps what each run took."""

import dataclasses
import os
import statistics
import subprocess


@dataclasses.dataclass
class Figures:
    """Medians of the runs of one program."""
    wall: list
    cpu: list
    peak_kb: list

    @property
    def seconds(self):
        return statistics.median(self.wall)

    @property
    def cpu_seconds(self):
        return statistics.median(self.cpu)

    @property
    def megabytes(self):
        return max(self.peak_kb) / 1000

    def as_json(self):
        return {"seconds": self.seconds, "cpu_seconds": self.cpu_seconds,
                "fastest_seconds": min(self.wall), "slowest_seconds": max(self.wall),
                "peak_bytes": max(self.peak_kb) * 1024, "runs": len(self.wall)}


class Runner:
    def __init__(self, measure, scratch):
        self.measure, self.scratch = measure, scratch

    def once(self, program, files, verdicts=False):
        """(seconds, cpu seconds, peak KB, output); files: to be dropped from the file cache."""
        result, output = self.scratch / "result", self.scratch / "output"
        drop_caches(files)
        errors = self.scratch / "errors"
        with open(errors, "wb") as stderr:
            subprocess.run([self.measure, result, output, *map(str, program.argv)], check=True,
                           stdin=subprocess.DEVNULL, stderr=stderr,
                           env=dict(os.environ, XDG_CACHE_HOME=str(self.scratch / "cache")))
        wall, user, system, peak, status = result.read_text(encoding="ascii").split()
        if status != "0" and not (verdicts and status in "123"):
            raise SystemExit(f"bench: {program.name}: exit status {status}: "
                             f"{' '.join(map(str, program.argv))}\n"
                             + errors.read_text(errors="replace")[-1000:])
        return float(wall), float(user) + float(system), int(peak), output

    def check_answers(self, case):
        """Every program's answer once, ours first; that run is also the one that warms up."""
        ours = None
        for program in case.programs:
            output = self.once(program, [], case.verdicts)[3]
            if not program.answer:
                continue
            found = program.answer(output.read_text(encoding="utf-8"))
            if program is case.programs[0]:
                ours = found
            elif found != program.part(ours):
                raise SystemExit(f"bench: {case.name}: {program.name} has another answer:\n"
                                 f"  it:   {str(found)[:1000]}\n"
                                 f"  ours: {str(program.part(ours))[:1000]}")

    def run(self, case, runs):
        """{name: Figures}"""
        self.check_answers(case)
        figures = {program.name: Figures([], [], []) for program in case.programs}
        for _ in range(runs):
            for program in case.programs:
                wall, cpu, peak, output = self.once(program, case.cold, case.verdicts)
                if program.seconds:
                    wall = cpu = program.seconds(output.read_text(encoding="utf-8"))
                one = figures[program.name]
                one.wall.append(wall)
                one.cpu.append(cpu)
                one.peak_kb.append(peak)
        return figures


def drop_caches(files):
    """Of these files only, which takes no privilege and is no harm to others."""
    for path in files:
        with open(path, "rb") as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
