"""Tests of testee.py: a process that dies, hangs or babbles is a clear failure."""

import os
import sys
import tempfile
import time
import unittest

import testee

_FAKE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "fake_testee.py")


class TesteeTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.testee = testee.Testee([sys.executable, "-B", _FAKE], self.folder.name, None, 20)
        self.addCleanup(self.testee.stop)
        self.testee.start()
        self.testee.ask('db = store.open "a"')

    def fail_on(self, key, what):
        with self.assertRaisesRegex(testee.TesteeFailure, what):
            self.testee.ask(f'db put "{key}" ""')
        self.testee.start()
        self.assertEqual(self.testee.ask("handles"), ["ok 0"])

    def test_answers(self):
        self.assertEqual(self.testee.ask('db put "k" "v"'), ["ok"])
        self.assertEqual(self.testee.ask("db scan"), ['  "k" = "v"', "ok 1"])

    def test_long_lines(self):
        value = '"' + "v" * 5_000_000 + '"'
        self.assertEqual(self.testee.ask(f'db put "k" {value}'), ["ok"])
        self.assertEqual(self.testee.ask('db get "k"'), [f"ok {value}"])

    def test_a_crash_shows_signal_and_stderr(self):
        self.fail_on("!crash", r"(?s)ended \(signal 11\).*a word before dying")

    def test_an_exit_shows_its_code(self):
        self.fail_on("!exit", r"ended \(exit code 3\)")

    def test_half_a_reply(self):
        self.fail_on("!half", "in the middle of a reply")

    def test_no_status_line(self):
        self.fail_on("!garbage", "broke the protocol")

    def test_bytes_that_are_not_text(self):
        self.fail_on("!bytes", "not ASCII")

    def test_a_hang_ends_with_the_timeout(self):
        self.testee.timeout = 0.3
        begin = time.monotonic()
        with self.assertRaisesRegex(testee.TesteeFailure, "within 0.3 seconds"):
            self.testee.ask('db put "!hang" ""')
        self.assertLess(time.monotonic() - begin, 10)

    def test_kill_and_start_again(self):
        self.testee.kill()
        self.testee.start()
        self.assertEqual(self.testee.ask("handles"), ["ok 0"])

    def test_a_command_that_is_not_there(self):
        absent = testee.Testee(["./absent"], self.folder.name, None, 1)
        with self.assertRaisesRegex(testee.TesteeFailure, "cannot start"):
            absent.start()


if __name__ == "__main__":
    unittest.main()
