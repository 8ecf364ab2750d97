#!/usr/bin/env python3
"""An import that is killed, interrupted or watched on a terminal."""

import os
import pty
import signal
import time

import support
from support import OK


class SignalTest(support.CommandLineTest):

    def held_import(self, **keywords):
        self.files = support.HeldImport.make_files()
        held = support.HeldImport(self.store, self.make_tree(self.files), **keywords)
        self.addCleanup(held.close)
        return held

    def check_store(self, acknowledged):
        """Whatever is stored is right, and what was acknowledged is stored."""
        stored = self.records()
        for key, value in stored.items():
            self.assertEqual(value, self.files[key])
        self.assertLessEqual(set(acknowledged), set(stored))
        self.assertLess(len(stored), len(self.files))
        self.run_program('verify', self.store)

    def test_a_killed_import_keeps_what_it_acknowledged(self):
        held = self.held_import()
        held.process.send_signal(signal.SIGKILL)
        held.process.wait()
        acknowledged = held.drain()
        self.assertGreater(len(acknowledged), 10)
        [stat] = self.json('stat', self.store)
        self.assertTrue(stat['recovered'])
        self.assertGreaterEqual(stat['recovered_commits'], len(acknowledged))
        self.check_store(acknowledged)
        # The store takes writes again, and a whole import completes it.
        self.run_program('import', self.store, self.folder / 'tree')
        self.assertEqual(self.records(), self.files)

    def test_an_interrupted_import_closes_the_store(self):
        for number in [signal.SIGINT, signal.SIGTERM]:
            self.store = self.folder / f'store {number}'
            tree = self.folder / 'tree'
            if not tree.exists():
                self.files = support.HeldImport.make_files()
                self.make_tree(self.files)
            held = support.HeldImport(self.store, tree)
            self.addCleanup(held.close)
            held.process.send_signal(number)
            time.sleep(0.2)  # until the handler has run, the pipe stays full and nothing moves on
            acknowledged = held.drain()
            self.assertEqual(held.process.wait(timeout=60), 128 + number)
            self.assertIn(b'interrupted', held.process.stderr.read())
            [stat] = self.json('stat', self.store)
            self.assertFalse(stat['recovered'])
            self.assertEqual(stat['keys'], len(acknowledged))
            self.check_store(acknowledged)

    def test_a_second_interrupt_ends_at_once(self):
        held = self.held_import()
        for _ in range(2):
            held.process.send_signal(signal.SIGINT)
            time.sleep(0.2)
        self.assertEqual(held.process.wait(timeout=60), -signal.SIGINT)
        self.check_store(held.drain())

    def test_a_terminal_shows_a_bar_after_a_second(self):
        try:
            terminal, end = pty.openpty()
        except OSError as error:
            self.skipTest(f'no terminal to be had here: {error}')
        held = self.held_import(stderr=end)
        os.close(end)
        self.addCleanup(os.close, terminal)
        time.sleep(1.6)
        self.assertEqual(len(held.drain()), held.FILES)
        self.assertEqual(held.process.wait(timeout=60), OK)
        shown = os.read(terminal, 1 << 16).decode()
        self.assertRegex(shown, r'\rimporting +\d+% \[=* *\] \S+ \w+ of \S+ KiB, \S+ \w+/s, \d+ s left')
        self.assertTrue(shown.endswith('\r\x1b[K'), 'the bar is not wiped at the end')


if __name__ == '__main__':
    support.main()
