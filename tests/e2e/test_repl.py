# SPDX-License-Identifier: GPL-2.0-or-later
"""The prompt at a pseudo-terminal, and the same interpreter in scripts."""

import contextlib
import json
import os
import re
import signal
import struct
import subprocess
import time
from pathlib import Path

from support import (ANSWERED, ROOT, TARGET, USAGE, TestCase, environment, for_each, program, run, scratch)
from terminal import Terminal

FIXTURE = ROOT / "tests" / "fixtures" / "7.2-kdump.elf"
OTHER = ROOT / "tests" / "fixtures" / "5.10-after.elf"
ENDLESS = "repeat 1000000 map 0000:00:04.0 --leaves > /dev/null"
SOON = 0.1  # seconds in which Ctrl-C ends a command, the best of some tries: others use the machine too
TRIES = 5


def state(name):
    """A state directory of a test's own."""
    return str(scratch() / f"state-{name}")


class Prompt(TestCase):
    def start(self, *arguments, **changes):
        changes = {"XDG_STATE_HOME": state(self.id().rpartition(".")[2]), **changes}
        terminal = Terminal("-c", FIXTURE, *arguments, **changes)
        self.addCleanup(terminal.__exit__)
        return terminal

    def greeted(self, *arguments, **changes):
        terminal = self.start(*arguments, **changes)
        self.greeting = terminal.prompt()
        return terminal

    def left(self, terminal):
        self.assertEqual(terminal.leave(), ANSWERED, terminal.text[-500:])
        self.assertNotIn("Sanitizer", terminal.text)
        self.assertNotIn("runtime error", terminal.text)


class Greeting(Prompt):
    def test_screen(self):
        terminal = self.greeted(rows=40)
        self.assertIn("iommuscope 7.2-kdump.elf> ", self.greeting)
        for words in ("Machine:", "Died of:", "DMA by default:", "IOMMUs:              1\n",
                      "translated              9\n", "Looks wrong:"):
            self.assertIn(words, self.greeting)
        self.assertLess(self.greeting.count("\n"), 40)
        self.left(terminal)

    def test_quiet(self):
        terminal = self.greeted("-q")
        self.assertNotIn("Machine:", self.greeting)
        self.left(terminal)

    def test_without_a_target(self):
        """`open` can still find one."""
        with Terminal("-c", "/nonexistent", XDG_STATE_HOME=state("none")) as terminal:
            self.assertIn("cannot open it", terminal.prompt())
            self.assertIn("Kernel:              7.2", terminal.ask(f"open {FIXTURE}"))
            self.left(terminal)

    def test_quit(self):
        for word in ("quit", "exit", "q"):
            with self.subTest(word):
                terminal = self.greeted("-q")
                terminal.type(word + "\n")
                self.assertEqual(terminal.end(), ANSWERED)


