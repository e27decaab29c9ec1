# SPDX-License-Identifier: GPL-2.0-or-later
"""Answers from a dump that lacks something, held against those from the whole dump: each value has
to be right or unknown."""

import json

# Columns of which an answer may lack some items: what was not found is not listed. None at all
# would say that there is none.
LISTS = ("devices", "iommus", "levels")
# Words that stand for "not known" in an answer's place.
UNKNOWN = ("unknown", None)


def check(test, right, shown):
    """`shown` is the answer of the same command as `right`, with some of it missing."""
    test.assertEqual((shown["command"], shown["target"]), (right["command"], right["target"]))
    whole = {json.dumps(row) for row in right["data"]}
    for row in shown["data"]:
        if json.dumps(row) not in whole:
            wrong = min((differences(row, other) for other in right["data"]), key=len)
            test.assertFalse(wrong, f"{right['command']}: wrong {{key: (shown, right)}} in {row}")
    if shown["data"] != right["data"]:
        test.assertTrue(shown["problems"], f"{right['command']}: nothing says what is missing")


def differences(row, right):
    """What is neither right nor unknown."""
    return {key: (value, right[key]) for key, value in row.items()
            if not is_weaker(key, value, right[key])}


def parse(text):
    """The JSON objects of a stream."""
    decoder, position, objects = json.JSONDecoder(), 0, []
    while position < len(text):
        found, position = decoder.raw_decode(text, position)
        objects.append(found)
        while position < len(text) and text[position].isspace():
            position += 1
    return objects


def is_weaker(key, shown, right):
    """The same, or unknown, or with some unknown in it."""
    if shown == right or shown in UNKNOWN:
        return True
    if isinstance(shown, list) and isinstance(right, list):
        return key in LISTS and bool(shown) and all(item in right for item in shown)
    return False
