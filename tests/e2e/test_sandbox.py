# SPDX-License-Identifier: GPL-2.0-or-later
"""The process that parses a stranger's bytes: what it may do, what it does, and its death. What it is refused
when it tries is in tests/unit/test_sandbox.c."""

import ctypes
import errno
import json
import os
import re
import signal
import subprocess
import time
import unittest.mock
from pathlib import Path

from support import (ANSWERED, ROOT, TARGET, TIMEOUT, TestCase, command_names, environment, for_each,
                     program, run, scratch, wanted)
from terminal import Terminal
from test_writing import WORDS

FIXTURE = ROOT / "tests/fixtures/6.12-after.elf"
CORPUS = ROOT / "tests/fuzz/corpus"
PATIENCE = 30  # seconds until a worker is there
ENDLESS = ["repeat", "1000000", "domids"]
LANDLOCK_VERSION = 444, 0, 0, 1  # landlock_create_ruleset(NULL, 0, LANDLOCK_CREATE_RULESET_VERSION)


def is_sanitized():
    return b"__asan_init" in Path(program()).read_bytes()


def kernel_has():
    """What a process here can give up its rights by, told by the kernel and not by the program."""
    has = []
    if ctypes.CDLL(None).syscall(*LANDLOCK_VERSION) > 0:
        has.append("landlock")
    if "Seccomp:" in Path("/proc/self/status").read_text():
        has.append("seccomp")
    return has


def sandbox(*options, **settings):
    done = subprocess.run([program(), *options, "--json", "-c", FIXTURE, "info"], env=environment(),
                          capture_output=True, text=True, timeout=TIMEOUT, check=False, **settings)
    if done.returncode != ANSWERED:
        raise AssertionError(done.stderr)
    return json.loads(done.stdout)["data"][0]["sandbox"]


class Apart(TestCase):
    """Those that look at the sandbox itself."""

    def setUp(self):
        if is_sanitized():
            self.skipTest("a program with sanitizers has no sandbox: they open files and fork themselves")


class Worker(subprocess.Popen):
    """A program at work for ever, and the process of it that reads."""

    def __init__(self, *words):
        super().__init__([program(), "-q", "-c", FIXTURE, *words], env=environment(), stdin=subprocess.DEVNULL,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                         pipesize=4096)  # so that few answers end before they are read
        self.stdout.read(1)  # it answers
        self.worker = only_child(self.pid)

    def __exit__(self, *arguments):
        self.kill()
        super().__exit__(*arguments)


def only_child(pid):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        if len(found) == 1:
            return int(found[0])
        if " Z " in Path(f"/proc/{pid}/stat").read_text():
            raise ProcessLookupError(f"process {pid} has ended")
        time.sleep(0.01)
    raise AssertionError(f"children: {found}")


class Info(Apart):
    def test_says_which(self):
        self.assertEqual(sandbox(), ", ".join(kernel_has()) or "off")
        self.assertIn("Sandbox:          " + sandbox(), run("-c", FIXTURE, "info").out)

    def test_without(self):
        self.assertEqual(sandbox("--no-sandbox"), "off (--no-sandbox)")
        for command in ("devices", "check"):
            with_it, without = (run(*options, "-c", FIXTURE, command)
                                for options in ([], ["--no-sandbox"]))
            self.assertEqual((with_it.status, with_it.out, with_it.err),
                             (without.status, without.out, without.err))

    def test_processes(self):
        """Without it there is one."""
        with Worker("--no-sandbox", "-e", "info", "-e", "! read line < /dev/zero") as process:
            end = time.monotonic() + PATIENCE
            while Path(f"/proc/{process.worker}/comm").read_text() != "sh\n":  # it begins as a copy of us
                self.assertLess(time.monotonic(), end)
            os.kill(process.worker, signal.SIGKILL)


class State(Apart):
    """What the kernel says of the worker."""

    def test_status(self):
        with Worker(*ENDLESS) as process:
            lines = Path(f"/proc/{process.worker}/status").read_text()
            self.assertIn("NoNewPrivs:\t1", lines)
            if "seccomp" in kernel_has():
                self.assertIn("Seccomp:\t2", lines)
            limits = Path(f"/proc/{process.worker}/limits").read_text()
            self.assertRegex(limits, r"Max core file size +0 +0 ")

    def test_descriptors(self):
        """Standard streams, its channel, and the dump, to read."""
        if os.geteuid():
            self.skipTest("none but root may look into a process that holds a dump")
        with Worker(*ENDLESS) as process:
            found = {}
            for fd in Path(f"/proc/{process.worker}/fd").iterdir():
                info = Path(f"/proc/{process.worker}/fdinfo/{fd.name}").read_text()
                flags = int(re.search(r"flags:\s+(\d+)", info).group(1), 8)
                found.setdefault(os.readlink(fd), []).append(flags & os.O_ACCMODE)
            self.assertEqual(found.pop(str(FIXTURE)), [os.O_RDONLY])
            self.assertEqual(len([name for name in found if name.startswith("socket:")]), 1, found)
            self.assertEqual([name for name in found
                              if not name.startswith(("socket:", "pipe:", "/dev/null"))], [])

    def test_ends_with_the_program(self):
        with Worker(*ENDLESS) as process:
            process.kill()
            process.wait()
            end = time.monotonic() + PATIENCE
            while time.monotonic() < end and Path(f"/proc/{process.worker}/status").exists():
                if "State:\tZ" in Path(f"/proc/{process.worker}/status").read_text():
                    break  # of a parent that does not wait
                time.sleep(0.01)
            else:
                self.assertFalse(Path(f"/proc/{process.worker}").exists())