class Completion(Prompt):
    COMPLETED = {
        "command": ("doma\t", "domains "),
        "word of the prompt": ("rep\t", "repeat "),
        "option": ("map 0000:00:04.0 --lea\t", "map 0000:00:04.0 --leaves "),
        "option of the program": ("devices --col\t", "devices --columns "),
        "column": ("devices -o dri\t", "devices -o driver"),
        "column without operands": ("decode -o verd\t", "decode -o verdict"),
        "column behind a comma": ("devices -o bdf,entry\t", "devices -o bdf,entry_writer"),
        "column to add": ("devices -o +ali\t", "devices -o +alias"),
        "column of a table by option": ("map 0000:00:04.0 --summary -o lea\t",
                                        "map 0000:00:04.0 --summary -o leaves"),
        "field of a structure": ("dte -o irt\t", "dte -o irt_root"),
        "BDF": ("walk 0000:00:06\t", "walk 0000:00:06.0 "),
        "BDF without a segment": ("map 01:02\t", "map 01:02.0 "),
        "not behind the last operand": ("walk 0000:00:06.0 00\t", "walk 0000:00:06.0 00"),
        "domain": ("map 0x7\t", "map 0x7 "),
        "structure": ("decode ivhd_fl\t", "decode ivhd_flags "),
        "help of a structure": ("help gcr\t", "help gcr3 "),
        "check": ("check --only dte-dr\t", "check --only dte-driver "),
        "check behind a comma": ("check --skip dte-driver,dte-dr\t",
                                 "check --skip dte-driver,dte-driver "),
        "setting": ("set ver\t", "set verbosity "),
        "value of a setting": ("set verbosity nor\t", "set verbosity normal "),
        "repeated command": ("repeat 2 domi\t", "repeat 2 domids "),
        "file": (f"open {FIXTURE.parent}/7.2-kd\t", f"open {FIXTURE} "),
        "file of an answer": (f"devices > {FIXTURE.parent}/7.2-kd\t", f"devices > {FIXTURE} "),
        "nothing": ("frobnicate x\t", "frobnicate x"),
    }

    @for_each(COMPLETED)
    def test_one(self, name):
        typed, completed = self.COMPLETED[name]
        terminal = self.greeted("-q", columns=200)
        # The line goes to the shell's echo, and so tells what stands in it.
        terminal.type(typed + "|'\x01! echo '<\n")
        self.assertIn(f"\n<{completed}|\n", terminal.prompt())
        self.left(terminal)

    def test_ambiguous(self):
        """A device is told by its IDs and driver."""
        terminal = self.greeted("-q")
        terminal.type("dte 0000:00:0\t\t")
        shown = terminal.wait_for(r"00:07\.0[^\n]*\n")
        self.assertRegex(shown, r"0000:00:04\.0 +8086:10d3 +vfio-pci, translated")
        self.assertRegex(shown, r"0000:00:06\.0 +1b36:0010 +nvme, translated")
        terminal.type("\x15")
        terminal.type("map 0x\t\t")
        self.assertRegex(terminal.wait_for(r"0x7[^\n]*\n"),
                         r"0x2 +unmanaged, 1 device: 0000:00:04\.0")
        terminal.type("\x15")
        terminal.type("d\t\t")
        self.assertRegex(terminal.wait_for(r"dte[^\n]*\n"), r"devices +what the IOMMU does")
        terminal.settle()  # behind the list the prompt is shown once more
        self.left(terminal)


class History(Prompt):
    def test_kept(self):
        terminal = self.greeted("-q")
        terminal.ask("domids -o allocator")
        terminal.ask("domids -o allocator")
        self.left(terminal)
        path = scratch() / f"state-{self.id().rpartition('.')[2]}" / "iommuscope" / "history"
        self.assertEqual(path.read_text(), "domids -o allocator\n")
        self.assertEqual(path.stat().st_mode & 0o077 & ~0o044, 0)
        terminal = self.greeted("-q")
        terminal.type("\x1b[A\n")
        self.assertIn("ida", terminal.prompt())
        self.left(terminal)

    def test_bounded(self):
        folder = scratch() / f"state-{self.id().rpartition('.')[2]}" / "iommuscope"
        folder.mkdir(parents=True)
        path = folder / "history"
        path.write_text("".join(f"rd {i}\n" for i in range(5000)))
        terminal = self.greeted("-q")
        terminal.ask("domids")
        self.left(terminal)
        lines = path.read_text().splitlines()
        self.assertEqual((len(lines), lines[0], lines[-1]), (2000, "rd 3001", "domids"))

    def test_disk_full(self):
        """No half line, no half file, and the prompt goes on."""
        folder = scratch() / f"state-{self.id().rpartition('.')[2]}" / "iommuscope"
        folder.mkdir(parents=True)
        path = folder / "history"
        for n in (10, 5000):  # there is no room for a line; nor for the file that is shorter
            text = "".join(f"rd {i}\n" for i in range(n))
            path.write_text(text)
            terminal = self.greeted("-q", file_size=len(text) + 3 if n == 10 else 4096)
            self.assertIn("ida", terminal.ask("domids"))
            self.left(terminal)
            self.assertEqual(path.read_text(), text)
            self.assertEqual([file.name for file in folder.iterdir()], ["history"])

    def test_two_at_once(self):
        """Each prompt's lines are kept, also when both shorten the file."""
        folder = scratch() / f"state-{self.id().rpartition('.')[2]}" / "iommuscope"
        folder.mkdir(parents=True)
        path = folder / "history"
        path.write_text("".join(f"rd {i}\n" for i in range(5000)))
        prompts = [self.greeted("-q") for _ in range(3)]
        for i, terminal in enumerate(prompts):
            for k in range(4):
                terminal.ask(f"help domids # {i} {k}")
        for terminal in prompts:
            terminal.type("\x04")  # all at once
        for terminal in prompts:
            self.assertEqual(terminal.end(), ANSWERED)
        lines = path.read_text().splitlines()
        self.assertEqual(lines[-12:], [f"help domids # {i} {k}" for i in range(3) for k in range(4)])
        self.assertEqual((len(lines), lines[0]), (2000, "rd 3012"))
        self.assertEqual([file.name for file in folder.iterdir()], ["history"])

    def test_a_link(self):
        folder = scratch() / f"state-{self.id().rpartition('.')[2]}" / "iommuscope"
        folder.mkdir(parents=True)
        path = folder.parent / "mine"
        path.write_text("".join(f"rd {i}\n" for i in range(5000)))
        (folder / "history").symlink_to(path)
        self.left(self.greeted("-q"))
        self.assertTrue((folder / "history").is_symlink())
        self.assertEqual(len(path.read_text().splitlines()), 2000)

    @for_each({"a file": __file__, "nowhere": "/proc/none", "no home": None}.items(),
              name=lambda case: case[0])
    def test_unwritable(self, case):
        terminal = self.greeted("-q", XDG_STATE_HOME=case[1], HOME=None)
        self.assertIn("ida", terminal.ask("domids"))
        self.left(terminal)


