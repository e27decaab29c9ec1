# SPDX-License-Identifier: GPL-2.0-or-later
"""The examples in a document: finding them, running them, and writing their answers anew."""

import dataclasses
import re
import shlex
import subprocess
from pathlib import Path

import support

FIXTURES = support.ROOT / "tests" / "fixtures"

# The files that examples name.
FILES = {
    "vmcore": "7.2-kdump.elf",
    "other-vmcore": "6.1-after.elf",
    "before.elf": "6.1-before.elf",
    "after.elf": "6.1-after.elf",
}
# These look at no machine unless they are told to; others without -c look at the running one.
NEED_NO_TARGET = ("decode", "explain", "help", "--version", "--help")
# What the command tables' own examples name, and what is meant in the dump.
STAND_INS = {"0000:a1:00.1": "0000:00:04.0", "0000:a1:00.0": "0000:00:05.0", "0x79": "0x2", "ivhd1": "ivhd0",
             "12": "1", "/var/crash": ".", "0.5": "0"}
NO_VMLINUX = re.compile(r"-s vmlinux|vmlinux(?= vmcore)")  # the dumps have none
# What they ask that the dump has no answer to; the command line was understood.
LACKED = re.compile(r"no symbol '\w+' in this kernel|the device has no table of PASIDs|can't open '/sys/firmware/")
CHECK_STATUSES = (0, 1, 2, 3)  # OK, warning, critical, unknown
STATUSES = (0, 1)              # answered in full or in part

INDENT = "    "
TYPED = re.compile(r"\$ (.*)")
AT_PROMPT = re.compile(r"iommuscope (\S+)> (.*)")
IN_CRASH = re.compile(r"crash> iommu (.*)")
WITHOUT_ANSWER = re.compile(r"((?:\S+ .*\| )?iommuscope .*?)(?: +#.*)?")
CUT = "..."


@dataclasses.dataclass(frozen=True)
class Example:
    command: str      # for a shell
    shown: list       # lines of its answer, without the indent; none: not shown
    first: int        # index of the line that has the command
    last: int         # index behind its answer's last line

    def statuses(self):
        return CHECK_STATUSES if re.search(r"\bcheck\b", self.command) else STATUSES


def blocks(lines):
    """(first, last) of each indented block; blank lines within belong to it."""
    first = end = None
    for index, line in enumerate([*lines, "end"]):
        if line.startswith(INDENT):
            if first is None:
                first = index
            end = index + 1
        elif line and first is not None:
            yield first, end
            first = None


def find(lines):
    """All examples of a page, in order."""
    found = []
    for first, last in blocks(lines):
        text = [line[len(INDENT):] for line in lines[first:last]]
        commands = [(index, command) for index, line in enumerate(text)
                    if (command := command_of(line, text)) is not None]
        for (index, command), (following, _) in zip(commands, [*commands[1:], (len(text), None)]):
            shown = text[index + 1:following] if is_shown(text[index]) else []
            while shown and not shown[-1]:
                shown.pop()
            if "iommuscope" in command:
                found.append(Example(command, shown, first + index, first + index + 1 + len(shown)))
    return found


def find_generated(lines):
    """The examples of the generated reference: a command as at the prompt, or a line for a shell."""
    for first, last in blocks(lines):
        for index in range(first, last):
            line = lines[index][len(INDENT):]
            if line and "[OPTIONS]" not in line:
                words = " ".join(STAND_INS.get(word, word)
                                 for word in NO_VMLINUX.sub("", line).split(" "))
                whole = words if "iommuscope" in words else \
                    f"iommuscope -c vmcore -e {shlex.quote(words)}"
                yield Example(whole, [], index, index + 1)


def is_shown(line):
    return bool(TYPED.fullmatch(line) or AT_PROMPT.fullmatch(line))


def command_of(line, block):
    """What a shell runs for that line; None when it is none."""
    if match := TYPED.fullmatch(line):
        # Without a command the prompt begins, and first shows this.
        return match[1] + " summary" if re.fullmatch(r"iommuscope \S+", match[1]) and \
            "--" not in line else match[1]
    if match := AT_PROMPT.fullmatch(line):
        return f"iommuscope -c {match[1]} -e {shlex.quote(match[2])}"
    if match := IN_CRASH.fullmatch(line):
        return f"iommuscope -c vmcore {match[1]}"
    if any(is_shown(other) for other in block) or "[OPTIONS]" in line:
        return None
    match = WITHOUT_ANSWER.fullmatch(line)
    return match[1].replace("vmlinux vmcore", "vmcore") if match else None


