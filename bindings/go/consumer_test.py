#!/usr/bin/env python3
"""A project of someone who uses the module: outside this tree, with an installed libstave.

    consumer_test.py GO BUILD README

Installs BUILD into a fresh directory, copies the module to where no other file of the repository is,
and in a module that replaces it with the copy, builds and runs the README's program: with the shared
library and with the static one. There is no SWIG, and no network.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

GO, BUILD, README = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
MODULE = 'github.com/stavedb/stave/bindings/go'
PROGRAM = re.compile(r'^```go\n(.*?)^```\n\s*^```text\n(.*?)^```$', re.MULTILINE | re.DOTALL)
NO_SWIG = '#!/bin/sh\necho "a consumer needs no SWIG" >&2\nexit 1\n'


class ConsumerTest(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        root = cls.folder / 'root'
        subprocess.run(['meson', 'install', '-C', BUILD, '--no-rebuild', '--destdir', root],
                       check=True, stdout=subprocess.DEVNULL)
        [description] = root.rglob('pkgconfig/stave.pc')
        cls.libraries = description.parent.parent

        shutil.copytree(pathlib.Path(__file__).parent, cls.folder / 'module')
        tools = cls.folder / 'tools'
        tools.mkdir()
        (tools / 'swig').write_text(NO_SWIG)
        (tools / 'swig').chmod(0o755)
        cls.environment = {
            **os.environ, 'PATH': f'{tools}:{os.environ["PATH"]}', 'GOPROXY': 'off',
            'GOFLAGS': '-mod=mod', 'GOTOOLCHAIN': 'local', 'CGO_ENABLED': '1',
            'PKG_CONFIG_PATH': str(description.parent), 'PKG_CONFIG_SYSROOT_DIR': str(root),
            'GOCACHE': os.environ.get('GOCACHE') or subprocess.run(
                [GO, 'env', 'GOCACHE'], capture_output=True, text=True, check=True).stdout.strip(),
        }
        cls.environment.pop('LD_LIBRARY_PATH', None)

        cls.project = cls.folder / 'project'
        cls.project.mkdir()
        program, cls.output = PROGRAM.search(README.read_text()).groups()
        (cls.project / 'main.go').write_text(program)
        cls.go('mod', 'init', 'example.org/consumer')
        cls.go('mod', 'edit', f'-require={MODULE}@v0.1.0', f'-replace={MODULE}=../module')

    @classmethod
    def go(cls, *arguments):
        done = subprocess.run([GO, *arguments], cwd=cls.project, env=cls.environment, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode != 0:
            raise AssertionError(f'go {" ".join(arguments)}\n{done.stdout}')
        return done.stdout

    def run_program(self, name, **environment):
        with tempfile.TemporaryDirectory() as directory:
            done = subprocess.run([self.project / name], cwd=directory, capture_output=True,
                                  env={**self.environment, **environment}, text=True, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ''))
        self.assertEqual(done.stdout, self.output)

    def test_shared(self):
        self.go('build', '-o', 'shared', '.')
        self.run_program('shared', LD_LIBRARY_PATH=str(self.libraries))

    def test_static(self):
        self.go('build', '-tags', 'stave_static', '-o', 'static', '.')
        self.run_program('static')

    def test_vet_and_documentation(self):
        self.go('vet', '.')
        text = self.go('doc', '-all', MODULE)
        self.assertIn('func (s *Store) AppendGet(dst, key []byte)', text)


if __name__ == '__main__':
    result = unittest.main(argv=sys.argv[:1], verbosity=2, exit=False).result
    failed = len(result.failures) + len(result.errors)
    print(f'{result.testsRun - failed} passed, {failed} failed')
    sys.exit(0 if result.wasSuccessful() else 1)
