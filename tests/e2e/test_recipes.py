# SPDX-License-Identifier: GPL-2.0-or-later
"""Every block of docs/bundles.md, run as it stands: on one machine, for which a wrapper that answers from a
capture stands, and on a fleet of a thousand captures. And those of the README that set up kdump."""

import json
import os
import re
import subprocess
from collections import Counter

import support
from checks import CASES, Machine
from test_bundles import FIXTURES, HOOK, data_of, opened, stand_in

DOCUMENT = support.ROOT / "docs" / "bundles.md"
FIXTURE = FIXTURES / "7.2-after.elf"
FAULT = "dte-valid"  # a critical one
FLEET, LAME, SPOILT = 1000, 3, 20  # captures; of these no captures at all; and with a fault
FLEET_SECONDS = 1200  # under sanitizers on a small machine


def blocks():
    """(heading, language) -> the blocks under it, in order."""
    found, heading = {}, None
    for line in re.finditer(r"(?m)^## (.+)$|^```(\w+)\n((?:.*\n)*?)```$", DOCUMENT.read_text()):
        if line[1]:
            heading = line[1]
        else:
            found.setdefault((heading, line[2]), []).append(line[3])
    return found


BLOCKS = blocks()


class Recipe(support.TestCase):
    def setUp(self):
        self.place = support.scratch() / self.id().rsplit(".", 1)[-1]
        self.place.mkdir()
        (self.place / "bin").mkdir()
        self.machine(FIXTURE)

    def machine(self, capture, *options):
        stand_in(self.place / "bin" / "iommuscope", "-c", capture, "--no-symbols", *options)

    def block(self, heading, language, index=0, **paths):
        """Its text, with the places of a machine replaced by the test's own."""
        text = BLOCKS[heading, language][index]
        for place in paths.values():
            self.assertIn(place, text)
            text = text.replace(place, f"{self.place}/{place.strip('/').replace('/', '-')}")
        return text

    def shell(self, text, status=0, seconds=support.TIMEOUT):
        path = f"{self.place}/bin:{os.environ['PATH']}"
        done = subprocess.run(["bash", "-c", text], cwd=self.place, check=False,
                              env=support.environment(PATH=path), capture_output=True, text=True,
                              timeout=seconds)
        self.assertEqual(done.returncode, status, f"{text}\n{done.stdout}\n{done.stderr}")
        return done.stdout

    def spoilt(self):
        """A capture in which a check finds something."""
        machine = Machine(CASES[FAULT].fixture)
        CASES[FAULT].fault(machine)
        path = self.place / "spoilt.elf"
        machine.save(path)
        return path


