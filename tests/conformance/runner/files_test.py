"""Tests of files.py."""

import os
import tempfile
import unittest

import files


class FilesTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def run_verb(self, *words):
        return files.run(self.folder.name, list(words))

    def content(self, name):
        with open(os.path.join(self.folder.name, name), "rb") as file:
            return file.read()

    def test_other_words_are_not_file_verbs(self):
        self.assertIsNone(self.run_verb("db", "close"))

    def test_write_copy_remove(self):
        self.assertEqual(self.run_verb("make_directory", '"d"'), "ok")
        self.assertEqual(self.run_verb("write_file", '"d/f"', '"a\\x00b"'), "ok")
        self.assertEqual(self.content("d/f"), b"a\x00b")
        self.assertEqual(self.run_verb("copy", '"d"', '"e"'), "ok")
        self.assertEqual(self.run_verb("copy", '"d/f"', '"g"'), "ok")
        self.assertEqual(self.run_verb("remove", '"d"'), "ok")
        self.assertEqual((self.content("e/f"), self.content("g")), (b"a\x00b", b"a\x00b"))
        self.assertFalse(os.path.exists(os.path.join(self.folder.name, "d")))
        files.empty(self.folder.name)
        self.assertEqual(os.listdir(self.folder.name), [])

    def test_damage_flips_each_occurrence_and_back(self):
        self.run_verb("make_directory", '"d"')
        self.run_verb("write_file", '"d/f"', '"needle needle"')
        self.run_verb("write_file", '"d/g"', '"a needle"')
        self.assertEqual(self.run_verb("damage", '"d"', '"needle"'), "ok 3")
        self.assertEqual(self.content("d/f"), b"oeedle oeedle")
        self.assertEqual(self.run_verb("damage", '"d/f"', '"oeedle"'), "ok 2")
        self.assertEqual(self.content("d/f"), b"needle needle")

    def test_cut_and_remove_file_need_exactly_one_file(self):
        self.run_verb("make_directory", '"d"')
        self.run_verb("write_file", '"d/f"', '"one two"')
        self.assertEqual(self.run_verb("cut", '"d"', '"two"'), "ok")
        self.assertEqual(self.content("d/f"), b"one ")
        self.run_verb("write_file", '"d/g"', '"one"')
        for verb in ("cut", "remove_file"):
            for needle in ('"one"', '"none"'):
                with self.assertRaises(files.FileVerbError):
                    self.run_verb(verb, '"d"', needle)

    def test_mistakes_are_errors(self):
        self.run_verb("make_directory", '"d"')
        for words in (
            ("damage", '"d"', '"x"'), ("damage", '"d"', '""'), ("damage", '"d"'),
            ("remove", '"absent"'), ("make_directory", '"a/b"'), ("damage", '"absent"', '"x"'),
        ):
            with self.assertRaises(files.FileVerbError):
                self.run_verb(*words)

    def test_nothing_outside_of_the_directory(self):
        for path in ('"../x"', '"/tmp/x"', '"a/../../x"', '""', '"."'):
            with self.assertRaises(files.FileVerbError):
                self.run_verb("remove", path)


if __name__ == "__main__":
    unittest.main()
