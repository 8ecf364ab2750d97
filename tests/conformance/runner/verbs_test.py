"""Tests of verbs.py."""

import os
import unittest

import verbs

_TABLE = """
| verb | arguments | makes | reply | C functions |
|---|---|---|---|---|
| `hello` | | | `ok` | |
| `store.open` | `"PATH"` | store | `ok` | `stave_open` `stave_init` |
| `store.verify` | `[a\\|b]` | | `ok` | `stave_verify` |
"""


class VerbTableTest(unittest.TestCase):
    def test_rows(self):
        table = verbs.VerbTable(_TABLE)
        self.assertEqual(table.makes, {"hello": None, "store.open": "store", "store.verify": None})
        self.assertEqual(table.functions["store.open"], ["stave_open", "stave_init"])
        self.assertIn("store.verify", table)
        self.assertNotIn("store.close", table)

    def test_bad_rows(self):
        for row in ("| `a` | b | c |", "| `hello` | | | | |"):
            with self.assertRaises(ValueError):
                verbs.VerbTable(_TABLE + row + "\n")

    def test_exports_that_no_used_verb_calls(self):
        table = verbs.VerbTable(_TABLE)
        exports = {"stave_open", "stave_init", "stave_verify"}
        self.assertEqual(table.unused_exports({"store.open", "store.verify"}, exports), ([], []))
        self.assertEqual(
            table.unused_exports({"hello", "store.open"}, exports | {"stave_new"}),
            (["stave_new", "stave_verify"], []),
        )
        self.assertEqual(
            table.unused_exports({"store.open"}, {"stave_open", "stave_init"}),
            ([], ["stave_verify"]),
        )

    def test_the_real_table_can_be_read(self):
        folder = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
        with open(os.path.join(folder, "verbs.md"), encoding="utf-8") as file:
            table = verbs.VerbTable(file.read())
        self.assertEqual(table.makes["store.cursor"], "cursor")
        for verb, kind in table.makes.items():
            if kind:
                self.assertIn(f"{kind}.free", table, f"{verb} makes what nobody can free")


if __name__ == "__main__":
    unittest.main()
