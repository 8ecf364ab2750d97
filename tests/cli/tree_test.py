#!/usr/bin/env python3
"""import and export: a tree of awkward files there and back, and what must be left out."""

import os
import socket

import support
from support import MACHINE, PARTIAL, USAGE

NASTY = {
    b'empty': b'',
    b'one byte': b'\0',
    b'spaces  and\ttabs/ leading': b'space',
    b'new\nline': b'newline in the name',
    b'not utf8 \xff\xfe/\x80\x81': b'bytes',
    b'quotes "\'`$*?[]{}\\': b'shell',
    b'-dash/--help': b'dash',
    b'...': b'three dots', b'..two': b'begins with two', b'.hidden/.a': b'hidden',
    b'deep/' + b'd/' * 300 + b'file': b'three hundred levels',
    b'n' * 255: b'longest name',
    b'page 4095': b'\xa5' * 4095, b'page 4096': b'\xa5' * 4096, b'page 4097': b'\xa5' * 4097,
    b'large': bytes(range(256)) * 40000,
}


class TreeTest(support.CommandLineTest):

    def test_round_trip_of_a_nasty_tree(self):
        tree = self.make_tree(NASTY)
        os.symlink('empty', tree / 'link')
        os.symlink('/etc', tree / 'link to a directory')
        os.symlink('nowhere', tree / 'broken link')
        os.mkfifo(tree / 'pipe')
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(tree / 'socket'))
            for jobs, batch_size in [(1, '4MiB'), (4, '1'), (3, '8KiB')]:
                store = self.folder / f'store {jobs}'
                [summary] = self.json('import', store, tree, '--jobs', str(jobs), '--batch-size',
                                      batch_size, '--durability', 'os')
                self.assertEqual(summary['files'], len(NASTY))
                self.assertEqual(summary['bytes'], sum(map(len, NASTY.values())))
                self.assertEqual((summary['skipped'], summary['left_out']), (5, 0))
                self.assertEqual(self.records(store), NASTY)
        target = self.folder / 'exported'
        [summary] = self.json('export', store, target)
        self.assertEqual(summary['files'], len(NASTY))
        self.assertEqual(support.tree_of(target), NASTY)

    def test_a_second_import_overwrites(self):
        tree = self.make_tree({b'a': b'old', b'b': b'same'})
        self.run_program('import', self.store, tree)
        (tree / 'a').write_bytes(b'new')
        (tree / 'b').unlink()
        text = self.output('import', self.store, tree)
        self.assertIn(b'imported 1 files, 3 bytes', text)
        self.assertEqual(self.records(), {b'a': b'new', b'b': b'same'})

    def test_prefixes(self):
        first = self.make_tree({b'a': b'1', b'd/b': b'2'}, 'first')
        second = self.make_tree({b'a': b'3'}, 'second')
        self.run_program('import', self.store, first, '--prefix', 'one/')
        self.run_program('import', self.store, second, '--prefix', r'\xff/')
        self.assertEqual(self.records(), {b'one/a': b'1', b'one/d/b': b'2', b'\xff/a': b'3'})
        target = self.folder / 'target'
        self.run_program('export', self.store, target, '--prefix', 'one/')
        self.assertEqual(support.tree_of(target), {b'a': b'1', b'd/b': b'2'})

    def test_a_store_inside_the_tree_does_not_import_itself(self):
        tree = self.make_tree({b'a': b'1'})
        for _ in range(2):
            [summary] = self.json('import', tree / 'store', tree)
            self.assertEqual(summary['files'], 1)
        self.assertEqual(self.records(tree / 'store'), {b'a': b'1'})

    def test_acknowledgements_name_every_file(self):
        tree = self.make_tree(NASTY)
        acknowledged = self.folder / 'acknowledged'
        acknowledged.write_bytes(b'kept\0')
        self.run_program('import', self.store, tree, '--acknowledge', acknowledged, '--prefix', 'p/')
        names = acknowledged.read_bytes().split(b'\0')
        self.assertEqual((names[0], names[-1]), (b'kept', b''))
        self.assertEqual(sorted(names[1:-1]), sorted(b'p/' + path for path in NASTY))
        self.run_program('import', self.store, tree, '--acknowledge', '/dev/full', exit_code=MACHINE)

    def test_what_cannot_be_imported_is_named_and_the_rest_goes_on(self):
        tree = self.make_tree({b'a': b'1', b'z': b'2'})
        with open(tree / 'huge', 'wb') as file:
            file.truncate((1 << 30) + 1)
        result = self.run_program('import', self.store, tree, '--json', exit_code=PARTIAL)
        self.assertIn(b"'huge'", result.stderr)
        self.assertIn(b'"left_out":1', result.stdout)
        self.assertEqual(self.records(), {b'a': b'1', b'z': b'2'})

    def test_a_path_beyond_the_limit_of_a_key_is_left_out(self):
        tree = self.make_tree({b'a': b'1'})
        name = 'd' * 250
        directory = os.open(tree, os.O_RDONLY | os.O_DIRECTORY)
        for depth in range(262):
            os.mkdir(name, dir_fd=directory)
            below = os.open(name, os.O_RDONLY | os.O_DIRECTORY, dir_fd=directory)
            os.close(directory)
            directory = below
            if depth in (200, 261):
                os.close(os.open('file', os.O_WRONLY | os.O_CREAT, dir_fd=directory))
        os.close(directory)
        result = self.run_program('import', self.store, tree, '--json', exit_code=PARTIAL)
        self.assertIn(b'"files":2', result.stdout)
        self.assertIn(b'"left_out":1', result.stdout)

    def test_export_refuses_keys_that_are_no_paths(self):
        refused = [b'', b'/absolute', b'..', b'../escape', b'a/../../escape', b'.', b'a/./b',
                   b'a//b', b'trailing/', b'nul\0byte', b'n' * 256, b'file/below']
        for key in [*refused, b'file', b'fine/file']:
            self.run_program('put', self.store, '--hex', key.hex(), '61', '--durability', 'os')
        target = self.folder / 'target'
        target.mkdir()
        (target / 'file').write_bytes(b'was here')
        result = self.run_program('export', self.store, target, '--json', exit_code=PARTIAL)
        self.assertIn(b'"files":1,', result.stdout)
        self.assertEqual(result.stderr.count(b'left out '), len(refused) + 1)
        self.assertEqual(support.tree_of(target), {b'file': b'was here', b'fine/file': b'a'})
        self.assertEqual(sorted(path.name for path in self.folder.iterdir()), ['store', 'target'])
        self.run_program('export', self.store, target, '--overwrite', exit_code=PARTIAL)
        self.assertEqual(support.tree_of(target), {b'file': b'a', b'fine/file': b'a'})

    def test_export_does_not_follow_links(self):
        outside = self.make_tree({b'victim': b'untouched'}, 'outside')
        target = self.folder / 'target'
        target.mkdir()
        os.symlink(outside, target / 'directory')
        os.symlink(outside / 'victim', target / 'file')
        self.run_program('put', self.store, 'directory/victim', 'x')
        self.run_program('put', self.store, 'file', 'x')
        self.run_program('export', self.store, target, exit_code=PARTIAL)
        self.assertEqual(support.tree_of(outside), {b'victim': b'untouched'})
        # Replacing a link is no following: the new file takes its place.
        self.run_program('export', self.store, target, '--overwrite', exit_code=PARTIAL)
        self.assertEqual(support.tree_of(outside), {b'victim': b'untouched'})
        self.assertEqual((target / 'file').read_bytes(), b'x')

    def test_an_empty_tree_and_an_empty_store(self):
        tree = self.make_tree({})
        [summary] = self.json('import', self.store, tree)
        self.assertEqual((summary['files'], summary['bytes']), (0, 0))
        target = self.folder / 'target'
        [summary] = self.json('export', self.store, target)
        self.assertEqual(summary['files'], 0)
        self.assertEqual(list(target.iterdir()), [])

    def test_bad_directories_and_arguments(self):
        tree = self.make_tree({b'a': b'1'})
        self.run_program('import', self.store, self.folder / 'missing', exit_code=MACHINE)
        self.run_program('import', self.store, tree / 'a', exit_code=MACHINE)
        self.run_program('import', self.store, tree, '--jobs', '0', exit_code=USAGE)
        self.run_program('import', self.store, tree, '--batch-size', 'much', exit_code=USAGE)
        self.run_program('import', self.store, tree, '--batch-size', '-1', exit_code=USAGE)
        self.assertFalse(self.store.exists())
        self.run_program('import', self.store, tree)
        self.run_program('export', self.store, tree / 'a', exit_code=MACHINE)
        self.run_program('export', self.store, self.folder / 'no' / 'parent', exit_code=MACHINE)


if __name__ == '__main__':
    support.main()
