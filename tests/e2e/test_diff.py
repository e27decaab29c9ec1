# SPDX-License-Identifier: GPL-2.0-or-later
"""`diff` of the bundled captures, against what the other commands say of each of the two."""

import json

import support

FIXTURES = support.ROOT / "tests" / "fixtures"
SERIES = sorted({path.stem.split("-")[0] for path in FIXTURES.glob("*-before.elf")})
DEVICE_KEYS = ("vendor", "device", "class", "driver", "domain_id", "domain_type", "dma", "paging_mode",
               "pt_root", "pt_format", "int_remap", "iommu", "entry_writer")
# Of two boots, these differ without a meaning.
ALLOCATED = {"domain_id", "pt_root"}


def fixture(name):
    return FIXTURES / f"{name}.elf"


def ask(core, *words):
    result = support.run("-c", core, "--no-symbols", "--no-cache", "--json", *words)
    if result.status != support.ANSWERED:
        raise AssertionError(str(result))
    return json.loads(result.out)["data"]


def devices(core):
    return {row["bdf"]: row for row in ask(core, "devices")}


def as_text(value):
    return {None: None, True: "yes", False: "no"}.get(value, str(value)) if not isinstance(value, int) \
        or isinstance(value, bool) else str(value)


def pages(core, bdf):
    """IOVA of each 4 KB page -> what it leads to."""
    result = support.run("-c", core, "--no-symbols", "--no-cache", "--json-lines", "map", bdf, "--leaves")
    found = {}
    for line in result.out.splitlines():
        leaf = json.loads(line)
        if "iova" not in leaf:
            continue
        iova, pa = int(leaf["iova"], 16), int(leaf["pa"], 16)
        for offset in range(0, leaf["size"], 4096):
            found[iova + offset] = (pa + offset, leaf["read"], leaf["write"])
    return found


class OneBoot(support.TestCase):
    """Before and after the network card was given to VFIO: addresses and IDs count."""

    @support.for_each(SERIES)
    def test_devices(self, series):
        before, after = fixture(f"{series}-before"), fixture(f"{series}-after")
        rows = ask(before, "diff", after, "--no-maps")
        said = {(row["object"], row["what"]): (row["before"], row["after"]) for row in rows
                if row["what"] in DEVICE_KEYS and row["object"].count(":") == 2}
        old, new = devices(before), devices(after)
        self.assertEqual(old.keys(), new.keys())
        true = {(bdf, key): (as_text(old[bdf][key]), as_text(new[bdf][key]))
                for bdf in old for key in DEVICE_KEYS if old[bdf][key] != new[bdf][key]}
        self.assertEqual(said, true)
        self.assertTrue(true)

    @support.for_each(SERIES)
    def test_entries(self, series):
        before, after = fixture(f"{series}-before"), fixture(f"{series}-after")
        rows = ask(before, "diff", after, "--no-maps")
        said = {(row["object"], row["what"][4:]) for row in rows if row["what"].startswith("dte.")}
        old, new = ({row["bdf"]: row for row in ask(core, "dte", "--all")} for core in (before, after))
        true = {(bdf, key) for bdf in devices(before) for key in old[bdf]
                if old[bdf][key] != new[bdf][key] and key not in ("raw", "meaning") and not key.startswith("driver_")}
        self.assertEqual(said, true)
        self.assertTrue(said)

    @support.for_each(SERIES)
    def test_mappings(self, series):
        before, after, bdf = fixture(f"{series}-before"), fixture(f"{series}-after"), "0000:00:04.0"
        old, new = pages(before, bdf), pages(after, bdf)
        true = {iova for iova in old.keys() | new.keys() if old.get(iova) != new.get(iova)}
        said = set()
        for row in ask(before, "diff", after):
            if row["object"] == bdf and row["what"] == "mapping":
                first = int(row["iova"], 16)
                said.update(range(first, first + row["size"], 4096))
                self.assertEqual(row["change"], "added" if first not in old else
                                 "removed" if first not in new else "changed")
        self.assertEqual(said, true)
        self.assertTrue(true)

    @support.for_each(sorted(path.stem for path in FIXTURES.glob("*.elf")))
    def test_nothing_differs_from_itself(self, name):
        self.assertEqual(ask(fixture(name), "diff", "-c", fixture(name)), [])


class OtherBoots(support.TestCase):
    def test_addresses_say_nothing(self):
        for one, other in (("5.10-before", "6.1-before"), ("6.12-after", "7.2-after")):
            rows = ask(fixture(one), "diff", fixture(other))
            self.assertTrue(any(row["what"] == "release" for row in rows))
            self.assertEqual([row for row in rows if row["what"] in ALLOCATED
                              or row["what"].removeprefix("dte.") in ALLOCATED
                              or (row["before"] or "").startswith("0x0000")], [])

    def test_two_devices(self):
        rows = ask(fixture("7.2-after"), "diff", "00:05.0", "00:06.0")
        said = {row["what"]: (row["before"], row["after"]) for row in rows}
        both = devices(fixture("7.2-after"))
        self.assertEqual(said["driver"], (both["0000:00:05.0"]["driver"], both["0000:00:06.0"]["driver"]))
        self.assertFalse(said.keys() & ALLOCATED)
        self.assertTrue(all(row["object"] == "0000:00:05.0" for row in rows))


class Mistakes(support.TestCase):
    def test_usage(self):
        one = fixture("7.2-after")
        for words in (["diff"], ["diff", one, one, one], ["diff", "-c", one, one],
                      ["diff", "00:05.0", "00:1f.7"]):
            result = support.run("-c", one, "--no-symbols", "--no-cache", *words)
            self.assertEqual((result.status, result.out), (support.USAGE, ""), str(result))

    def test_no_such_file(self):
        result = support.run("-c", fixture("7.2-after"), "--no-symbols", "--no-cache", "diff", "/no/such")
        self.assertIn(result.status, (support.PARTLY, support.TARGET), str(result))
        self.assertIn("/no/such", result.err)