CALL = re.compile(r"^(\d+) +(\w+)\((.*)", re.MULTILINE)
# What the worker calls once it has given up its rights, at most.
HARMLESS = {
    "read", "pread64", "write", "pwrite64", "lseek", "fstat", "newfstatat", "close", "fcntl", "ioctl",
    "getdents64", "fsync", "ftruncate", "sendmsg", "recvmsg", "poll", "mmap", "munmap", "mremap", "brk",
    "mprotect", "madvise", "rt_sigaction", "rt_sigprocmask", "getrusage", "sysinfo", "getpid", "gettid",
    "geteuid", "capget", "futex", "getrandom", "clock_gettime", "clock_nanosleep", "exit_group",
    "readv", "writev", "dup",
}
COMMANDS = {name: [name, *WORDS.get(name, [])] for name in command_names()}
FORMS = {
    "kdump": ["-c", CORPUS / "kdump/whole", "info"],
    "ELF": ["-c", CORPUS / "elf/core", "info"],
    "flattened": ["-c", CORPUS / "flattened/a", "info"],
    "vmlinux": ["-s", CORPUS / "vmlinux/dwarf5", "-c", CORPUS / "elf/core", "info"],
    "an export": ["-c", FIXTURE, "kernel", "--export", "EXPORT"],
    "the running kernel": ["info"],
    "two lines": ["-c", FIXTURE, "-e", "info", "-e", f"open {ROOT / 'tests/fixtures/7.2-after.elf'}",
                  "-e", "devices | cat"],
}


def behind_the_filter(processes):
    """Of {pid: [(call, the rest of its line)]} what was called by those that have set the filter, once they had."""
    found = []
    for calls in processes.values():
        filters = [i for i, (call, rest) in enumerate(calls)
                   if call == "seccomp" and "SET_MODE_FILTER, 0" in rest and rest.endswith("= 0")]
        if filters:
            found += calls[filters[-1] + 1:]
    return found


class Calls(Apart):
    """Traced: what the worker does, from the moment on at which it gives up its rights."""

    def setUp(self):
        super().setUp()
        wanted(self, "strace")
        if "seccomp" not in kernel_has():
            self.skipTest("this kernel has no seccomp")

    def traced(self, *words):
        """{pid: [(call, the rest of its line)]} of all processes."""
        log = scratch() / "calls"
        done = subprocess.run(["strace", "-f", "-qq", "-o", log, program(), *map(str, words)],
                              env=environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              errors="replace", timeout=TIMEOUT, check=False)
        self.assertIn(done.returncode, (0, 1, 2, 3), done.stderr)
        processes = {}
        for pid, call, rest in CALL.findall(log.read_text(errors="replace")):
            processes.setdefault(pid, []).append((call, rest))
        return processes

    def behind(self, *words):
        """The calls of all workers, once they are behind the filter."""
        found = behind_the_filter(self.traced(*words))
        self.assertTrue(found, f"{words}: no filter was set")
        return found

    def assert_harmless(self, calls):
        self.assertEqual({call for call, _ in calls} - HARMLESS, set())
        refused = [(call, rest) for call, rest in calls if "EPERM" in rest or "EACCES" in rest]
        self.assertEqual(refused, [], "the filter is too narrow")

    @for_each(COMMANDS)
    def test_command(self, name):
        words = COMMANDS[name] + ([scratch() / "traced.elf"] if name == "capture" else [])
        self.assert_harmless(self.behind("-c", FIXTURE, *words))

    @for_each(FORMS)
    def test_form(self, name):
        words = [scratch() / "traced.export" if word == "EXPORT" else word for word in FORMS[name]]
        self.assert_harmless(self.behind(*words))

    def test_kcore_is_opened_to_read(self):
        opened = [rest for calls in self.traced("info").values() for call, rest in calls
                  if call == "openat" and '"/proc/kcore"' in rest]
        self.assertTrue(opened)
        for rest in opened:
            self.assertRegex(rest, r'"/proc/kcore", (O_RDONLY|O_NOCTTY|O_NONBLOCK|O_CLOEXEC|\|)+(\)| <unf)')