class OneMachine(Recipe):
    def test_baseline(self):
        support.wanted(self, "jq")
        spoilt = self.spoilt()
        self.machine(spoilt)
        accepted = "/etc/iommuscope.accepted"
        text = BLOCKS[None, "sh"][0]
        self.shell(text.replace(accepted, str(self.place / "accepted")))
        keys = [f["key"] for row in data_of(spoilt, "check") for f in row["findings"]]
        self.assertTrue(keys)
        self.assertEqual((self.place / "accepted").read_text().split(), keys)
        self.assertNotIn("CRITICAL", opened("-c", spoilt, "check", "--baseline",
                                            self.place / "accepted").out)

    def test_cron(self):
        line = self.block("cron", "cron", baseline="/etc/iommuscope.accepted", out="/run/iommuscope.txt")
        *when, user, command = line.rstrip("\n").split(" ", 6)
        self.assertEqual((len(when), user), (5, "root"))
        self.assertNotIn("%", command)  # cron makes a line's end of it
        (self.place / "etc-iommuscope.accepted").write_text("# nothing\n")
        self.machine(self.spoilt())
        self.assertRegex(self.shell(command), r"(?m)^CRITICAL: ")
        well = f"--only {FAULT}"  # what the bundled captures can tell
        self.assertEqual(self.shell(command.replace(" check ", f" check {well} ")).count("CRITICAL"), 1)
        self.machine(FIXTURE)
        self.assertEqual(self.shell(command.replace(" check ", f" check {well} ")), "")

    def test_nrpe(self):
        text = self.block("Nagios, Icinga, Zabbix: NRPE", "ini", baseline="/etc/iommuscope.accepted")
        (self.place / "etc-iommuscope.accepted").write_text("")
        (command,) = re.findall(r"(?m)^command\[check_iommu\]=/usr/bin/sudo (.*)$", text)
        for capture, status, word in ((self.spoilt(), 2, "CRITICAL"), (FIXTURE, None, None)):
            self.machine(capture)
            itself = opened("-c", capture, "check")
            status = itself.status if status is None else status
            first = self.shell(command, status=status).splitlines()[0]
            self.assertEqual(first, itself.out.splitlines()[0])
            self.assertTrue(first.startswith(word or ("OK", "UNKNOWN")[status == 3]), first)
            self.assertNotIn("|", first)  # what follows it are figures, to Nagios

    def test_node_exporter(self):
        where = self.place / "var-lib-prometheus-node-exporter"
        where.mkdir()
        text = self.block("Prometheus: node_exporter's textfile collector", "sh",
                          directory="/var/lib/prometheus/node-exporter")
        self.shell(text)
        self.assertEqual(os.listdir(where), ["iommuscope.prom"])
        lines = (where / "iommuscope.prom").read_text().splitlines()
        names = {re.fullmatch(r'(\w+)(?:\{id="[^"]+",severity="\w+"\})? \d+', line)[1]
                 for line in lines if not line.startswith("#")}
        for rule in self.block("Prometheus: node_exporter's textfile collector", "promql").split("\n"):
            self.assertLessEqual(set(re.findall(r"iommuscope_\w+", rule)), names)
        (where / "iommuscope.prom").write_text("as before\n")
        self.machine("/nowhere")
        self.shell(text)
        self.assertEqual((where / "iommuscope.prom").read_text(), "as before\n")

    def test_ansible(self):
        support.wanted(self, "ansible-playbook")
        (self.place / "play.yml").write_text(self.block("Ansible", "yaml"))
        (self.place / "reports").mkdir()
        command = ("ansible-playbook -i localhost, -c local -e ansible_become=false "
                   f"-e ansible_python_interpreter=/usr/bin/python3 -e reports={self.place}/reports play.yml")
        for capture, status in ((FIXTURE, 0), (self.spoilt(), 2)):
            self.machine(capture)
            said = self.shell(command, status=status)
            kept = json.loads((self.place / "reports" / "localhost.json").read_text())["data"]
            self.assertEqual(kept, data_of(capture, "check"))
            for row in kept:
                if row["status"] == "critical":
                    self.assertIn(row["title"], said)

    def test_jq(self):
        support.wanted(self, "jq")
        check, devices = data_of(FIXTURE, "check"), data_of(FIXTURE, "devices")
        types = sorted(Counter(row["domain_type"] for row in devices).items(), key=lambda t: t[0] or "")
        gaps = {f"{gap['what']}: {gap['reason']}" for row in check for gap in row["unknown"]}
        expected = (
            [f"{row['status']} {row['id']}: {row['title']}" for row in check if row["status"] != "pass"],
            [row["bdf"] for row in devices if row["dma"] == "passthrough"],
            [f"{kind or 'null'} {count}" for kind, count in types],
            [row["bdf"] for row in devices if row["owner"] == "vfio-pci"],
            [f"{sum(row['table_bytes'] for row in data_of(FIXTURE, 'domains', '--usage')) // 1024}"],
            sorted(gaps),
        )
        lines = self.block("jq", "sh").splitlines()
        self.assertEqual(len(lines), len(expected))
        for line, wanted in zip(lines, expected):
            found = self.shell(line).splitlines()
            self.assertEqual(found, wanted, line)
        self.assertTrue(expected[1] and expected[3])


