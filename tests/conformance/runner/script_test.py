"""Tests of script.py."""

import os
import tempfile
import unittest

import script

_GOOD = """# format 2
# needs store db
# About this script.

# The first test.
# It goes on.
db = store.open "a"
  ok
db get "k"
    "data"
  ok 1

db close
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
        self.refuse("# format 1\n\ndb close\n----\nok\n", "first line")
        self.refuse("# format 2\n", "no tests")
        self.refuse("# format 2\n\n  ok\n", "x.test:3: a reply without a command")
        self.refuse("# format 2\n\nkill\n  ok\n", "x.test:4: a reply without a command")
        self.refuse("# format 2\n\ndb close\n# note\n  ok\n", "comment inside")
        self.refuse('# format 2\n\ndb get "k\n  ok\n', "not closed")
        self.refuse('# format 2\n\ndb get "k"\n  ok "\\n"\n', "canonical")
        self.refuse("# format 2\n\n# A\na\n  ok\n\n# A\nb\n  ok\n", "second block")
        self.refuse("# format 2\n\na\n  ok\n  ok\n", "x.test:5: a reply goes on behind its status")
        self.refuse("# format 2\n\na\n  ok\n    data\n", "goes on behind its status")
        self.refuse("# format 2\n\na\n    data\n", "x.test:4: data lines without a status")
        self.refuse("# format 2\n\na\n    data\nb\n  ok\n", "data lines without a status")

    def test_commands_that_have_no_reply(self):
        block = parse("# format 2\n\nkill\nreset\na\n  ok").blocks[0]
        self.assertEqual(block.replies(), [[], [], ["ok"]])

    def test_commands_without_expectations(self):
        for text in ("a\nb", "a\n  ok\nb"):
            block = parse("# format 2\n\n" + text).blocks[0]
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
        path = self.write("doc.md", "# T\n```c\nx\n```\n```stave-test\na\n  ok\n```\nend\n```stave-test\nb\n  ok\n```\n")
        scripts = script.read(path, self.folder.name)
        self.assertEqual([one.name for one in scripts], ["doc.md:5", "doc.md:10"])
        self.assertEqual([one.blocks[0].commands for one in scripts], [["a"], ["b"]])

    def test_find_is_in_a_stable_order(self):
        for name in ("b/2.test", "b/1.test", "a/3.test", "a/no.txt"):
            self.write(name, "# format 2\n\na\n  ok\n")
        found = script.find(self.folder.name, self.folder.name, [])
        self.assertEqual([one.name for one in found], ["a/3.test", "b/1.test", "b/2.test"])

    def test_rewrite_replaces_and_adds_expectations(self):
        path = self.write("x.test", "# format 2\n\n# one\na\n  old\n\n# two\nb\nc")
        blocks = script.read(path, self.folder.name)[0].blocks
        script.rewrite(path, [(blocks[0], [["  new", "ok"]]), (blocks[1], [["ok"], ["done"]])])
        self.assertEqual(
            self.text(path),
            "# format 2\n\n# one\na\n    new\n  ok\n\n# two\nb\n  ok\nc\n  done",
        )

    def test_what_rewrite_writes_is_read_again(self):
        replies = [["  data", "ok 1"], ["not_found"]]
        path = self.write("x.test", "# format 2\n\na\nb\n")
        block = script.read(path, self.folder.name)[0].blocks[0]
        script.rewrite(path, [(block, replies)])
        self.assertEqual(script.read(path, self.folder.name)[0].blocks[0].replies(), replies)

    def test_rewrite_leaves_documents_around_the_fence_alone(self):
        path = self.write("doc.md", "before\n```stave-test\na\n  old\n```\nafter\n")
        block = script.read(path, self.folder.name)[0].blocks[0]
        script.rewrite(path, [(block, [["ok"]])])
        self.assertEqual(self.text(path), "before\n```stave-test\na\n  ok\n```\nafter\n")


if __name__ == "__main__":
    unittest.main()
