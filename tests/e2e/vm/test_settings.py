# SPDX-License-Identifier: GPL-2.0-or-later
"""The driver's own variables and what it remembers of each IOMMU, as drgn has them."""

import json
import re
import subprocess

from dumps import READABLE_BY_DRGN
from support import ROOT, TestCase, for_each, number

# Every variable that the program knows, by its source: also those that this kernel has not.
SOURCE = (ROOT / "src/amd/settings.c").read_text(encoding="utf-8")
KNOWN = re.findall(r"^\s*X\((amd_\w+),", SOURCE, re.MULTILINE)
COLUMNS = {"is_iommu_v2": "guest_tables", "irtcachedis_enabled": "irt_cache_disabled",
           "max_banks": "counter_banks", "max_counters": "counters"}


class Settings(TestCase):
    @for_each(READABLE_BY_DRGN)
    def test_as_drgn(self, dump):
        dump.require(self)
        script = ROOT / "tests/e2e/vm/drgn_settings.py"
        done = subprocess.run([ROOT / "tests/vm/drgn-run", script, dump.path, dump.vmlinux, *KNOWN],
                              capture_output=True, check=True, timeout=300)
        expected = json.loads(done.stdout)
        self.assertGreater(len(expected["settings"]), 10)
        rows = self.data(*dump.options, "iommus", "--driver")
        self.assertEqual({row["symbol"]: number(row["value"]) for row in rows},
                         expected["settings"])
        for row in rows:
            if row["says"] in ("on", "off"):
                self.assertEqual(number(row["value"]), row["says"] == "on", row)
            if row["symbol"] == "amd_iommu_pgtable":
                formats = {one["pt_format"] for one in self.data(*dump.options, "domains")
                           if one["type"] in ("dma", "dma-fq")}
                self.assertEqual(formats, {row["says"]})
        for iommu in expected["iommus"]:
            (row,) = self.data(*dump.options, "iommus", iommu["name"])
            for member, column in COLUMNS.items():
                self.assertEqual(row[column], iommu.get(member), column)
            self.assertEqual(row["rd890_erratum"], iommu["stored_addr_lo"] != 0)
            self.assertEqual(row["root"] is not None, iommu["root"])