class Interrupt(Prompt):
    def test_long_command(self):
        terminal = self.greeted("-q")
        times = []
        for _ in range(TRIES):
            terminal.type(ENDLESS + "\n")
            terminal.wait_for("/dev/null")
            time.sleep(0.3)
            begin = time.monotonic()
            terminal.interrupt()
            terminal.prompt()
            times.append(time.monotonic() - begin)
        self.assertLess(min(times), SOON, times)
        self.assertIn("ida", terminal.ask("domids"))
        self.left(terminal)

    def test_waiting(self):
        terminal = self.greeted("-q")
        terminal.type("repeat --interval 1000 5 domids\n")
        terminal.wait_for("Borne by[^\n]*\n")
        terminal.interrupt()
        terminal.prompt()
        self.left(terminal)

    def test_typed_line(self):
        terminal = self.greeted("-q")
        terminal.type("domids")
        terminal.wait_for("domids")
        time.sleep(0.3)
        terminal.interrupt()
        terminal.prompt()
        self.assertIn("DRIVER", terminal.ask("devices"))
        self.left(terminal)

    def test_while_readline_is_busy(self):
        """Whenever it comes, the prompt is there again before another key."""
        terminal = self.greeted("-q")
        for i in range(300):
            terminal.type("devices" * (i % 4))
            time.sleep(i % 5 * 0.0003)
            terminal.kill()
            terminal.prompt()
        terminal.settle()  # what was typed when the last one came may stand there
        self.left(terminal)

    def test_pipeline(self):
        """The reader never reads, so that the writer hangs in a write; and it may be hit twice."""
        terminal = self.greeted("-q")
        for reader in ("sleep 1000", "sh -c 'trap : INT; sleep 1; sleep 0.2'"):
            terminal.type(f"repeat 100 map 0000:00:04.0 --leaves | {reader}\n")
            time.sleep(0.5)
            terminal.interrupt()
            time.sleep(0.2)
            terminal.interrupt()
            terminal.settle()
        self.assertIn("ida", terminal.ask("domids"))
        self.left(terminal)

    def test_shell(self):
        terminal = self.greeted("-q")
        terminal.type("! echo begun; sleep 1000\n")
        terminal.wait_for("\nbegun|begun\r")
        time.sleep(0.3)
        terminal.interrupt()
        terminal.prompt()
        self.assertIn("ida", terminal.ask("domids"))
        self.left(terminal)


