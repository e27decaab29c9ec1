# SPDX-License-Identifier: GPL-2.0-or-later
"""Every example in the documents is run, and answers what it is shown to answer.

An example is a line of an indented block:

    $ iommuscope ...            what follows is its whole answer, "..." standing for what is left out
    iommuscope vmcore> ...      the same at the prompt
    iommuscope ...   # words    run, its answer is not shown
    crash> iommu ...            the same, by the program

In docs/reference.md, which is generated, every line of a block is one, as at the prompt; what it names is another's in the dump.

Examples of the running machine are tried on the dump. After a wanted change of the output, or of the captures:

    IOMMUSCOPE_WRITE_ANSWERS=1 tests/run test_docs            and read the diff

writes the shown answers anew, and in the rest of the page the addresses that were in them.
"""

import os
import re

import examples
import support

WRITE = bool(os.environ.get("IOMMUSCOPE_WRITE_ANSWERS"))
PAGES = ["README.md", *sorted(path.relative_to(support.ROOT).as_posix()
                              for path in (support.ROOT / "docs").rglob("*.md"))]
GENERATED = "docs/reference.md"
RECIPES = "docs/bundles.md"  # test_recipes runs it
QUESTIONS = [page for page in PAGES if page.startswith("docs/questions/")]


def read(page):
    return (support.ROOT / page).read_text(encoding="utf-8")


def all_examples():
    return [(page, example) for page in PAGES if page != RECIPES
            for example in (examples.find_generated if page == GENERATED else examples.find)(
                read(page).splitlines())]


def name(case):
    page, example = case
    return f"{page}_{example.first + 1}_{re.sub(r'[^a-z]+', '_', example.command)[:40]}"


if WRITE:
    for changing in PAGES:
        (support.ROOT / changing).write_text(examples.written_anew(read(changing)), encoding="utf-8")


class Examples(support.TestCase):
    @support.for_each(all_examples(), name=name)
    def test_example(self, case):
        page, example = case
        done = examples.run(example)
        if page == GENERATED and examples.LACKED.search(done.stderr):
            return
        self.assertIn(done.returncode, example.statuses(), f"{example.command}\n{done.stderr}")
        self.assertNotRegex(done.stderr, r"Sanitizer|runtime error:", example.command)
        if example.shown:
            self.assertTrue(examples.matches(example.shown, done.stdout),
                            f"$ {example.command}\nanswers:\n{done.stdout}"
                            "If that is wanted: IOMMUSCOPE_WRITE_ANSWERS=1 tests/run test_docs")

    @support.for_each(["README.md", "docs/tutorial.md", *QUESTIONS])
    def test_page_shows_answers(self, page):
        self.assertTrue(any(example.shown for example in examples.find(read(page).splitlines())))

    def test_four_questions(self):
        self.assertGreaterEqual(len(QUESTIONS), 4)


def anchors(page):
    """What GitHub makes of headings."""
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
            for heading in re.findall(r"(?m)^#+ (.*?)\s*$", read(page))}


class Links(support.TestCase):
    @support.for_each(PAGES)
    def test_links(self, page):
        wrong = []
        for link in re.findall(r"\]\(([^)\s]+)\)", read(page)):
            path, _, anchor = link.partition("#")
            if re.match(r"[a-z]+:", link):
                continue
            target = (support.ROOT / page).parent / path if path else support.ROOT / page
            if not target.exists() and path.split("/")[-1] not in ("CHANGELOG.md", "SECURITY.md"):
                wrong.append(link)
            elif anchor and anchor not in anchors(os.path.relpath(target, support.ROOT)):
                wrong.append(link)
        self.assertEqual(wrong, [])

    def test_every_page_is_linked(self):
        """From the README, or from a page that is."""
        seen, ways = set(), ["README.md"]
        while ways:
            page = ways.pop()
            if page in seen:
                continue
            seen.add(page)
            for path in re.findall(r"\]\(([^)\s#:]+\.md)", read(page)):
                found = os.path.relpath((support.ROOT / page).parent / path, support.ROOT)
                ways += [found] if (support.ROOT / found).exists() else []
        self.assertEqual(set(PAGES) - seen, set())


class Matching(support.TestCase):
    """The test's own tools."""

    def test_cuts(self):
        answer = "a 1\nb 2\nc 3\n"
        for shown, same in ((["a 1", "b 2", "c 3"], True), (["a 1", "...", "c 3"], True),
                            (["a 1", "..."], True), (["a 1", "b...", "c 3"], True),
                            (["...", "b 2", "..."], True), (["a 1", "b 2"], False),
                            (["a 1", "...", "b 3", "..."], False), (["a.1", "..."], False)):
            self.assertEqual(examples.matches(shown, answer), same, shown)

    def test_renewed(self):
        new = ["A  one", "x  2 0x22222", "B  two", "C  three"]
        self.assertEqual(examples.renewed(["A  one", "...", "B  old", "..."], new),
                         ["A  one", "...", "B  two", "..."])
        self.assertEqual(examples.renewed(["A  o...", "x 1"], new)[:2], ["A  o...", "x  2 0x22222"])
        self.assertEqual(examples.moved_addresses(["x  2 0x11111 0x10"], ["x  2 0x22222 0x20"]),
                         {"0x11111": "0x22222"})