class Fleet(Recipe):
    def test_fleet(self):
        support.wanted(self, "parallel", "jq", "sqlite3")
        captures, outcomes = self.captures()
        sh = [self.block("A fleet", "sh", i) for i in range(len(BLOCKS["A fleet", "sh"]))]
        gather, ask, load, query = sh
        stand_in(self.place / "bin" / "iommuscope")
        self.shell(gather, seconds=FLEET_SECONDS)
        lines = [json.loads(line) for line in (self.place / "fleet.jsonl").read_text().splitlines()]
        self.assertEqual(len(lines), sum(len(outcome) for outcome in outcomes.values()))
        log = (self.place / "fleet.log").read_text().splitlines()[1:]
        self.assertEqual(len(log), FLEET)

        found = Counter(id for outcome in outcomes.values() for id, (_, n) in outcome.items() if n)
        lame = sorted(path for path in captures if path not in outcomes)
        counts, unread = ask.splitlines()
        self.assertEqual(sorted(self.shell(counts).split()),
                         sorted(word for id, n in found.items() for word in (str(n), id)))
        self.assertEqual(self.shell(unread).split(), lame)
        self.assertEqual(len(lame), LAME)

        self.shell(load)
        bad = {path: sum(status in ("warning", "critical") for status, _ in outcome.values())
               for path, outcome in outcomes.items()}
        worst = sorted(((-n, path) for path, n in bad.items() if n))[:10]
        unknown = Counter(id for outcome in outcomes.values() for id, (status, _) in outcome.items()
                          if status == "unknown")
        machines, objects, gaps = [self.shell(line).splitlines() for line in query.splitlines()]
        self.assertEqual(machines, [f"{path}|{-n}" for n, path in worst])
        self.assertEqual([line.split("|")[2] for line in objects], [str(SPOILT)] * len(objects))
        self.assertEqual({line.split("|")[0] for line in objects}, set(found))
        self.assertEqual(gaps, [f"{id}|{n}" for id, n in
                                sorted(unknown.items(), key=lambda item: (-item[1], item[0]))])

    def captures(self):
        """A thousand in `captures`: their paths, and what is to be told of those that can be read."""
        (self.place / "captures").mkdir()
        lame = self.place / "lame.elf"
        lame.write_bytes(b"no capture")
        kinds = {path: {row["id"]: (row["status"], len(row["findings"])) for row in data_of(path, "check")}
                 for path in (self.spoilt(), *sorted(FIXTURES.glob("*.elf")))}
        spoilt, *healthy = kinds
        sources = [lame] * LAME + [spoilt] * SPOILT
        sources += [healthy[i % len(healthy)] for i in range(FLEET - len(sources))]
        captures, outcomes = [], {}
        for number, source in enumerate(sources):
            path = f"captures/host{number:03}.elf"
            (self.place / path).write_bytes(source.read_bytes())
            captures.append(path)
            if source in kinds:
                outcomes[path] = kinds[source]
        return captures, outcomes


class ReadMe(Recipe):
    def test_kdump_settings(self):
        """What the README has for kdump's configuration is what the hook understands, word for word."""
        text = (support.ROOT / "README.md").read_text()
        (after,) = re.findall(r'(?m)^    KDUMP_SCRIPT="(\S+) after /usr/sbin/kdump-config"$', text)
        (post,) = re.findall(r"(?m)^    kdump_post (\S+)$", text)
        self.assertEqual({after, post}, {f"/usr/libexec/iommuscope/{HOOK.name}"})


class Whole(support.TestCase):
    def test_no_block_is_left_out(self):
        """Each block of the document stands in a test above. (Named to come last.)"""
        text = (support.ROOT / "tests" / "e2e" / "test_recipes.py").read_text()
        for heading, language in BLOCKS:
            name = f'"{heading}", "{language}"' if heading else f'None, "{language}"'
            self.assertIn(name, text)
        for (heading, language), found in BLOCKS.items():
            if heading != "A fleet":
                self.assertEqual(len(found), 1, heading)
