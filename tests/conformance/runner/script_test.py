"""Tests of script.py."""

import os
import tempfile
import unittest

import script

_GOOD = """# format 1
# needs store db
# About this script.

# The first test.
# It goes on.
db = store.open "a"
db get "k"
----
ok
  "data"
ok 1

db close
----
ok
"""


def parse(text):
    return script.parse("x.test", "x.test", text.split("\n"))


class ParseTest(unittest.TestCase):
    def test_blocks_titles_and_needs(self):
        parsed = parse(_GOOD)
        self.assertEqual(parsed.needs, ["store", "db"])
        self.assertEqual([block.title for block in parsed.blocks], ["The first test.", "block 2"])
        self.assertEqual(parsed.blocks[0].line, 7)
        self.assertEqual(parsed.blocks[0].replies(), [["ok"], ['  "data"', "ok 1"]])
        self.assertEqual(parsed.test_name(parsed.blocks[1]), "x.test: block 2")

    def refuse(self, text, what):
        with self.assertRaisesRegex(script.ScriptError, what):
            parse(text)

    def test_bad_scripts(self):
        self.refuse("db close\n", "first line")
        self.refuse("# format 2\n\ndb close\n", "first line")
        self.refuse("# format 1\n", "no tests")
        self.refuse("# format 1\n\n----\nok\n", "without commands")
        self.refuse("# format 1\n\ndb close\n# note\n----\nok\n", "comment inside")
        self.refuse('# format 1\n\ndb get "k\n----\nok\n', "not closed")
        self.refuse('# format 1\n\ndb get "k"\n----\nok "\\n"\n', "canonical")
        self.refuse("# format 1\n\n# A\na\n----\nok\n\n# A\nb\n----\nok\n", "second block")

    def test_bad_expectations(self):
        for replies, what in (
            ("ok\nok\nok\n", "2 commands but 3 replies"),
            ("ok\n", "2 commands but 1 replies"),
            ("ok\nok\n  data\n", "without a status"),
        ):
            block = parse("# format 1\n\na\nb\n----\n" + replies).blocks[0]
            with self.assertRaisesRegex(script.ScriptError, what):
                block.replies()

    def test_a_block_without_expectations(self):
        block = parse("# format 1\n\na\nb").blocks[0]
        self.assertEqual(block.commands, ["a", "b"])
        with self.assertRaisesRegex(script.ScriptError, "--rewrite"):
            block.replies()


class FileTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def write(self, name, text):
        path = os.path.join(self.folder.name, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def text(self, path):
        with open(path, encoding="utf-8") as file:
            return file.read()

    def test_documents_hold_scripts_in_fences(self):
        path = self.write("doc.md", "# T\n```c\nx\n```\n```stave-test\na\n----\nok\n```\nend\n```stave-test\nb\n----\nok\n```\n")
        scripts = script.read(path, self.folder.name)
        self.assertEqual([one.name for one in scripts], ["doc.md:5", "doc.md:11"])
        self.assertEqual([one.blocks[0].commands for one in scripts], [["a"], ["b"]])

    def test_find_is_in_a_stable_order(self):
        for name in ("b/2.test", "b/1.test", "a/3.test", "a/no.txt"):
            self.write(name, "# format 1\n\na\n----\nok\n")
        found = script.find(self.folder.name, self.folder.name, [])
        self.assertEqual([one.name for one in found], ["a/3.test", "b/1.test", "b/2.test"])

    def test_rewrite_replaces_and_adds_expectations(self):
        path = self.write("x.test", "# format 1\n\n# one\na\n----\nold\n\n# two\nb\nc")
        blocks = script.read(path, self.folder.name)[0].blocks
        script.rewrite(path, [(blocks[0], ["  new", "ok"]), (blocks[1], ["ok", "done"])])
        self.assertEqual(
            self.text(path),
            "# format 1\n\n# one\na\n----\n  new\nok\n\n# two\nb\nc\n----\nok\ndone",
        )

    def test_rewrite_leaves_documents_around_the_fence_alone(self):
        path = self.write("doc.md", "before\n```stave-test\na\n----\nold\n```\nafter\n")
        block = script.read(path, self.folder.name)[0].blocks[0]
        script.rewrite(path, [(block, ["ok"])])
        self.assertEqual(self.text(path), "before\n```stave-test\na\n----\nok\n```\nafter\n")


if __name__ == "__main__":
    unittest.main()
