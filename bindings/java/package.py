#!/usr/bin/env python3
"""Makes the Java package's files; run by meson.build.

    package.py jar OUTPUT ...         compiles, and packs classes and natives (programs too)
    package.py repository STAMP ...   adds the jars of sources and javadoc, and the pom

The second makes a Maven repository in the directory of STAMP, as a server would serve it. Jars are
reproducible: entries are sorted and have one date.
"""

import argparse
import hashlib
import pathlib
import platform
import re
import shutil
import subprocess
import tempfile
import zipfile

COORDINATES = ('io/github/stavedb', 'stave')
EXPORTED = 'io.github.stavedb.stave'
LICENSE = pathlib.Path(__file__).resolve().parents[2] / 'LICENSE'
# The oldest Java that the package runs on.
RELEASE = '11'
PROBLEM = re.compile(r': (warning|error)(: |:? - )')
# A first sentence that says what a method returns needs no tag that says it again.
NO_PROBLEM = re.compile(r'no @(return|param|throws)')
PACKAGE_LINE = re.compile(r'^package ([\w.]+);', re.MULTILINE)


def place_of(source):
    """Where a source belongs in a tree, by its package: generated files lie flat."""
    package = PACKAGE_LINE.search(source.read_text())
    folder = package.group(1).replace('.', '/') + '/' if package else ''
    return folder + source.name


def write_jar(path, files, manifest=''):
    """`files` maps names to bytes."""
    content = {'META-INF/LICENSE': LICENSE.read_bytes(), **files}
    manifest = f'Manifest-Version: 1.0\r\n{manifest}\r\n'.encode()
    with zipfile.ZipFile(path, 'w', zipfile.ZIP_DEFLATED) as jar:
        for name, data in [('META-INF/MANIFEST.MF', manifest), *sorted(content.items())]:
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            jar.writestr(entry, data)


def tree(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes()
            for path in folder.rglob('*') if path.is_file()}


def lay_out(sources, folder):
    """Copies the sources into a source tree."""
    for source in sources:
        copy = folder / place_of(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, copy)


def make_jar(options, scratch):
    subprocess.run(['javac', '-Xlint:all,-try', '-Werror', '--release', RELEASE, '--module-version',
                    options.version, '-encoding', 'UTF-8', '-d', scratch,
                    '--class-path', options.class_path, *options.sources], check=True)
    files = tree(scratch)
    folder = f'io/github/stavedb/stave/native/linux-{platform.machine()}'
    for native in options.natives:
        files[f'{folder}/{native.name}'] = native.read_bytes()
    if options.pom:
        files['META-INF/maven/io.github.stavedb/stave/pom.xml'] = options.pom.read_bytes()
    manifest = ('Implementation-Title: Stave\r\n'
                f'Implementation-Version: {options.version}\r\n')
    write_jar(options.output, files, manifest)


def make_javadoc(version, sources, folder):
    """Of what the module exports. Fails when a public name lacks a comment or a link leads nowhere."""
    run = subprocess.run(['javadoc', '-quiet', '-Xdoclint:all', '-Xmaxwarns', '10000',
                          '--release', RELEASE, '-notimestamp', '-encoding', 'UTF-8',
                          '-docencoding', 'UTF-8', '-windowtitle', f'Stave {version}',
                          '-d', folder, '--source-path', sources, EXPORTED],
                         capture_output=True, text=True, check=False)
    problems = [line for line in run.stderr.splitlines()
                if PROBLEM.search(line) and not NO_PROBLEM.search(line)]
    if run.returncode != 0 or problems:
        raise SystemExit('\n'.join(problems) or run.stderr)


def make_repository(options, scratch):
    group, artifact = COORDINATES
    folder = options.output.parent / 'maven' / group / artifact / options.version
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    base = f'{folder}/{artifact}-{options.version}'
    lay_out(options.sources, scratch / 'sources')
    make_javadoc(options.version, scratch / 'sources', scratch / 'javadoc')
    write_jar(f'{base}-sources.jar', tree(scratch / 'sources'))
    write_jar(f'{base}-javadoc.jar', tree(scratch / 'javadoc'))
    shutil.copyfile(options.jar, f'{base}.jar')
    shutil.copyfile(options.pom, f'{base}.pom')
    for file in sorted(folder.iterdir()):
        digest = hashlib.sha1(file.read_bytes()).hexdigest()
        file.with_name(file.name + '.sha1').write_text(digest)
    options.output.touch()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('what', choices=['jar', 'repository'])
    parser.add_argument('output', type=pathlib.Path)
    parser.add_argument('--version', required=True)
    parser.add_argument('--natives', type=pathlib.Path, nargs='*', default=[])
    parser.add_argument('--class-path', default='')
    parser.add_argument('--jar', type=pathlib.Path)
    parser.add_argument('--pom', type=pathlib.Path)
    parser.add_argument('--sources', type=pathlib.Path, nargs='+', required=True)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        make = make_jar if options.what == 'jar' else make_repository
        make(options, pathlib.Path(scratch))


main()
