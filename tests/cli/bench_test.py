#!/usr/bin/env python3
"""bench: what it stores and prints, that a seed decides it, and that it cleans up. Never how fast."""

import re
import signal
import subprocess
import time

import support
from support import USAGE

NAMES = ['load', 'get', 'miss', 'A', 'B', 'C', 'F', 'delete']
PERCENTILES = ['p50_ns', 'p99_ns', 'p99.9_ns', 'p99.99_ns']


class BenchTest(support.CommandLineTest):

    def test_all_workloads(self):
        rows = self.json('bench', self.store, '--count', '1001', '--operations', '2K')
        self.assertEqual([row['workload'] for row in rows], NAMES)
        self.assertEqual([row['operations'] for row in rows], [1001] + 6 * [2000] + [500])
        for row in rows:
            self.assertEqual(list(row), ['workload', 'operations', 'seconds', 'per_second',
                                         *PERCENTILES])
            self.assertGreater(row['seconds'], 0)
            self.assertAlmostEqual(row['per_second'] * row['seconds'], row['operations'], places=3)
            latencies = [row[name] for name in PERCENTILES]
            self.assertEqual(latencies, sorted(latencies))
            self.assertGreater(latencies[0], 0)
            self.assertLess(latencies[-1], row['seconds'] * 1e9 + 1)
        self.assertFalse(self.store.exists())

    def test_the_table(self):
        text = self.output('bench', self.store, '--count', '500', '--threads', '3', '--durability',
                           'memory').decode()
        self.assertRegex(text, r'^records: 500, .*threads: 3, durability: memory, seed: 1\n')
        lines = text.splitlines()
        self.assertEqual(lines[3].split(), ['workload', 'operations', 'seconds', 'per', 'second',
                                            'p50', 'p99', 'p99.9', 'p99.99'])
        self.assertEqual([line.split()[0] for line in lines[4:]], NAMES)
        for line in lines[4:]:
            self.assertRegex(line, re.compile(r'^\w+ +\d+ +\d+\.\d{3} +\d+( +\d+\.\d\d){4}$'))

    def test_some_workloads_in_the_order_of_the_table(self):
        rows = self.json('bench', '--workloads', 'delete,miss', self.store, '--count', '10')
        self.assertEqual([row['workload'] for row in rows], ['load', 'miss', 'delete'])

    def stored(self, name, *arguments):
        store = self.folder / name
        self.run_program('bench', store, '--count', '300', '--keep', *arguments)
        self.run_program('verify', store)
        return self.records(store)

    def test_a_seed_decides_everything(self):
        first = self.stored('first', '--seed', '7')
        self.assertEqual(len(first), 150)
        self.assertEqual(self.stored('again', '--seed', '7'), first)
        other = self.stored('other', '--seed', '8')
        self.assertFalse(first.keys() & other.keys())
        # Which of the threads writes last is chance, but not which keys there are.
        self.assertEqual(self.stored('threads', '--seed', '7', '--threads', '4').keys(), first.keys())

    def test_sizes(self):
        for key_size, value_size in [(8, 0), (9, 3), (300, 8), (65535, 70000)]:
            records = self.stored(f'{key_size}', '--key-size', f'{key_size}', '--value-size',
                                  f'{value_size}', '--workloads', 'get,A', '--options', 'shards=1')
            self.assertEqual(len(records), 300)
            self.assertEqual({(len(key), len(value)) for key, value in records.items()},
                             {(key_size, value_size)})
        one = self.json('bench', self.store, '--count', '1')
        self.assertEqual([row['operations'] for row in one], 7 * [1] + [0])

    def test_a_small_part_of_the_records_takes_most_operations(self):
        self.run_program('bench', self.store, '--count', '1000', '--operations', '20K', '--keep',
                         '--workloads', 'load')
        before = self.json('stat', self.store)[0]
        written = self.folder / 'written'
        self.run_program('bench', written, '--count', '1000', '--operations', '20K', '--keep',
                         '--workloads', 'A')
        after = self.json('stat', written)[0]
        self.assertEqual(before['version'], 1000)
        writes = after['version'] - 1000
        self.assertAlmostEqual(writes / 20000, 0.5, delta=0.02)
        after_values = self.records(written)
        changed = sum(after_values[key] != value for key, value in self.records().items())
        # 10,000 uniform choices would leave out 0.005 % of 1,000 records; these leave out many more.
        self.assertLess(changed, 990)
        self.assertGreater(changed, 500)

    def test_usage(self):
        self.store.mkdir()
        (self.store / 'notes').write_bytes(b'mine')
        result = self.run_program('bench', self.store, exit_code=USAGE)
        self.assertIn(b'exists already', result.stderr)
        self.assertEqual((self.store / 'notes').read_bytes(), b'mine')
        fresh = self.folder / 'fresh'
        for arguments in [['--count', '0'], ['--count', '-1'], ['--threads', '0'], ['--threads', '65'],
                          ['--key-size', '7'], ['--key-size', '65536'], ['--value-size', '2G'],
                          ['--operations', '0'], ['--workloads', 'D'], ['--seed', 'x'],
                          ['--durability', 'maybe'], ['--options', 'shards=3']]:
            self.run_program('bench', fresh, *arguments, exit_code=USAGE)
        self.assertFalse(fresh.exists())
        self.run_program('bench', self.folder / 'no' / 'parent', exit_code=support.MACHINE)

    def test_an_interrupt_cleans_up(self):
        bench = subprocess.Popen([support.PROGRAM, 'bench', self.store, '--count', '5M'],
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        while not self.store.exists():
            time.sleep(0.01)
        bench.send_signal(signal.SIGINT)
        _, errors = bench.communicate(timeout=120)
        self.assertEqual(bench.returncode, 128 + signal.SIGINT, errors)
        self.assertIn(b'interrupted', errors)
        self.assertFalse(self.store.exists())


if __name__ == '__main__':
    support.main()