class Pager(Prompt):
    def test_long(self):
        terminal = self.greeted("-q", PAGER="sed 's/^/P:/'", rows=10)
        answer = terminal.ask("devices")
        self.assertEqual(answer.count("P:"), 12, answer)
        self.assertNotIn("P:", terminal.ask("devices -o bdf 0000:00:04.0"))
        self.assertNotIn("P:", terminal.ask("devices | cat"))
        terminal.ask("set pager off")
        self.assertNotIn("P:", terminal.ask("devices"))
        self.left(terminal)

    def test_leaves_early(self):
        terminal = self.greeted("-q", PAGER="head -n 3", rows=10)
        answer = terminal.ask("map 0000:00:04.0 --leaves")
        self.assertEqual(answer.count("\n"), 4, answer)  # the line typed, and three
        self.assertNotIn("iommuscope:", answer)
        self.assertIn("ida", terminal.ask("domids -o allocator"))
        self.left(terminal)

    def test_streams(self):
        """The pager has the first lines long before the command has ended."""
        terminal = self.greeted("-q", PAGER="sed -u 's/^/P:/'", rows=10)
        terminal.ask("set color never")
        terminal.type("map 0000:00:04.0 --leaves\n")
        terminal.wait_for("P:")
        terminal.prompt()
        self.left(terminal)

    def test_less(self):
        terminal = self.greeted("-q", PAGER=None, LESS=None, rows=10)
        terminal.type("devices\n")
        terminal.wait_for(r"\n:|\r:|:\x1b")
        terminal.type("q")
        terminal.prompt()
        self.left(terminal)

    def test_no_pager(self):
        terminal = self.greeted("-q", PAGER="/nonexistent/pager", rows=10)
        terminal.ask("devices")
        self.assertIn("ida", terminal.ask("domids -o allocator"))
        self.left(terminal)

    def test_notes_wait(self):
        """What is missing is told behind the pager, not into its screen."""
        terminal = self.greeted("-q", PAGER="sh -c 'cat; sleep 0.5; echo P:end'", rows=5)
        terminal.ask("set verbosity debug")
        answer = terminal.ask("devices")
        self.assertLess(answer.index("P:end"), answer.index("at most"))
        self.left(terminal)


class Streams(Prompt):
    def test_redirect(self):
        terminal = self.greeted("-q")
        path = scratch() / "repl-answer.txt"
        self.assertNotIn("DRIVER", terminal.ask(f"devices -o bdf,driver > '{path}'"))
        once = path.read_text()
        self.assertTrue(once.startswith("BDF          DRIVER\n"), once)
        self.assertEqual(once.count("\n"), 12)
        terminal.ask(f"devices -o bdf,driver >> {path}")
        self.assertEqual(path.read_text(), once + once)
        self.assertIn("can't write", terminal.ask("devices > /proc/none/file"))
        self.assertIn("> wants the name of one file", terminal.ask("devices > a b"))
        self.left(terminal)

    def test_pipe(self):
        terminal = self.greeted("-q")
        self.assertIn("\n11\n", terminal.ask("devices | grep -c 0000"))
        self.assertIn("\nBDF", terminal.ask("devices | head -n 1"))
        self.assertIn("\n11\n", terminal.ask("json on") and
                      terminal.ask("devices | grep -c '\"bdf\"'"))
        self.left(terminal)

    def test_resize(self):
        terminal = self.greeted("-q", columns=200)
        self.assertIn("for what does not fit the screen", terminal.ask("set"))
        terminal.resize(24, 60)
        terminal.settle()  # readline shows the prompt once more
        narrow = terminal.ask("set")
        self.assertNotIn("for what does not fit the screen", narrow)
        self.assertLessEqual(max(len(line) for line in narrow.splitlines()), 61)
        self.left(terminal)

    def test_without_utf8(self):
        terminal = self.greeted(LC_ALL="C", LANG="C", columns=60)
        terminal.ask("set")
        terminal.ask("devices")
        terminal.ask("help dte")
        self.assertTrue(terminal.text.isascii())
        self.left(terminal)

    def test_dumb_terminal(self):
        terminal = self.greeted(TERM="dumb", PAGER=None, rows=10)
        terminal.ask("devices")
        terminal.ask("repeat 2 domids")
        self.assertNotIn("\x1b", terminal.text)
        self.left(terminal)


