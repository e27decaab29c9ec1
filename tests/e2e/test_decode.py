# SPDX-License-Identifier: GPL-2.0-or-later
"""Words that were read off real machines in the lab, and what they are known to mean."""

from support import USAGE, TestCase, number

# A device given to a VM: its entry on a machine with a 3-level table and 256 interrupts.
IN_A_VM = ("0x6000000688294603", "0x79", "0x2000000819256011", "0")
# The same device under iommu=pt.
PASSED_THROUGH = ("0x6000000000000003", "0x66", "0x2000000819256011", "0")


class DeviceTableEntry(TestCase):
    def entry(self, words):
        (entry,) = self.data("decode", "dte", *words)
        return entry

    def test_translated(self):
        entry = self.entry(IN_A_VM)
        expected = {"v": True, "tv": True, "mode": 3, "pt_root": "0x688294000", "ir": True,
                    "iw": True, "domain_id": "0x79", "iv": True, "int_tab_len": 8,
                    "irt_root": "0x819256000", "int_ctl": 2, "gv": False, "had": 0}
        self.assertEqual({key: entry[key] for key in expected}, expected)
        self.assertEqual([number(word) for word in entry["raw"]],
                         [number(word) if word != "0" else 0 for word in IN_A_VM])

    def test_translated_in_words(self):
        verdict = self.entry(IN_A_VM)["verdict"]
        for words in ("3 levels", "0x688294000", "reads and writes allowed", "remapped",
                      "256 entries", "0x819256000"):
            self.assertIn(words, verdict)

    def test_translated_as_text(self):
        text = self.text("decode", "dte", *IN_A_VM)
        for pattern in (r"\bv +1\b", r"\btv +1\b", r"\bmode +3\b.*3-level",
                        r"\bpt_root +0x688294000\b", r"\bir +1\b", r"\biw +1\b",
                        r"\bdomain_id +0x79\b", r"\biv +1\b", r"\bint_tab_len +8\b.*256 entries",
                        r"\birt_root +0x819256000\b", r"\bint_ctl +2\b.*remapped"):
            self.assertRegex(text, pattern)

    def test_passed_through(self):
        entry = self.entry(PASSED_THROUGH)
        self.assertEqual((entry["v"], entry["tv"], entry["mode"], entry["domain_id"]),
                         (True, True, 0, "0x66"))
        self.assertRegex(entry["verdict"], r"pass(es|ed) through")
        self.assertRegex(self.text("decode", "dte", *PASSED_THROUGH), r"pass(es|ed) through")

    def test_blocked_is_not_passed_through(self):
        """V and TV without IR and IW: the reverse of the above, one nibble away from it."""
        verdict = self.entry(("0x3", "0", "0", "0"))["verdict"]
        self.assertIn("blocked", verdict)
        self.assertNotRegex(verdict, r"pass(es|ed) through")

    def test_too_many_words(self):
        self.refused(USAGE, "decode", "dte", "1", "2", "3", "4", "5", got="5 words")


class DomainIds(TestCase):
    def test_full_machine(self):
        (ids,) = self.data("decode", "domids", "0xffffffffffffffff", "0x01ffffffffffffff")
        self.assertEqual((ids["set"], ids["domains"], ids["reserved"], number(ids["highest"])),
                         (121, 120, True, 120))
        self.assertIn("121 bits set: 120 domains and the reserved 0", ids["verdict"])
        self.assertIn("121 bits set: 120 domains and the reserved 0",
                      self.text("decode", "domids", "0xffffffffffffffff", "0x01ffffffffffffff"))

    def test_a_hole(self):
        (ids,) = self.data("decode", "domids", "0xb")
        self.assertEqual((ids["set"], ids["domains"]), (3, 2))


class Help(TestCase):
    def test_columns_of_structures_are_told_once(self):
        text = self.text("help", "decode")
        for told in (" decode:\n", " decode-domids:\n", "\n  fields "):
            self.assertEqual(text.count(told), 1, told)
        self.assertNotIn(" dte:\n", text)
