"""Tests of session.py, with the fake testee."""

import os
import sys
import tempfile
import unittest

import report
import script
import session
import testee
import verbs

_FOLDER = os.path.dirname(os.path.abspath(__file__))
_FAKE = os.path.join(_FOLDER, "fake_testee.py")
with open(os.path.join(os.path.dirname(_FOLDER), "verbs.md"), encoding="utf-8") as _file:
    _TABLE = verbs.VerbTable(_file.read())


class SessionTest(unittest.TestCase):
    def run_script(self, *blocks, pretends=""):
        """The failures of a script made of the blocks, as text."""
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, "-B", _FAKE, pretends]
            talk = session.Session(testee.Testee(command, folder, None, 20), _TABLE)
            text = "# format 2\n\n" + "\n\n".join(blocks)
            parsed = script.parse("x", "x", text.split("\n"))
            try:
                talk.hello()
                failures = talk.run(parsed)[1]
            finally:
                talk.testee.stop()
        self.used_verbs = talk.used_verbs
        return "\n".join(report.failure(parsed, "fake", one) for one in failures)

    OPEN = 'db = store.open "a"\n  ok\ndb put "k" "v"\n  ok'

    def test_a_good_script(self):
        text = self.run_script(self.OPEN, 'db get "k"\n  ok "v"\ndb get "l"\n  not_found')
        self.assertEqual(text, "")
        self.assertEqual(self.used_verbs, {"store.open", "store.put", "store.get"})

    def test_a_difference_names_test_command_and_both_replies(self):
        text = self.run_script(self.OPEN, '# The get.\ndb get "k"\n  not_found')
        for part in ("x: The get.", 'db get "k"', "- not_found", '+ ok "v"'):
            self.assertIn(part, text)

    def test_a_lie_is_caught(self):
        text = self.run_script(self.OPEN, 'db get "k"\n  ok "v"', pretends="lie")
        self.assertIn('+ ok "something else"', text)

    def test_long_differences_are_shortened_and_located(self):
        text = self.run_script(
            'db = store.open "a"\n  ok\ndb put "k" fill(9999,"v")+"!"\n  ok\n'
            'db get "k"\n  ok fill(9999,"v")+"?"'
        )
        self.assertIn('+ ok fill(9999,"v")+"!"', text)
        self.assertIn("part at character 10003", text)
        self.assertLess(len(text), 1000)

    def test_modifiers(self):
        self.assertEqual("", self.run_script(
            'db = store.open "a"\n  ok\ndb put "2" "b"\n  ok\ndb put "1" "a"\n  ok\n'
            'unordered db scan\n    "2" = "b"\n    "1" = "a"\n  ok 2\n'
            'only_status db scan\n  ok 2\nonly_outcome db scan\n  ok'
        ))

    def test_kill_loses_the_handles_and_keeps_the_files(self):
        self.assertEqual("", self.run_script(
            self.OPEN, 'kill\ndb = store.open "a"\n  ok\ndb get "k"\n  ok "v"'
        ))
        self.assertIn("no handle or verb db get", self.run_script(
            self.OPEN, 'kill\ndb get "k"\n  ok "v"'
        ))

    def test_reset_frees_the_handles_and_empties_the_directory(self):
        self.assertEqual("", self.run_script(
            self.OPEN, 'reset\ndb = store.open "a"\n  ok\ndb get "k"\n  not_found'
        ))

    def test_leaks_are_caught(self):
        text = self.run_script(self.OPEN, pretends="leak")
        self.assertIn("at the end of the script: handles: expected ok 0, got ok 1", text)
        self.assertIn("expected ok 0", self.run_script(
            self.OPEN, "reset", pretends="leak"
        ))

    def test_a_crash_fails_its_test_and_all_behind_it(self):
        text = self.run_script(
            self.OPEN, '# Crash.\ndb put "!crash" ""\n  ok', '# Behind.\ndb get "k"\n  ok'
        )
        self.assertIn("a word before dying", text)
        self.assertIn("x: Behind.: not run: x: Crash. broke off", text)

    def test_mistakes_in_scripts(self):
        for command, what in (
            ("db fly", "no handle or verb"),
            ("store.put", "no handle or verb"),
            ("cursor.next", "no handle or verb"),
            ('store.open "b"', "makes a handle"),
            ('x = db get "k"', "makes no handle"),
            ('db = store.open "b"', "bound already"),
            ('Db = store.open "b"', "cannot be a handle's name"),
            ('handles = store.open "b"', "cannot be a handle's name"),
            ("db", "what about db"),
            ("db size", "no verb size"),
            ('damage "a" "absent"', "no file holds"),
        ):
            self.assertIn(what, self.run_script(self.OPEN, f"{command}\n  ok"), command)

    def test_a_handle_that_was_freed_is_no_handle(self):
        self.assertIn("no handle or verb", self.run_script(
            self.OPEN, 'db free\n  ok\ndb get "k"\n  ok "v"'
        ))

    def test_a_testee_of_another_format(self):
        with self.assertRaisesRegex(testee.TesteeFailure, "does not speak format 2"):
            self.run_script(self.OPEN, pretends="foreign")


if __name__ == "__main__":
    unittest.main()