def ivrs_table(info):
    """Its header alone."""
    table = bytearray(struct.pack("<4sIBB6s8sIIII8x", b"IVRS", 48, 2, 0, b"RIG", b"REPEAT", 1, 0, 1,
                                  info))
    table[9] = -sum(table) & 0xff
    return bytes(table)


class Words(Prompt):
    def test_open(self):
        terminal = self.greeted("-q")
        self.assertIn("can't open '/nonexistent'", terminal.ask("open /nonexistent"))
        self.assertIn("iommuscope 7.2-kdump.elf> ", terminal.ask("devices 0000:00:04.0"))
        self.assertIn("Kernel:              5.10", terminal.ask(f"open -c {OTHER}"))
        self.assertIn("iommuscope 5.10-after.elf> ", terminal.ask("domids"))
        self.assertIn("open has no option --json", terminal.ask("open --json x"))
        self.left(terminal)

    def test_repeat_highlights(self):
        """On a dump nothing changes: no line is in reverse."""
        terminal = self.greeted("-q")
        begin = len(terminal.text)
        answer = terminal.ask("repeat 3 domids -o allocator")
        self.assertEqual(answer.count("ida"), 3)
        self.assertNotIn("\x1b[7m", terminal.text[begin:])
        self.left(terminal)

    def test_repeat_shows_what_changed(self):
        """The file is another one while its table is shown again and again."""
        path = scratch() / "changing.ivrs"
        path.write_bytes(ivrs_table(0x203040))
        terminal = self.greeted("-q", rows=200)
        terminal.type(f"repeat --interval 0.2 100000 ivrs {path}\n")
        for _ in range(2):
            terminal.wait_for("IVinfo: +0x203040")
        self.assertNotIn("\x1b[7m", terminal.text)
        other = scratch() / "other.ivrs"
        other.write_bytes(ivrs_table(0x203041))
        other.replace(path)
        terminal.wait_for(r"\x1b\[7m0x203041\x1b\[0m")
        terminal.interrupt()
        terminal.prompt()
        self.left(terminal)

    def test_slips(self):
        terminal = self.greeted("-q")
        for line, hint in (("devcies", "did you mean 'devices'"),
                           ("repaet 3 devices", "did you mean 'repeat'"),
                           ("map 0000:00:04.0 --leafs", "did you mean --leaves"),
                           ("devices --columsn bdf", "did you mean --columns"),
                           ("devices -o drivr", "did you mean 'driver'"),
                           ("set colour never", "did you mean 'color'"),
                           ("set json no", "did you mean 'on'"),
                           ("help devcies", "did you mean 'devices'"),
                           ("| cat", "no command stands before |"),
                           ("devices |", "nothing stands behind |")):
            with self.subTest(line):
                self.assertIn(hint, terminal.ask(line))
        self.left(terminal)


