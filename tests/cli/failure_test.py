#!/usr/bin/env python3
"""What goes wrong around the program: each case has its exit code, a message that names the file and
says what to do, and loses nothing."""

import os
import pathlib
import shutil
import subprocess
import unittest

import support
from support import DAMAGED, LOCKED, MACHINE, NO_STORE, OK, USAGE

READERS = [['get', 'key'], ['scan'], ['dump'], ['stat'], ['verify'], ['export', 'target']]
NOBODY = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups']


def is_root():
    return os.geteuid() == 0


def largest_file(directory):
    return max(pathlib.Path(directory).iterdir(), key=lambda path: path.stat().st_size)


class FailureTest(support.CommandLineTest):

    def readers(self, store, exit_code, **keywords):
        """Runs every command that reads `store` and expects this exit code and a message."""
        for command, *arguments in READERS:
            if command == 'export':
                arguments = [self.folder / 'target']
            result = self.run_program(command, store, *arguments, exit_code=exit_code, **keywords)
            yield result.stderr.decode()

    def test_usage(self):
        for arguments in [[], ['nonsense'], ['get'], ['get', 'store'], ['get', 'a', 'b', 'c'],
                          ['get', 'store', 'key', '--nonsense'], ['scan', 'store', '--limit', 'x'],
                          ['get', 'store', 'key', '--hex', '--base64'],
                          ['put', 'store', 'key', 'value', '--file', 'file']]:
            self.run_program(*arguments, exit_code=USAGE)

    def test_help_and_version(self):
        self.assertRegex(self.output('--version'), rb'^stave \d+\.\d+\.\d+\n$')
        text = self.output('--help')
        for command in [b'put', b'get', b'del', b'scan', b'import', b'export', b'dump', b'load',
                        b'stat', b'verify', b'bench']:
            self.assertIn(command, text)
            detail = self.output(command, '--help')
            self.assertIn(b'Example', detail)
            self.assertIn(b'stave ' + command + b' store', detail)
        self.assertIn(b'Exit codes', text)
        self.assertIn(b'segment_size', self.output('--list-options'))

    def test_bad_options_name_themselves(self):
        for options in ['nonsense=1', 'durability=maybe', 'segment_size=1', 'shards=3', 'x']:
            result = self.run_program('put', self.store, 'k', 'v', '--options', options,
                                      exit_code=USAGE)
            self.assertIn(options.split('=')[0].encode(), result.stderr)
        self.run_program('put', self.store, 'k', 'v', '--durability', 'maybe', exit_code=USAGE)
        self.assertFalse(self.store.exists())

    def test_a_read_only_option_is_refused_by_writers(self):
        self.run_program('put', self.store, 'k', 'v')
        for command in [['put', self.store, 'k', 'w'], ['del', self.store, 'k']]:
            self.run_program(*command, '--options', 'read_only=1', exit_code=USAGE)
        self.assertEqual(self.output('get', self.store, 'k'), b'v')

    def test_no_store(self):
        for message in self.readers(self.store, NO_STORE):
            self.assertIn(str(self.store), message)
        self.run_program('del', self.store, 'key', exit_code=NO_STORE)
        self.assertFalse(self.store.exists())
        self.run_program('put', self.store / 'no' / 'parent', 'k', 'v', exit_code=NO_STORE)

    def test_a_directory_of_something_else(self):
        for name, expected in [('empty', NO_STORE), ('foreign', NO_STORE)]:
            directory = self.folder / name
            directory.mkdir()
            if name == 'foreign':
                (directory / 'notes.txt').write_bytes(b'mine')
            for message in self.readers(directory, expected):
                self.assertIn(str(directory), message)
        self.assertEqual((self.folder / 'foreign' / 'notes.txt').read_bytes(), b'mine')

    def test_a_file_where_the_store_should_be(self):
        file = self.folder / 'file'
        file.write_bytes(b'mine')
        for command in [['get', file, 'k'], ['put', file, 'k', 'v'], ['stat', file]]:
            result = subprocess.run([support.PROGRAM, *command], capture_output=True, check=False)
            self.assertEqual(result.returncode, USAGE, result.stderr)
            self.assertIn(os.fsencode(file), result.stderr)
        self.assertEqual(file.read_bytes(), b'mine')

    def damaged_copy(self, name, change):
        """A copy of a store of one record whose largest file went through `change`."""
        if not self.store.exists():
            self.run_program('put', self.store, 'key', stdin=b'A' * 1000)
        copy = self.folder / name
        shutil.copytree(self.store, copy)
        file = largest_file(copy)
        file.write_bytes(change(file.read_bytes()))
        return copy, file

    def test_damage_is_exit_code_5_and_names_the_file(self):
        changes = {'flipped': lambda data: data.replace(b'A' * 1000, b'A' * 999 + b'B'),
                   'cut': lambda data: data[:data.index(b'A' * 1000) + 10],
                   'emptied': lambda data: b'',
                   'foreign': lambda data: b'#!/bin/sh\n' * 1000}
        for name, change in changes.items():
            copy, file = self.damaged_copy(name, change)
            before = file.read_bytes()
            result = self.run_program('verify', copy, '--json', exit_code=DAMAGED)
            self.assertIn(file.name.encode(), result.stderr)
            self.assertIn(b'"ok":false', result.stdout)
            self.run_program('get', copy, 'key', exit_code=DAMAGED)
            self.assertEqual(file.read_bytes(), before)

    def test_every_file_of_a_store_emptied_removed_or_foreign(self):
        """The right answer or a documented error, whichever file it is and whatever happens to it."""
        self.run_program('put', self.store, 'key', 'value')
        changes = {'emptied': lambda file: file.write_bytes(b''), 'removed': pathlib.Path.unlink,
                   'foreign': lambda file: file.write_bytes(b'#!/bin/sh\n' * 100)}
        for name in sorted(os.listdir(self.store)):
            for change_name, change in changes.items():
                copy = self.folder / f'{name} {change_name}'
                shutil.copytree(self.store, copy)
                change(copy / name)
                result = subprocess.run([support.PROGRAM, 'get', copy, 'key'], capture_output=True,
                                        check=False)
                if result.returncode == OK:
                    self.assertEqual(result.stdout, b'value', copy)
                else:
                    self.assertIn(result.returncode, [DAMAGED, NO_STORE], result.stderr)
                    self.assertNotEqual(result.stderr, b'')

    def test_a_store_that_another_process_holds(self):
        tree = self.make_tree(support.HeldImport.make_files())
        held = support.HeldImport(self.store, tree)
        try:
            for message in self.readers(self.store, LOCKED):
                self.assertIn(str(held.process.pid), message)
            self.run_program('put', self.store, 'k', 'v', exit_code=LOCKED)
            self.assertEqual(len(held.drain()), held.FILES)
            self.assertEqual(held.process.wait(timeout=60), OK)
        finally:
            held.close()
        self.assertEqual(len(self.records()), held.FILES)

    def test_output_that_cannot_be_written(self):
        self.run_program('put', self.store, 'key', 'value')
        for command in [['get', self.store, 'key'], ['scan', self.store], ['dump', self.store],
                        ['stat', self.store], ['verify', self.store]]:
            with open('/dev/full', 'wb') as full:
                result = subprocess.run([support.PROGRAM, *command], stdout=full, check=False,
                                        stderr=subprocess.PIPE)
            self.assertEqual(result.returncode, MACHINE)
            self.assertIn(b'standard output', result.stderr)
        result = self.run_program('get', self.store, 'key', '--output', self.folder,
                                  exit_code=MACHINE)
        self.assertIn(os.fsencode(self.folder), result.stderr)

    def test_input_that_cannot_be_read(self):
        missing = self.folder / 'missing'
        result = self.run_program('put', self.store, 'key', '--file', missing, exit_code=MACHINE)
        self.assertIn(os.fsencode(missing), result.stderr)
        self.run_program('put', self.store, 'key', '--file', self.folder, exit_code=MACHINE)
        self.assertFalse(self.store.exists())

    @unittest.skipUnless(is_root() and shutil.which('setpriv'), 'needs root and setpriv')
    def test_no_permission(self):
        if subprocess.run([*NOBODY, support.PROGRAM, '--version'], capture_output=True,
                          check=False).returncode != 0:
            self.skipTest('the build directory is private: another user cannot run the program')
        self.run_program('put', self.store, 'key', 'value')
        tree = self.make_tree({b'open': b'1', b'secret': b'2', b'closed/file': b'3'})
        self.folder.chmod(0o755)
        self.store.chmod(0o700)
        for message in self.readers(self.store, MACHINE, prefix=NOBODY):
            self.assertIn(str(self.store), message)
        self.run_program('put', self.folder / 'new', 'k', 'v', prefix=NOBODY, exit_code=MACHINE)

        mine = self.folder / 'mine'
        mine.mkdir()
        os.chown(mine, 65534, 65534)
        (tree / 'secret').chmod(0o600)
        (tree / 'closed').chmod(0o700)
        result = self.run_program('import', mine / 'store', tree, prefix=NOBODY,
                                  exit_code=support.PARTIAL)
        self.assertEqual(result.stderr.count(b'Permission denied'), 2)
        self.assertEqual(self.output('scan', mine / 'store', prefix=NOBODY), b'open\n')

    @unittest.skipUnless(is_root(), 'needs root to mount a small file system')
    def test_a_full_disk(self):
        disk = self.folder / 'disk'
        disk.mkdir()
        if subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', disk],
                          capture_output=True, check=False).returncode != 0:
            self.skipTest('mounting is not allowed here')
        self.addCleanup(subprocess.run, ['umount', disk], check=True)
        files = {b'%03d' % number: os.urandom(32 * 1024) for number in range(128)}
        tree = self.make_tree(files)
        acknowledged = self.folder / 'acknowledged'
        result = self.run_program('import', disk / 'store', tree, '--acknowledge', acknowledged,
                                  '--batch-size', '64KiB', exit_code=MACHINE)
        self.assertIn(b'no space left', result.stderr)
        self.assertIn(b'free space', result.stderr)
        self.assertIn(b'files had been stored before', result.stderr)
        stored = self.records(disk / 'store')
        names = acknowledged.read_bytes().split(b'\0')[:-1]
        self.assertGreater(len(names), 0)
        for name in names:
            self.assertEqual(stored[name], files[name])
        self.run_program('verify', disk / 'store')
        self.run_program('del', disk / 'store', names[0])
        self.run_program('get', disk / 'store', names[0], exit_code=support.NEGATIVE)
        self.run_program('export', disk / 'store', disk / 'export', exit_code=MACHINE)


if __name__ == '__main__':
    support.main()