def place():
    """A folder with the files that examples name, and a PATH with the program."""
    folder = support.scratch() / "examples"
    if not folder.exists():
        (folder / "bin").mkdir(parents=True)
        for name, fixture in FILES.items():
            (folder / name).symlink_to(FIXTURES / fixture)
        (folder / "accepted.txt").touch()
        write_program(folder / "bin" / "dmesg", "echo 'AMD-Vi: Event logged [IO_PAGE_FAULT "
                      "device=00:04.0 domain=0x0002 address=0xdf000000 flags=0x0070]'")
        words = "|".join(NEED_NO_TARGET)
        write_program(folder / "bin" / "iommuscope",
                      f'case " $* " in *" -c "*|*vmcore*) ;; *) case $1 in {words}) ;; '
                      '*) set -- -c vmcore "$@" ;; esac ;; esac\n'
                      f'exec {shlex.quote(support.program())} "$@"')
    return folder


def write_program(path, body):
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)


def run(example):
    folder = place()
    environment = support.environment(PATH=f"{folder / 'bin'}:/usr/bin:/bin")
    return subprocess.run(["bash", "-c", f"set -o pipefail; {example.command}"], cwd=folder,
                          env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=support.TIMEOUT, check=False)


def lines_of(answer):
    lines = [line.rstrip() for line in answer.splitlines()]
    while lines and not lines[-1]:
        lines.pop()
    return lines


def matches(shown, answer):
    """Is that the answer? A line "..." stands for any lines, at a line's end for any words."""
    pattern = ""
    for line in shown:
        if line.strip() == CUT:
            pattern += r"(?:.*\n)*?"
        elif line.endswith(CUT):
            pattern += re.escape(line[:-len(CUT)]) + ".*\n"
        else:
            pattern += re.escape(line.rstrip()) + "\n"
    return bool(re.fullmatch(pattern, "".join(f"{line}\n" for line in lines_of(answer))))


def key(line):
    return line.split()[:1]


def renewed(shown, answer):
    """The answer, cut where it was cut before: lines are known by their first words."""
    if not any(line.endswith(CUT) for line in shown):
        return answer
    result, after = [], 0
    for line in shown:
        if line.strip() == CUT:
            result.append(line)
            continue
        at = next((index for index in range(after, len(answer)) if answer[index] == line),
                  next((index for index in range(after, len(answer))
                        if key(answer[index]) == key(line)), None))
        if at is None:
            continue  # the answer has no such line any more
        if at > after and (not result or result[-1].strip() != CUT):
            result.append(CUT)
        cut = line.endswith(CUT) and line != answer[at]
        result.append(answer[at][:len(line) - len(CUT)] + CUT if cut else answer[at])
        after = at + 1
    if after < len(answer) and (not result or result[-1].strip() != CUT):
        result.append(CUT)
    return result


def moved_addresses(old, new):
    """{old: new} of addresses at one place in both answers. Small numbers are no addresses."""
    moved, doubtful = {}, set()
    by_key = {tuple(key(line)): line for line in new}
    for index, line in enumerate(old):
        other = new[index] if len(old) == len(new) else by_key.get(tuple(key(line)), "")
        if len(line.split()) != len(other.split()):
            continue
        for one, two in zip(line.split(), other.split()):
            if re.fullmatch(r"0x[0-9a-f]{5,}", one) and re.fullmatch(r"0x[0-9a-f]+", two):
                doubtful |= {one} if moved.setdefault(one, two) != two else set()
    return {one: two for one, two in moved.items() if one not in doubtful and one != two}


def written_anew(text):
    lines, done = text.splitlines(), 0
    while done < len(examples := find(lines)):
        example = examples[done]
        done += 1
        if not example.shown:
            continue
        answer = renewed(example.shown, lines_of(run(example).stdout))
        moved = moved_addresses(example.shown, answer)
        rest = [re.sub(r"0x[0-9a-f]+", lambda match: moved.get(match[0], match[0]), line)
                for line in lines[example.last:]]
        lines[example.first + 1:] = [f"{INDENT}{line}".rstrip() for line in answer] + rest
    return "\n".join(lines) + "\n"