class Scripts(TestCase):
    def script(self, text):
        path = scratch() / f"script-{self.id().rpartition('.')[2]}"
        path.write_text(text)
        return path

    def test_errors_name_the_line(self):
        path = self.script("# first\ndomids\n\nfrobnicate\ndevices -o nothing\n")
        result = run("-c", FIXTURE, "-i", path)
        self.assertEqual(result.status, USAGE)
        self.assertIn(f"iommuscope: {path}:4: no command 'frobnicate'", result.err)
        self.assertIn(f"iommuscope: {path}:5: devices: ", result.err)
        self.assertIn("ida", result.out)

    def test_stop_on_error(self):
        path = self.script("domids -o allocator\nfrobnicate\ndevices\n")
        result = run("-c", FIXTURE, "--stop-on-error", "-i", path, "-e", "devices")
        self.assertEqual(result.status, USAGE)
        self.assertNotIn("DRIVER", result.out)
        result = run("-c", FIXTURE, "-i", path, "-e", "groups")
        self.assertEqual(result.status, USAGE)
        self.assertIn("DRIVER", result.out)
        self.assertIn("OWNED", result.out)

    def test_standard_input(self):
        result = run("-c", FIXTURE, stdin="domids -o allocator\nfrobnicate\nquit\ndevices\n")
        self.assertEqual(result.status, USAGE)
        self.assertIn("iommuscope: standard input:2: no command", result.err)
        self.assertNotIn("DRIVER", result.out)

    def test_one_interpreter(self):
        """-e, -i and standard input know the same words."""
        path = scratch() / "script-answer.json"
        lines = [f"devices --json > {path}", "devices | grep -c vfio-pci", "json on", "domids",
                 "json off", f"open {OTHER}", "info -o release", "! echo from a shell"]
        script = self.script("\n".join(lines) + "\n")
        answers = []
        for arguments, stdin in ((["-i", script], ""), ([], "\n".join(lines)),
                                 ([word for line in lines for word in ("-e", line)], "")):
            result = run("-c", FIXTURE, *arguments, stdin=stdin)
            self.assertEqual(result.status, ANSWERED, result)
            self.assertEqual(len(json.loads(path.read_text())["data"]), 11)
            path.unlink()
            answers.append(result.out)
        self.assertEqual(answers[0], answers[1])
        self.assertEqual(answers[0], answers[2])
        self.assertRegex(answers[0], r"(?s)\A1\n.*\"ida\".*KERNEL\n5\.10.*from a shell\n")

    def test_open_that_fails(self):
        result = run("-c", FIXTURE, "-e", "open /nonexistent", "-e", "info -o release")
        self.assertEqual(result.status, TARGET)
        self.assertIn("7.2", result.out)

    def test_repeat(self):
        result = run("-c", FIXTURE, "repeat", "3", "domids", "-o", "allocator")
        self.assertEqual(result.out.count("ida"), 3)
        for words in (["repeat"], ["repeat", "3"], ["repeat", "x", "domids"],
                      ["repeat", "--interval", "-1", "2", "domids"]):
            with self.subTest(words):
                self.refused(USAGE, "-c", FIXTURE, *words)

    def test_interval(self):
        begin = time.monotonic()
        run("-c", FIXTURE, "repeat", "--interval", "0.3", "3", "domids")
        self.assertGreaterEqual(time.monotonic() - begin, 0.6)


def names_of_session(session):
    """What the processes of that session are called."""
    names = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            name, _, rest = stat.read_text().partition("(")[2].rpartition(")")
            if int(rest.split()[3]) == session:
                names.append(name)
    return names


class Interrupted(TestCase):
    @for_each(("!sleep 60", "iommus | sleep 60"))
    def test_ends_the_script(self, line):
        """Ctrl-C while another program has the terminal: that one ends, and the script with it."""
        fixture = ROOT / "tests/fixtures/6.12-after.elf"
        process = subprocess.Popen([program(), "-c", fixture, "-e", line, "-e", "iommus -o name"],
                                   env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                   start_new_session=True)
        for _ in range(200):
            time.sleep(0.05)
            if "sleep" in names_of_session(process.pid):
                break
        os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=30)
        self.assertEqual((process.returncode, out), (130, ""), err)


class Everything(TestCase):
    """A session that runs every command; under the sanitizers it leaks nothing."""

    OPERANDS = {
        "capture": "capture {scratch}/everything.elf", "decode": "decode pte 0x8000000000000001",
        "map": "map 0000:00:04.0 --summary", "rd": "rd -p 0x1240000 4",
        "walk": "walk 0000:00:04.0 0x10000000", "dte": "dte 0000:00:04.0", "page": "page 0x1240000",
    }

    def commands(self):
        return [name for row in self.data("help") for name in row["commands"] or ()]

    def test_session(self):
        commands = self.commands()
        self.assertLessEqual(set(self.OPERANDS), set(commands))
        lines = []
        for name in commands:
            line = self.OPERANDS.get(name, name).format(scratch=scratch())
            lines += [line, f"{line} --json", f"{line} -o help", f"{line} --frobnicate",
                      f"help {name}"]
        lines += ["set", f"open {OTHER}", *lines, "open /nonexistent", "repeat 2 domids",
                  "devices | true", "json on", "summary --log"]
        result = run("-c", FIXTURE, stdin="\n".join(lines))
        self.assertEqual(re.findall(r"Sanitizer|runtime error", result.err), [])
        self.assertIn("standard input:4: ", result.err)
        for number, line in enumerate(lines, 1):  # a command that is known is never taken for none
            self.assertNotIn(f"standard input:{number}: no command", result.err, line)
