#!/usr/bin/env python3
"""Tests of the frame: the table of rows, verdicts, plots, programs; then all rows at toy size.

    run_test.py BUILD

The toy run takes every system that was built through every row of its families; a wrong answer
fails it. Nothing here looks at how long anything takes.
"""

import dataclasses
import os
import pathlib
import signal
import stat
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree

import plots
import programs
import report
import rows as table

TOY_SIZE = '1000'
HERE = pathlib.Path(__file__).resolve().parent
ROW = 'index/hit | 10M 8 | filled | hit 1 | ns | '


def verdict_of(budget, **medians):
    """What becomes of a budget of index/hit; other rows are named like index_miss."""
    row = table.parse_row(ROW + budget)
    results = table.Results()
    for system, median in medians.items():
        results.add(row, row.size, system.replace('_', '-'), median, '')
    return table.judge(row, results, {'index/hit'})[0]


class Budgets(unittest.TestCase):
    def test_against_a_peer(self):
        self.assertEqual(verdict_of('<= 0.5 x tbb', stave=50, tbb=100).word, 'met')
        missed = verdict_of('<= 0.5 x tbb', stave=60, tbb=100)
        self.assertEqual(missed.word, 'missed')
        self.assertAlmostEqual(missed.off, 1.2)
        self.assertEqual(verdict_of('>= 2 x tbb', stave=200, tbb=100).word, 'met')
        self.assertAlmostEqual(verdict_of('>= 2 x tbb', stave=100, tbb=100).off, 2)

    def test_nothing_absent_counts_as_met(self):
        self.assertEqual(str(verdict_of('<= 0.5 x tbb', stave=1)), 'not measured (no tbb)')
        self.assertEqual(str(verdict_of('<= 0.5 x tbb', tbb=1)), 'not measured (no stave)')
        self.assertEqual(str(verdict_of('<= 5 ns', stave=1)), 'not measured (no reference)')

    def test_what_an_idle_machine_misses_says_nothing(self):
        verdict = verdict_of('<= 0.5 x tbb', stave=90, tbb=100, idle=80)
        self.assertEqual(str(verdict), 'not measured (idle misses it)')
        self.assertEqual(verdict_of('<= 0.5 x tbb', stave=90, tbb=100, idle=40).word, 'missed')
        self.assertEqual(verdict_of('<= 0.5 x tbb', stave=40, tbb=100, idle=80).word, 'met')

    def test_bare_nanoseconds_are_scaled(self):
        self.assertEqual(verdict_of('<= 25 ns', stave=49, reference=2 * 199).word, 'met')
        self.assertEqual(verdict_of('<= 25 ns', stave=51, reference=2 * 199).word, 'missed')

    def test_another_system_than_stave(self):
        verdict = verdict_of('stave-resolved <= 0.5 x tbb', stave=1, stave_resolved=90, tbb=100)
        self.assertAlmostEqual(verdict.off, 1.8)

    def test_against_another_row(self):
        rows = table.read_table(ROW + '\nindex/hit/2-threads | 10M 8 | filled | hit 2 | ns | '
                                      '<= 1/1.9 x index/hit')
        results = table.Results()
        results.add(rows[0], rows[0].size, 'stave', 100, '')
        for median, word in ((52, 'met'), (53, 'missed')):
            results.values.pop((rows[1].name, rows[1].size, 'stave'), None)
            results.add(rows[1], rows[1].size, 'stave', median, '')
            self.assertEqual(table.judge(rows[1], results, {'index/hit'})[0].word, word)


class Table(unittest.TestCase):
    def test_nonsense_is_refused(self):
        for line in ('index/hit | 10M 8 | filled | hit 1 | ns', ROW + '< 3 x tbb', ROW + '<= 3 bytes',
                     ROW.replace('filled', 'warm'), ROW.replace('10M', '10G')):
            with self.assertRaises(table.TableError):
                table.read_table(line)
        with self.assertRaises(table.TableError):
            table.read_table(ROW + '\n' + ROW)

    def test_budgets_name_systems_or_rows_that_exist(self):
        rows = table.read_table(table.TABLE.read_text(encoding='utf-8'))
        names = {row.name for row in rows}
        for row in rows:
            known = names | set(BUILT.programs.get(row.family, {})) | set(
                BUILT.absent.get(row.family, []))
            for budget in row.budgets:
                self.assertIn(budget.reference, known | {None}, row.name)
                self.assertIn(budget.system, known, row.name)

    def test_highlights_are_rows(self):
        names = {row.name for row in table.read_table(table.TABLE.read_text(encoding='utf-8'))}
        for family, highlights in report.HIGHLIGHTS.items():
            self.assertLessEqual({f'{family}/{name}' for name in highlights}, names)

    def test_a_name_takes_what_lies_below_it(self):
        rows = table.read_table('\n'.join(ROW.replace('index/hit', name) for name in
                                          ('index/hit', 'index/hit/2-threads', 'index/hits')))
        self.assertEqual([row.name for row in table.choose(rows, ['index/hit'])],
                         ['index/hit', 'index/hit/2-threads'])
        self.assertEqual(len(table.choose(rows, ['index'])), 3)
        with self.assertRaises(table.TableError):
            table.choose(rows, ['index/hut'])

    def test_at_other_sizes_rows_of_one_question_are_one(self):
        rows = table.read_table('\n'.join([ROW, ROW.replace('hit', 'large').replace('10M', '50M'),
                                           ROW.replace('hit', 'miss')]))
        rows[1] = dataclasses.replace(rows[1], question='hit 1')
        self.assertEqual([row.name for row in table.distinct(rows)], ['index/hit', 'index/miss'])

    def test_counts(self):
        for text in ('1', '4096', '100K', '1M', '50M'):
            self.assertEqual(table.count_text(table.parse_count(text)), text)


