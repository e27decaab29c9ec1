# SPDX-License-Identifier: GPL-2.0-or-later
"""Running iommuscope from a test, and what every test asks of an answer."""

import dataclasses
import json
import os
import shlex
import shutil
import subprocess
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
TIMEOUT = 300  # seconds; no command comes near, under sanitizers neither

ANSWERED, PARTLY, USAGE, TARGET = 0, 1, 2, 3  # exit status


def program():
    """The program under test; tests/run says where it is."""
    return os.environ["IOMMUSCOPE"]


def scratch():
    """A directory for this test run's own files; it is removed afterwards."""
    return Path(os.environ["IOMMUSCOPE_TEST_SCRATCH"])


@dataclasses.dataclass(frozen=True)
class Result:
    command: str
    status: int
    out: str
    err: str

    def __str__(self):
        return (f"$ {shorten(self.command)}\nexit status {self.status}\n"
                f"stdout: {shorten(self.out) or '(nothing)'}\n"
                f"stderr: {shorten(self.err) or '(nothing)'}")


def shorten(text, limit=1500):
    text = text.rstrip("\n")
    return text if len(text) <= limit else f"{text[:limit]} ... ({len(text)} characters)"


def environment(**changes):
    """The layout cache is the test run's own, so that an old one changes nothing."""
    return {**os.environ, "XDG_CACHE_HOME": str(scratch() / "cache"), "LC_ALL": "C.UTF-8",
            **changes}


def run(*arguments, stdin=""):
    """Run iommuscope. Crashes and sanitizers' reports fail the test whatever it expects."""
    command = [program(), *(str(word) for word in arguments)]
    done = subprocess.run(command, input=stdin, env=environment(), capture_output=True, text=True,
                          errors="surrogateescape", timeout=TIMEOUT, check=False)
    result = Result(shlex.join(command), done.returncode, done.stdout, done.stderr)
    if result.status not in (ANSWERED, PARTLY, USAGE, TARGET) or "Sanitizer" in result.err \
            or "runtime error:" in result.err:
        raise AssertionError(f"it crashed\n{result}")
    return result


def command_names():
    """Every command, as `help` lists them."""
    return [name for topic in json.loads(run("help", "--json").out)["data"]
            for name in topic["commands"]]


def wanted(test, *programs):
    """Tools of a test. CI has them all."""
    missing = [program for program in programs if not shutil.which(program)]
    if missing and os.environ.get("CI"):
        test.fail(f"not installed: {' '.join(missing)}")
    if missing:
        test.skipTest(f"not installed: {' '.join(missing)}")


def number(text):
    """A number as JSON has it: counts are numbers, the conventionally hexadecimal are strings."""
    return int(text, 16) if isinstance(text, str) else text


def for_each(cases, name=str):
    """Decorator: one test method per case, named after it, so that each counts by itself."""
    cases = list(cases)
    assert cases, "a test over nothing tests nothing"

    def mark(function):
        function.cases = [(name(case), case) for case in cases]
        return function
    return mark


class TestCase(unittest.TestCase):
    maxDiff = 4000

    def __init_subclass__(cls, **words):
        super().__init_subclass__(**words)
        for key, function in list(vars(cls).items()):
            if hasattr(function, "cases"):
                delattr(cls, key)
                for name, case in function.cases:
                    cls.add_case(key, name, function, case)

    @classmethod
    def add_case(cls, key, name, function, case):
        def method(self):
            function(self, case)
        full_name = f"{key}[{name}]"
        assert not hasattr(cls, full_name), f"{full_name} twice"
        method.__doc__ = function.__doc__
        setattr(cls, full_name, method)

    def answer(self, *arguments, status=ANSWERED):
        """The parsed JSON answer."""
        result = run("--json", *arguments)
        self.assertEqual(result.status, status, result)
        try:
            answer = json.loads(result.out)
        except ValueError as error:
            self.fail(f"no JSON: {error}\n{result}")
        self.assertEqual(answer["schema"], "iommuscope/1")
        if status == ANSWERED:
            self.assertEqual(answer["problems"], [], result)
        return answer

    def data(self, *arguments, status=ANSWERED):
        return self.answer(*arguments, status=status)["data"]

    def text(self, *arguments, status=ANSWERED):
        result = run(*arguments)
        self.assertEqual(result.status, status, result)
        return result.out

    def refused(self, status, *arguments, **needles):
        """It must say why it has no answer: one line, nothing on standard output. The line has
        to contain the values of all the needles."""
        result = run(*arguments)
        self.assertEqual(result.status, status, result)
        self.assertEqual(result.out, "", result)
        self.assertRegex(result.err, r"\Aiommuscope: [^\n]+\n\Z", result)
        self.assertNotRegex(result.err, r"[\x00-\x09\x0b-\x1f\x7f]", result)
        for needle in needles.values():
            self.assertIn(str(needle), result.err, result)
        return result.err
