# SPDX-License-Identifier: GPL-2.0-or-later
"""JSON as promised: answers hold to the published schemas, and these to what scripts rely on."""

import contextlib
import importlib.machinery
import importlib.util
import io
import json

from support import ANSWERED, ROOT, TestCase, command_names, for_each, program, run

SCHEMAS = ROOT / "docs/schema"
# With -o an answer has the chosen keys only; the schemas are of whole ones.
ANSWERS = sorted(path for path in (ROOT / "tests/fixtures/answers").glob("*/*.json")
                 if "columns" not in path.stem)
# Keys of an item in `data`. They are published: none may go or change its name.
PROMISED = {
    "devices": "bdf vendor device driver group domain_id domain_type paging_mode pt_root int_remap "
               "iommu",
    "dte": "bdf raw v tv had mode pt_root ppr gprp giov gv glx gcr3_root ir iw domain_id iv "
           "int_tab_len irt_root int_ctl",
    "domains": "id type pt_format paging_mode pt_root devices iommus",
    "domids": "allocator allocated ids leaked unallocated_in_use duplicates",
    "irt": "bdf index irq name state vector destination cpus cpus_online raw",
    "ring": "iommu ring address size used head tail semaphore semaphore_expected done pending waiting "
            "entries",
    "walk": "bdf iova pa page_size read write levels stopped",
    "map": "iova pa size page_size read write leaves bytes tables table_bytes by_page_size",
}
LEVELS = "level entry_address entry next_level"
WITHOUT_TARGET = ("help", "help devices", "help dte", "decode dte 0x6000000688294603 0x79 1 0",
                  "decode domids 3", "decode pte 0x700000001fb52001")


def schema_tool():
    loader = importlib.machinery.SourceFileLoader("schema_tool", str(ROOT / "tests/schema"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("schema_tool", loader))
    loader.exec_module(module)
    return module


def complaints(text):
    """What the validator says of answers; nothing when they are as promised."""
    with contextlib.redirect_stderr(io.StringIO()) as said:
        wrong = schema_tool().validate_text(text, "answer")
    return said.getvalue() or wrong


def item_shapes(schema):
    """Every shape that an item of `data` can have."""
    items = schema["properties"]["data"]["items"]
    return items.get("anyOf") or items.get("oneOf") or [items]


def item_keys(schema):
    return [set(shape["properties"]) for shape in item_shapes(schema)]


class Schemas(TestCase):
    def test_up_to_date(self):
        with contextlib.redirect_stderr(io.StringIO()) as said:
            wrong = schema_tool().check(program())
        self.assertEqual(wrong, 0, said.getvalue())

    @for_each(PROMISED)
    def test_promised_keys(self, command):
        schema = json.loads((SCHEMAS / f"{command}.json").read_text(encoding="utf-8"))
        self.assertEqual(set(PROMISED[command].split()) - set().union(*item_keys(schema)), set())

    def test_promised_keys_of_levels(self):
        schema = json.loads((SCHEMAS / "walk.json").read_text(encoding="utf-8"))
        for shape in item_shapes(schema):
            levels = shape["properties"]["levels"]["items"]["properties"]
            self.assertEqual(set(LEVELS.split()) - set(levels), set())


class Answers(TestCase):
    @for_each(ANSWERS, name=lambda path: f"{path.parent.name}/{path.stem}")
    def test_kept_answers(self, path):
        self.assertEqual(complaints(path.read_text(encoding="utf-8")), 0)

    @for_each(WITHOUT_TARGET)
    def test_without_target(self, line):
        result = run("--json", *line.split())
        self.assertEqual(complaints(result.out), 0, result)
        self.assertTrue(json.loads(result.out)["data"])

    def test_a_wrong_answer_is_told(self):
        """The validator itself: a value of another type does not pass."""
        answer = json.loads(run("--json", "decode", "domids", "3").out)
        answer["data"][0]["set"] = "2"
        self.assertIn("decode", complaints(json.dumps(answer)))


class Columns(TestCase):
    @for_each(command_names())
    def test_listed(self, command):
        """-o help needs neither operands nor a target."""
        result = run(command, "-o", "help")
        self.assertEqual((result.status, result.err), (ANSWERED, ""), result)
        self.assertRegex(result.out, r"\ANAME +TYPE")

    @for_each(("bdf,bdf", "+bdf,class", "all,+bdf", "bdf,all"))
    def test_once(self, columns):
        """A key that is named twice, or by `+` and by name, is there once."""
        result = run("-c", ROOT / "tests/fixtures/6.12-after.elf", "devices", "-o", columns, "--json-lines")
        for line in result.out.splitlines():
            keys = [key for key, _ in json.loads(line, object_pairs_hook=list)]
            self.assertEqual(len(keys), len(set(keys)), line)