class Plots(unittest.TestCase):
    def test_one_in_how_many_takes_that_long(self):
        self.assertEqual(plots.spread_points('10:90 20:9 500:1'), [(1, 10), (10, 20), (100, 500)])

    def test_pictures_are_xml(self):
        for svg in (plots.bars('<medians>', [('hit', 'ns', {'stave': 40, 'tbb': 176.5})]),
                    plots.against_size('sizes', [('hit', 'ns', {'stave': [(1000, 3), (10**6, 9)]})]),
                    plots.spread('latency', [('growth', 'ns', {'stave': '10:99 900:1'})])):
            xml.etree.ElementTree.fromstring(svg)


class Programs(unittest.TestCase):
    def test_an_end_without_an_answer_is_a_wrong_answer(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / 'liar'
            path.write_text('#!/bin/sh\nread question; echo "5 details of $question"; '
                            'read question; echo -; exit 1\n', encoding='ascii')
            path.chmod(path.stat().st_mode | stat.S_IXUSR)
            program = programs.Program([str(path)], folder)
            self.assertEqual(program.ask('hit 1'), (5, 'details of hit 1'))
            self.assertIsNone(program.ask('unknown'))
            with self.assertRaises(programs.WrongAnswer):
                program.ask('hit 2')
            program.close()
            self.assertEqual([path], list(pathlib.Path(folder).iterdir()))


class ToyRun(unittest.TestCase):
    def test_every_system_gives_the_right_answers(self):
        # In memory where that can be: syncs are not what is tested.
        memory = '/dev/shm' if os.access('/dev/shm', os.W_OK) else None
        with tempfile.TemporaryDirectory(dir=memory) as folder:
            output = pathlib.Path(folder) / 'plots'
            done = subprocess.run(
                [sys.executable, HERE / 'run', BUILD, '--size', TOY_SIZE, '--repetitions', '1',
                 '--directory', folder, '--output', output],
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
            self.assertEqual(done.returncode, 0, done.stderr)
            for family, systems in BUILT.programs.items():
                if family == table.REFERENCE:
                    continue
                measured = (output / f'{family}-sizes.csv').read_text(encoding='utf-8')
                for system in systems:
                    self.assertIn(f',{TOY_SIZE},{system},', measured)
                self.assertIn(f'![{family}-sizes]',
                              (output / f'{family}-sizes.md').read_text(encoding='utf-8'))
            self.assertEqual([output], list(pathlib.Path(folder).iterdir()))


class Interrupt(unittest.TestCase):
    def test_what_was_measured_is_shown(self):
        with tempfile.TemporaryDirectory() as folder:
            # spin has no answer to the first row, and 100,000 of them to the second take hours.
            run = subprocess.Popen(
                [sys.executable, HERE / 'run', BUILD, '--row', 'index/hit', '--row',
                 'index/growth-latency', '--system', 'spin', '--size', '1M', '--repetitions', '100000',
                 '--directory', folder],
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            for line in run.stderr:
                if line.startswith('index/growth-latency'):
                    break
            run.send_signal(signal.SIGINT)
            output, _ = run.communicate()
            self.assertEqual(run.returncode, 0)
            self.assertIn('| index/hit |', output)
            self.assertNotIn('growth-latency', output)


if __name__ == '__main__':
    BUILD = sys.argv.pop()
    BUILT = programs.read_built(BUILD)
    for absent_family, absent_systems in BUILT.absent.items():
        for absent_system in absent_systems:
            print(f'skipped: {absent_family} {absent_system} is not installed')
    outcome = unittest.main(exit=False, verbosity=2).result
    failed = len(outcome.failures) + len(outcome.errors)
    print(f'{outcome.testsRun - failed} passed, {failed} failed')
    sys.exit(0 if outcome.wasSuccessful() else 1)