class OneDoor(TestCase):
    """By construction: one function opens what is read, and it can't do more than read."""

    def test_who_opens(self):
        opens = re.compile(r"(?<![\w.>])(?:open|openat|fopen|freopen|creat|opendir|mkstemp|mkostemp|rename|unlink|mkdir"
                           r"|truncate|shm_open|popen|system|fork|execl|execv|execve|execvp|socket)\(")
        found = {path.relative_to(ROOT / "src").as_posix() for path in (ROOT / "src").rglob("*.c")
                 for line in re.sub(r"/\*.*?\*/|\"(?:[^\"\\]|\\.)*\"", "", path.read_text(),
                                    flags=re.DOTALL).splitlines() if opens.search(line)}
        self.assertEqual({name for name in found if not name.startswith("app/")}, {"base/file.c"})
        door = (ROOT / "src/base/file.c").read_text()
        self.assertEqual(re.findall(r"\bopen\([^;]*;", door),
                         ["open(path, O_RDONLY | O_CLOEXEC | (flags & FILE_OPEN_FLAGS));",
                          "open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);"])


class Death(TestCase):
    def setUp(self):
        """The sanitizers take these signals for their own otherwise, and LeakSanitizer's process is a child too,
        which has its parent stopped."""
        options = [os.environ.get("ASAN_OPTIONS"), "detect_leaks=0:handle_segv=0:handle_sigbus=0:handle_sigfpe=0"]
        changed = unittest.mock.patch.dict(os.environ, ASAN_OPTIONS=":".join(filter(None, options)))
        changed.start()
        self.addCleanup(changed.stop)

    @for_each([signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT, signal.SIGILL, signal.SIGFPE, signal.SIGSYS,
               signal.SIGKILL, signal.SIGXCPU], name=lambda number: number.name)
    def test_one_line(self, number):
        for words in (ENDLESS, ["repeat", "1000000", "check"], [*ENDLESS, "--json"]):
            with Worker(*words) as process:
                os.kill(process.worker, number)
                err = process.communicate(timeout=TIMEOUT)[1]
            self.assertEqual(process.returncode, TARGET)
            self.assertRegex(err, r"\Aiommuscope: repeat: no answer: the process that reads "
                                  rf"'6\.12-after\.elf' died of signal {int(number)} \([^\n]+\n\Z")
            self.assertNotIn("no-sandbox", err)

    def test_json_is_not_whole(self):
        """Half an answer does not look like one."""
        with Worker("map", "--json", "0000:00:05.0", "--leaves") as process:
            os.kill(process.worker, signal.SIGSTOP)
            os.kill(process.worker, signal.SIGSEGV)
            os.kill(process.worker, signal.SIGCONT)
            out = process.communicate(timeout=TIMEOUT)[0]
            self.assertEqual(process.returncode, TARGET)
        with self.assertRaises(ValueError):
            json.loads("{" + out)

    def test_script_goes_on(self):
        """The command behind the one that found it dead opens the dump anew."""
        kill = "for p in $(cat /proc/$PPID/task/$PPID/children); do [ $p = $$ ] || kill -SEGV $p; done"
        lines = ["domids -o allocator", f"! {kill}", "domids -o free", "groups -o group | cat"]
        done = subprocess.run([program(), "-q", "-c", FIXTURE, *(word for line in lines for word in ("-e", line))],
                              env=environment(), capture_output=True, text=True, timeout=TIMEOUT, check=False)
        self.assertRegex(done.stderr, r"\Aiommuscope: domids: no answer: [^\n]+ died of signal 11 [^\n]+\n\Z")
        self.assertRegex(done.stdout, r"\AALLOCATOR\nbitmap\n *GROUP\n( *\d+\n)+\Z")
        self.assertEqual(done.returncode, TARGET)

    def test_prompt_goes_on(self):
        with Terminal("-q", "-c", FIXTURE, XDG_STATE_HOME=str(scratch() / "state-death")) as terminal:
            terminal.prompt()
            terminal.ask("domids")
            os.kill(only_child(terminal.process.pid), signal.SIGSEGV)
            answer = terminal.ask("domids")
            self.assertIn("domids: no answer: the process that reads '6.12-after.elf' died of signal 11", answer)
            self.assertIn("bitmap", terminal.ask("domids"))
            self.assertIn("bitmap", terminal.ask("repeat 2 domids | cat"))
            self.assertEqual(terminal.leave(), ANSWERED)

    def test_no_half_file(self):
        """A capture's temporary file goes with the process that wrote it. Under its own name it is whole, though the
        process may still die before it has said so."""
        folder, whole = scratch() / "dead-capture", scratch() / "whole-capture"
        self.assertEqual(run("-c", FIXTURE, "capture", whole).status, ANSWERED)
        folder.mkdir()
        died = 0
        for moment in range(12):
            process = subprocess.Popen([program(), "-c", FIXTURE, "capture", folder / "file"], env=environment(),
                                       stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            time.sleep(0.02 * moment)
            try:
                os.kill(only_child(process.pid), signal.SIGSEGV)
            except ProcessLookupError:
                pass  # it was done before
            process.communicate(timeout=TIMEOUT)
            died += process.returncode == TARGET
            left = {path.name: path.read_bytes() for path in folder.iterdir()}
            if left or process.returncode == ANSWERED:
                self.assertEqual(left, {"file": whole.read_bytes()}, process.returncode)
            (folder / "file").unlink(missing_ok=True)
        self.assertTrue(died)


# libseccomp's numbers, for the filter around a whole run that takes calls away.
ALLOW, REFUSE = 0x7fff0000, 0x00050000
FALLBACKS = {
    "no landlock": ({"landlock_create_ruleset": errno.ENOSYS}, "seccomp"),
    "a container without landlock": ({"landlock_create_ruleset": errno.EPERM,
                                      "landlock_restrict_self": errno.EPERM}, "seccomp"),
    "no seccomp": ({"seccomp": errno.EPERM, "prctl": errno.EPERM}, None),
    "neither": ({"landlock_create_ruleset": errno.ENOSYS, "seccomp": errno.ENOSYS, "prctl": errno.EPERM}, None),
}


def take_away(calls):
    """In the child, before it becomes the program. Only prctl() that sets a filter is refused."""
    library = ctypes.CDLL("libseccomp.so.2")
    library.seccomp_init.restype = ctypes.c_void_p

    class Argument(ctypes.Structure):
        _fields_ = [("arg", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64),
                    ("b", ctypes.c_uint64)]

    library.seccomp_rule_add_array.argtypes = [ctypes.c_void_p, ctypes.c_uint32, ctypes.c_int, ctypes.c_uint,
                                               ctypes.POINTER(Argument)]
    context = ctypes.c_void_p(library.seccomp_init(ALLOW))
    for name, number in calls.items():
        call = library.seccomp_syscall_resolve_name(name.encode())
        only = (Argument * 1)(Argument(0, 4, 22, 0))  # SCMP_CMP_EQ, PR_SET_SECCOMP
        n = 1 if name == "prctl" else 0
        if library.seccomp_rule_add_array(context, REFUSE | number, call, n, only):
            raise OSError(name)
    if library.seccomp_load(context):
        raise OSError("seccomp_load")


class Fallback(Apart):
    """Kernels and containers that lack one or both."""

    @for_each(FALLBACKS)
    def test_one(self, name):
        if kernel_has() != ["landlock", "seccomp"]:
            self.skipTest("this kernel lacks one itself")
        calls, expected = FALLBACKS[name]
        found = sandbox(preexec_fn=lambda: take_away(calls))
        if expected:
            self.assertEqual(found, expected)
        elif "landlock_create_ruleset" in calls:
            self.assertRegex(found, r"^off \(landlock: Function not implemented; seccomp: .+\)$")
        else:
            self.assertEqual(found, "landlock")
        done = subprocess.run([program(), "-q", "-c", FIXTURE, "devices"], env=environment(), capture_output=True,
                              text=True, timeout=TIMEOUT, check=False, preexec_fn=lambda: take_away(calls))
        self.assertEqual((done.returncode, done.stdout, done.stderr),
                         (ANSWERED, run("-c", FIXTURE, "devices").out, ""))

    def test_close_range(self):
        """Before Linux 5.9, or refused by a filter: the processes end all the same, also those of the targets
        before."""
        other = ROOT / "tests/fixtures/6.12-before.elf"
        lines = ("iommus -o name", f"open {other}", "iommus -o name")
        done = subprocess.run([program(), "-q", "-c", FIXTURE, *(word for line in lines for word in ("-e", line))],
                              env=environment(), capture_output=True, text=True, timeout=TIMEOUT, check=False,
                              preexec_fn=lambda: take_away({"close_range": errno.ENOSYS}))
        self.assertEqual((done.returncode, done.stdout.count("ivhd0"), done.stderr), (ANSWERED, 2, ""))

    def test_no_process(self):
        """One that can't have another process says so and parses nothing."""
        done = subprocess.run([program(), "-c", FIXTURE, "devices"], env=environment(), capture_output=True,
                              text=True, timeout=TIMEOUT, check=False,
                              preexec_fn=lambda: take_away({"clone": errno.EAGAIN, "fork": errno.EAGAIN}))
        self.assertEqual((done.returncode, done.stdout), (TARGET, ""))
        self.assertRegex(done.stderr, r"\Aiommuscope: [^\n]*can't start the process that reads dumps: [^\n]+\n\Z")
