"""Tests of suite.py, known_failures.py and the command line, with fake testees."""

import os
import subprocess
import sys
import tempfile
import unittest

import known_failures

_FOLDER = os.path.dirname(os.path.abspath(__file__))
_FAKE = os.path.join(_FOLDER, "fake_testee.py")
_SCRIPT = """# format 2

# Put.
db = store.open "a"
  ok
db put "k" "v"
  ok

# Get.
db get "k"
  ok "v"
"""


class CommandLineTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.write("scripts/store/x.test", _SCRIPT)

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)

    def run_runner(self, languages, *arguments, capabilities="store"):
        """(exit code, output) of a run with languages {name: what the fake pretends}."""
        self.write("languages.txt", "# comment\n" + "".join(
            f"{name} {capabilities} {{python}} -B {_FAKE} {pretends}\n"
            for name, pretends in languages.items()
        ))
        done = subprocess.run(
            [sys.executable, "-B", _FOLDER, "--languages", f"{self.folder}/languages.txt",
             "--scripts", f"{self.folder}/scripts", "--known-failures", f"{self.folder}/known",
             "--no-documents", "--filter", ".", *arguments],
            capture_output=True, text=True, check=False,
        )
        return done.returncode, done.stdout + done.stderr

    def test_all_is_well(self):
        code, output = self.run_runner({"one": "", "two": ""})
        self.assertEqual(code, 0, output)
        self.assertRegex(output, r"tests run +one +two\nstore +2 +2\ntotal +2 +2\n")
        self.assertTrue(output.endswith("\n4 passed, 0 failed\n"), output)

    def test_one_language_lies(self):
        code, output = self.run_runner({"one": "", "two": "lie"})
        self.assertEqual(code, 1)
        self.assertIn("FAILED two: store/x.test: Get.", output)
        self.assertNotIn("FAILED one", output)
        self.assertTrue(output.endswith("\n3 passed, 1 failed\n"), output)

    def test_one_language_of_all(self):
        code, output = self.run_runner({"one": "", "two": "lie"}, "--language", "one")
        self.assertEqual((code, "two" in output), (0, False), output)
        code, output = self.run_runner({"one": ""}, "--language", "three")
        self.assertEqual((code, "no such language: three" in output), (1, True), output)

    def test_a_language_that_is_not_built_is_left_out_aloud(self):
        code, output = self.run_runner({"one": "", "two": "{build}/absent"})
        self.assertEqual(code, 0, output)
        self.assertIn("two: its testee has not been built, left out", output)
        code, output = self.run_runner({"one": "", "two": "{build}/absent"}, "--language", "two")
        self.assertNotIn("left out", output)

    def test_what_a_testee_can_do_must_be_what_the_table_says(self):
        self.write("scripts/y.test", _SCRIPT.replace("# format 2", "# format 2\n# needs store"))
        self.assertEqual(self.run_runner({"one": "", "two": ""})[0], 0)
        code, output = self.run_runner({"one": "", "two": "poor"})
        self.assertEqual(code, 1)
        self.assertIn("the testee has , the table of languages says store", output)
        code, output = self.run_runner({"one": ""}, capabilities="store,moon")
        self.assertEqual(code, 1)
        self.assertIn("the testee has store, the table of languages says moon,store", output)

    def test_a_script_that_a_language_cannot_run_is_left_out_aloud(self):
        self.write("scripts/y.test", _SCRIPT.replace("# format 2", "# format 2\n# needs moon"))
        code, output = self.run_runner({"one": ""})
        self.assertEqual(code, 0, output)
        self.assertTrue(output.endswith("one: has no moon yet\n2 passed, 0 failed\n"), output)

    def test_no_tests_at_all_is_a_failure(self):
        self.assertEqual(self.run_runner({"one": ""}, "--filter", "absent")[0], 1)

    def test_a_bad_script_stops_everything(self):
        self.write("scripts/z.test", "db close\n")
        code, output = self.run_runner({"one": ""})
        self.assertEqual(code, 1)
        self.assertIn("z.test: the first line must be", output)

    def test_known_failures(self):
        self.write("known/two.txt", "# It lies.\nstore/x.test: Get.\n")
        code, output = self.run_runner({"one": "", "two": "lie"})
        self.assertEqual(code, 0, output)
        self.assertIn("3 passed, 0 failed", output)
        code, output = self.run_runner({"one": "", "two": ""})
        self.assertEqual(code, 1)
        self.assertIn("FAILED two: known to fail, but passes: store/x.test: Get.", output)

    def test_rewrite(self):
        path = os.path.join(self.folder, "scripts/store/x.test")
        self.write("scripts/store/x.test", _SCRIPT.replace('ok "v"', "done"))
        self.assertEqual(self.run_runner({"one": ""})[0], 1)
        code, output = self.run_runner({"one": ""}, "--rewrite")
        self.assertEqual(code, 0, output)
        with open(path, encoding="utf-8") as file:
            self.assertEqual(file.read(), _SCRIPT)

    def test_rewrite_does_not_write_down_a_crash(self):
        text = _SCRIPT.replace('db get "k"', 'db put "!crash" ""')
        self.write("scripts/store/x.test", text)
        code, output = self.run_runner({"one": ""}, "--rewrite")
        self.assertEqual(code, 1)
        self.assertIn("signal 11", output)
        with open(os.path.join(self.folder, "scripts/store/x.test"), encoding="utf-8") as file:
            self.assertEqual(file.read(), text)


class KnownFailuresTest(unittest.TestCase):
    def test_judge(self):
        self.assertEqual(known_failures.judge({"a"}, {"a", "b"}, {"a", "b"}), ({"b"}, []))
        self.assertEqual(
            known_failures.judge({"a", "c"}, {"a", "b"}, set()),
            (set(), ["known to fail, but passes: a",
                     "known to fail, but there is no such test: c"]),
        )

    def test_no_file_no_names(self):
        self.assertEqual(known_failures.load("/nonexistent", "c"), set())


if __name__ == "__main__":
    unittest.main()
