"""What the tests of the command line share: running `stave`, directories, a store held open."""

import base64
import fcntl
import json
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile
import termios
import time
import unittest

PROGRAM = os.environ['STAVE']

OK, NEGATIVE, USAGE, MACHINE, LOCKED, DAMAGED, NO_STORE, PARTIAL = range(8)


class CommandLineTest(unittest.TestCase):
    """Each test has a temporary directory `self.folder` and a path for a store in it."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix='stave-cli-'))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.store = self.folder / 'store'

    def run_program(self, *arguments, exit_code=OK, stdin=b'', prefix=(), **keywords):
        """Runs the program, checks its exit code and that errors are told, and returns the result."""
        result = subprocess.run([*prefix, PROGRAM, *arguments], input=stdin, capture_output=True,
                                timeout=120, check=False, **keywords)
        self.assertEqual(result.returncode, exit_code,
                         f'stave {arguments}: {result.stderr.decode(errors="replace")}')
        if exit_code != OK:
            self.assertNotEqual(result.stderr, b'', 'an exit code without a word about it')
        return result

    def output(self, *arguments, **keywords):
        return self.run_program(*arguments, **keywords).stdout

    def json(self, *arguments, **keywords):
        """The JSON objects that a command prints, one a line."""
        lines = self.output(*arguments, '--json', **keywords).splitlines()
        return [json.loads(line) for line in lines]

    def make_tree(self, files, name='tree'):
        """Writes {relative path as bytes: contents} below a directory and returns its path."""
        root = self.folder / name
        root.mkdir()
        for path, contents in files.items():
            full = os.path.join(os.fsencode(root), path)
            os.makedirs(os.path.dirname(full), exist_ok=True)
            with open(full, 'wb') as file:
                file.write(contents)
        return root

    def records(self, store=None):
        """All records of a store as {key: value}, by way of --json."""
        found = {}
        for record in self.json('scan', store or self.store, '--values'):
            key, value = (record[name].encode() if name in record
                          else base64.b64decode(record[name + '_base64'])
                          for name in ('key', 'value'))
            self.assertNotIn(key, found, 'scan shows a key twice')
            found[key] = value
        return found


def tree_of(root):
    """{relative path as bytes: contents} of the regular files below a directory."""
    root = os.fsencode(root)
    found = {}
    for directory, _, names in os.walk(root):
        for name in names:
            path = os.path.join(directory, name)
            if os.path.isfile(path) and not os.path.islink(path):
                with open(path, 'rb') as file:
                    found[os.path.relpath(path, root)] = file.read()
    return found


class HeldImport:
    """An import that stands still: its acknowledgements fill a pipe that nobody empties.

    While it stands, it holds the store open. `files` long names are needed to fill the pipe, which
    make_files() makes.
    """

    FILES = 1000

    @staticmethod
    def make_files():
        return {b'%04d-%s' % (number, b'x' * 200): b'contents %d' % number
                for number in range(HeldImport.FILES)}

    def __init__(self, store, tree, *arguments, stderr=subprocess.PIPE):
        self.reader, writer = os.pipe()
        self.process = subprocess.Popen(
            [PROGRAM, 'import', store, tree, '--acknowledge', f'/dev/fd/{writer}', '--batch-size',
             '1', '--durability', 'os', '--jobs', '2', *arguments],
            pass_fds=[writer], stdout=subprocess.PIPE, stderr=stderr)
        os.close(writer)
        self.acknowledged = os.read(self.reader, 1)  # the first write has returned
        self.wait_until_still()

    def wait_until_still(self):
        """Returns when the pipe has been as full as it is for a while."""
        before, waiting = -1, 0
        while waiting != before:
            before = waiting
            time.sleep(0.2)
            waiting = struct.unpack('i', fcntl.ioctl(self.reader, termios.FIONREAD, bytes(4)))[0]

    def drain(self):
        """Reads the pipe to its end and returns the keys that were acknowledged."""
        while chunk := os.read(self.reader, 1 << 16):
            self.acknowledged += chunk
        # A write to the pipe that the end of the process cut short acknowledges nothing.
        return self.acknowledged.split(b'\0')[:-1]

    def close(self):
        os.close(self.reader)
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdout, self.process.stderr):
            if stream:
                stream.close()


def main():
    """Runs the tests of the calling module and closes with the line that tools/run_tests reads."""
    program = unittest.main(verbosity=2, exit=False)
    result = program.result
    failed = len(result.failures) + len(result.errors)
    passed = result.testsRun - failed - len(result.skipped)
    print(f'{passed} passed, {failed} failed, {len(result.skipped)} skipped', flush=True)
    sys.exit(1 if failed else 0)
