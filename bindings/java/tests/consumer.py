#!/usr/bin/env python3
"""A project of someone who uses the package: outside this tree, from the Maven repository.

    consumer.py REPOSITORY VERSION README

Resolves io.github.stavedb:stave:VERSION as Maven does (path, pom, checksum), and with nothing but the
jar compiles and runs the README's program on the class path, and a named module that requires it
on the module path. Looks into the jars of sources and javadoc, and into the temporary directory.
"""

import hashlib
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree
import zipfile

REPOSITORY, VERSION, README = pathlib.Path(sys.argv[1]), sys.argv[2], pathlib.Path(sys.argv[3])
GROUP, ARTIFACT = 'io.github.stavedb', 'stave'
PROGRAM = re.compile(r'^```java\n(.*?)^```\n\s*^```text\n(.*?)^```$', re.MULTILINE | re.DOTALL)
MODULE = 'module consumer { requires io.github.stavedb.stave; }\n'


def resolve(suffix):
    """The file of the artifact in the repository, once its checksum is found right."""
    path = REPOSITORY / GROUP.replace('.', '/') / ARTIFACT / VERSION / f'{ARTIFACT}-{VERSION}{suffix}'
    digest = hashlib.sha1(path.read_bytes()).hexdigest()
    if digest != path.with_name(path.name + '.sha1').read_text():
        raise AssertionError(f'{path}: wrong checksum')
    return path.resolve()


class ConsumerTest(unittest.TestCase):

    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.temporary = self.folder / 'tmp'
        self.temporary.mkdir()
        self.program, self.output = PROGRAM.search(README.read_text()).groups()
        (self.folder / 'Tour.java').write_text(self.program)

    def run_in_folder(self, *command):
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True,
                              timeout=60, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ''), command)
        return done.stdout

    def run_java(self, *arguments):
        return self.run_in_folder('java', f'-Djava.io.tmpdir={self.temporary}', *arguments)

    def test_class_path(self):
        jar = str(resolve('.jar'))
        self.run_in_folder('javac', '-Xlint:all', '-cp', jar, '-d', 'classes', 'Tour.java')
        self.assertEqual(self.run_java('-cp', f'{jar}:classes', 'Tour'), self.output)
        self.assertEqual(list(self.temporary.iterdir()), [], 'the copy of the library is left')

    def test_module_path(self):
        jar = str(resolve('.jar'))
        (self.folder / 'module-info.java').write_text(MODULE)
        # A named module has only named packages.
        (self.folder / 'Tour.java').write_text('package consumer;\n' + self.program)
        self.run_in_folder('javac', '-p', jar, '-d', 'classes', 'Tour.java', 'module-info.java')
        self.assertEqual(self.run_java('-p', f'{jar}:classes', '-m', 'consumer/consumer.Tour'),
                         self.output)
        self.assertIn(f'io.github.stavedb.stave@{VERSION}',
                      self.run_in_folder('java', '-p', jar, '--list-modules'))

    def test_library_of_the_property(self):
        jar = resolve('.jar')
        with zipfile.ZipFile(jar) as content:
            [name] = [name for name in content.namelist() if name.endswith('.so')]
            content.extract(name, self.folder)
        self.assertEqual(
            self.run_java(f'-Dstave.library={name}', '-cp', str(jar), 'Tour.java'), self.output)
        missing = subprocess.run(['java', '-Dstave.library=missing.so', '-cp', str(jar), 'Tour.java'],
                                 cwd=self.folder, capture_output=True, text=True, check=False)
        self.assertIn('missing.so', missing.stderr)

    def test_library_of_the_system(self):
        with zipfile.ZipFile(resolve('.jar')) as content:
            content.extractall(self.folder / 'unpacked')
        [library] = (self.folder / 'unpacked').rglob('*.so')
        elsewhere = self.folder / 'elsewhere'
        elsewhere.mkdir()
        library.rename(elsewhere / library.name)
        self.assertEqual(self.run_java(f'-Djava.library.path={elsewhere}', '-cp', 'unpacked',
                                       'Tour.java'), self.output)

    def test_coordinates(self):
        pom = xml.etree.ElementTree.parse(resolve('.pom')).getroot()
        space = '{http://maven.apache.org/POM/4.0.0}'
        self.assertEqual([pom.findtext(space + name) for name in ('groupId', 'artifactId', 'version')],
                         [GROUP, ARTIFACT, VERSION])

    def test_sources_and_documentation(self):
        with zipfile.ZipFile(resolve('-sources.jar')) as sources:
            self.assertIn('io/github/stavedb/stave/Store.java', sources.namelist())
            self.assertIn('io/github/stavedb/stave/internal/Raw.java', sources.namelist())
        with zipfile.ZipFile(resolve('-javadoc.jar')) as pages:
            names = pages.namelist()
        self.assertTrue(any(name.endswith('/stave/Store.html') for name in names))
        self.assertFalse(any(name.endswith('/Raw.html') for name in names))


if __name__ == '__main__':
    result = unittest.main(argv=sys.argv[:1], exit=False).result
    failed = len(result.failures) + len(result.errors)
    print(f'{result.testsRun - failed} passed, {failed} failed')
    sys.exit(0 if result.wasSuccessful() else 1)
