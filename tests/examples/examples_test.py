#!/usr/bin/env python3
"""Runs the programs in examples/ as a reader would, and compares what they print."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
import unittest


class ExamplesTest(unittest.TestCase):

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix='stave-examples-')
        self.addCleanup(shutil.rmtree, self.folder)
        self.store = os.path.join(self.folder, 'store')

    def run_example(self, command, *arguments):
        """The lines that `COMMAND STORE ARGUMENTS...` prints."""
        result = subprocess.run([*command, self.store, *arguments], capture_output=True, text=True,
                                timeout=60, check=False)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(result.stderr, '')
        return result.stdout.splitlines()

    def test_links(self):
        def links(*arguments):
            return self.run_example([os.environ['STAVE_LINKS']], *arguments)

        self.assertEqual(links('add', 'doc', 'https://example.org/manual'),
                         ['doc -> https://example.org/manual'])
        self.assertEqual(links('add', 'doc', 'https://example.com'), ['doc is taken'])
        links('add', 'blog', 'https://example.org/blog')
        self.assertEqual(links('open', 'doc', 'nothing', 'doc', 'blog'), [
            'https://example.org/manual (visit 1)', 'nothing: no such link',
            'https://example.org/manual (visit 2)', 'https://example.org/blog (visit 1)'])
        self.assertEqual(links('open', 'doc'), ['https://example.org/manual (visit 3)'])
        self.assertEqual(sorted(links('list')), ['blog', 'doc'])

    def test_counters(self):
        def counters(*arguments):
            return self.run_example([os.environ['STAVE_COUNTERS']], *arguments)

        self.assertEqual(counters(), [])
        self.assertEqual(counters('views', '4', '500'), ['views 2000'])
        self.assertEqual(counters('views', '2', '1'), ['views 2002'])
        self.assertEqual(counters('votes', '1', '3'), ['views 2002', 'votes 3'])

    def test_accounts(self):
        for command in ([os.environ['STAVE_ACCOUNTS_C']], [os.environ['STAVE_ACCOUNTS_CPP']],
                        [sys.executable, os.environ['STAVE_ACCOUNTS_PYTHON']]):
            with self.subTest(command=command):
                self.store = os.path.join(self.folder, os.path.basename(command[-1]))
                self.check_accounts(lambda *arguments: self.run_example(command, *arguments))

    def check_accounts(self, accounts):
        self.assertEqual(accounts('open', 'ada', 'London', '100'), ['opened'])
        self.assertEqual(accounts('open', 'ada', 'Paris', '1'), ['exists'])
        self.assertEqual(accounts('open', 'linus', 'Helsinki', '5'), ['opened'])
        self.assertEqual(accounts('deposit', 'ada', '20'), ['120'])
        self.assertEqual(accounts('deposit', 'nobody', '20'), ['no account'])
        self.assertEqual(accounts('transfer', 'ada', 'linus', '110'), ['done'])
        self.assertEqual(accounts('transfer', 'ada', 'linus', '11'),
                         ['ada has not enough, or no account'])
        self.assertEqual(accounts('transfer', 'ada', 'nobody', '1'),
                         ['nobody has not enough, or no account'])
        self.assertEqual(accounts('deposit', 'ada', '0'), ['10'])
        self.assertEqual(accounts('deposit', 'linus', '0'), ['115'])
        self.assertEqual(accounts('move', 'linus', 'London'), ['moved'])
        self.assertEqual(sorted(accounts('city', 'London')), ['ada', 'linus'])
        self.assertEqual(accounts('city', 'Helsinki'), [])

    @unittest.skipUnless('STAVE_BLOBS' in os.environ, 'the C# package was not built')
    def test_blobs(self):
        def blobs(*arguments, code=0):
            command = [os.environ['STAVE_CSHARP'], os.environ['STAVE_BLOBS'], self.store]
            result = subprocess.run([*command, *arguments], capture_output=True, text=True,
                                    timeout=60, check=False)
            self.assertEqual(result.returncode, code, result.stderr)
            return result.stdout.splitlines()

        file = os.path.join(self.folder, 'file')
        with open(file, 'w', encoding='utf-8') as out:
            out.write('content')
        [content] = blobs('put', file, 'first')
        self.assertEqual(blobs('put', file, 'second'), [content])
        self.assertEqual(blobs('put', file, 'first', code=1), ['first is taken'])
        self.assertEqual(sorted(blobs('list')), [f'first {content}', f'second {content}'])
        blobs('drop', 'first')
        self.assertEqual(blobs('get', 'second'), ['content'])
        blobs('drop', 'second')
        self.assertEqual(blobs('list'), [])
        self.assertEqual(blobs('get', 'second', code=1), ['second: no such name'])

    @unittest.skipUnless('STAVE_ACCOUNTS' in os.environ, 'the C# package was not built')
    def test_accounts(self):
        def accounts(*arguments):
            return self.run_example([os.environ['STAVE_CSHARP'], os.environ['STAVE_ACCOUNTS']],
                                    *arguments)

        self.assertEqual(accounts('open', 'ada', 'London', '50'), ['ada of London has 50'])
        self.assertEqual(accounts('open', 'alan', 'London', '0'), ['alan of London has 0'])
        self.assertEqual(accounts('open', 'grace', 'New York', '7'), ['grace of New York has 7'])
        self.assertEqual(accounts('open', 'ada', 'Paris', '9'), ['ada has an account'])
        self.assertEqual(accounts('pay', 'ada', 'grace', '20'),
                         ['ada of London has 30', 'grace of New York has 27'])
        self.assertEqual(accounts('pay', 'ada', 'grace', '31'), ['ada has only 30'])
        self.assertEqual(accounts('pay', 'ada', 'nobody', '1'), ['nobody has no account'])
        self.assertEqual(accounts('in', 'London'), ['ada', 'alan'])
        self.assertEqual(accounts('move', 'ada', 'New York'), ['alan', 'ada grace'])
        self.assertEqual(accounts('in', 'New York'), ['ada', 'grace'])
        self.assertEqual(accounts('payments'), ['1'])

    @unittest.skipUnless('STAVE_JAR' in os.environ, 'the Java package was not built')
    def test_stock(self):
        def stock(*arguments):
            return self.run_example([os.environ['STAVE_JAVA'], '-cp', os.environ['STAVE_JAR'],
                                     os.environ['STAVE_STOCK']], *arguments)

        self.assertEqual(stock('add', 'tea', '5'), ['5 tea'])
        self.assertEqual(stock('sell', 'tea', '3', 'Ada'), ['2 tea'])
        self.assertEqual(stock('sell', 'tea', '3', 'Grace'), ['only 2 tea'])
        self.assertEqual(stock('sell', 'tea', '1', 'Ada'), ['1 tea'])
        self.assertEqual(stock('list'), ['goods/tea: 1', 'order/Ada/1: 3 tea', 'order/Ada/2: 1 tea'])

    @unittest.skipUnless('STAVE_JAR' in os.environ, 'the Java package was not built')
    def test_bank(self):
        def bank(*arguments):
            return self.run_example([os.environ['STAVE_JAVA'], '-cp', os.environ['STAVE_JAR'],
                                     os.environ['STAVE_BANK']], *arguments)

        self.assertEqual(bank('open', 'Ada', 'London'), [])
        self.assertEqual(bank('open', 'Grace', 'London'), [])
        self.assertEqual(bank('pay-in', 'Ada', '100'), ['Ada 100'])
        self.assertEqual(bank('transfer', 'Ada', 'Grace', '30'), ['Ada 70, Grace 30'])
        self.assertEqual(bank('transfer', 'Ada', 'Grace', '71'), ['Ada has less than 71'])
        self.assertEqual(bank('move', 'Ada', 'Paris'), ['{London=[Grace], Paris=[Ada]}'])
        self.assertEqual(bank('in', 'Paris'), ['Ada'])

    @unittest.skipUnless('STAVE_ARCHIVE' in os.environ, 'the Go package was not built')
    def test_archive(self):
        def archive(*arguments):
            return self.run_example([os.environ['STAVE_ARCHIVE']], *arguments)

        paths = [os.path.join(self.folder, name) for name in ('one', 'two', 'three')]
        for path, content in zip(paths, ('same\n', 'same\n', 'other\n')):
            with open(path, 'w', encoding='ascii') as file:
                file.write(content)
        added = [line.split() for line in archive('add', *paths)]
        self.assertEqual([name for _, name in added], ['one', 'two', 'three'])
        self.assertEqual(added[0][0], added[1][0])
        self.assertNotEqual(added[0][0], added[2][0])
        self.assertEqual(archive('get', 'two'), ['same'])
        self.assertEqual(archive('forget', 'two'), [])
        self.assertEqual(sorted(line.split()[1] for line in archive('list')), ['one', 'three'])
        self.assertEqual(archive('get', 'one'), ['same'])

    @unittest.skipUnless('STAVE_ACCOUNTS' in os.environ, 'the Go package was not built')
    def test_accounts(self):
        def accounts(*arguments, code=0):
            command = [os.environ['STAVE_ACCOUNTS'], self.store]
            result = subprocess.run([*command, *arguments], capture_output=True, text=True,
                                    timeout=60, check=False)
            self.assertEqual(result.returncode, code, result.stderr)
            return (result.stdout + result.stderr).splitlines()

        self.assertEqual(accounts('open', 'ada', 'London', '10'), ['ada'])
        self.assertEqual(accounts('open', 'grace', 'New York', '0'), ['grace'])
        self.assertEqual(accounts('open', 'alan', 'London', '0'), ['ada alan'])
        self.assertEqual(accounts('pay', 'ada', 'grace', '7'), [])
        self.assertEqual(accounts('pay', 'ada', 'grace', '7', code=1), ['accounts: ada: not enough money'])
        self.assertEqual(accounts('pay', 'grace', 'linus', '7', code=1), ['accounts: linus: no such account'])
        self.assertEqual(accounts('pay', 'grace', 'alan', '7'), [])
        self.assertEqual(accounts('payments'), ['2'])
        self.assertEqual(accounts('open', 'ada', 'Paris', '0'), ['ada'])
        self.assertEqual(accounts('in', 'London'), ['alan'])

    def test_sessions(self):
        def sessions(*arguments):
            [line] = self.run_example([sys.executable, os.environ['STAVE_SESSIONS']], *arguments)
            return line

        ada, grace = sessions('login', 'ada'), sessions('login', 'grace')
        self.assertNotEqual(ada, grace)
        self.assertEqual(sessions('who', ada), 'ada')
        self.assertEqual(sessions('who', grace), 'grace')
        self.assertEqual(sessions('logout', ada), 'bye')
        self.assertEqual(sessions('who', ada), 'nobody')
        self.assertEqual(sessions('logout', ada), 'nobody')
        short = sessions('login', 'linus', '0.001')
        time.sleep(0.01)
        self.assertEqual(sessions('who', short), 'nobody')
        self.assertEqual(sessions('clean'), '1 removed, 1 left')
        self.assertEqual(sessions('who', grace), 'grace')


if __name__ == '__main__':
    program = unittest.main(verbosity=2, exit=False)
    failed = len(program.result.failures) + len(program.result.errors)
    print(f'{program.result.testsRun - failed} passed, {failed} failed')
    sys.exit(1 if failed else 0)
