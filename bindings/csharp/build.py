#!/usr/bin/env python3
"""Makes the C# package's files; run by meson.build.

    build.py flavors                           which of the flavors below this machine can make
    build.py library FLAVOR FOLDER STAMP ...   compiles Stave.dll and its XML documentation
    build.py program FLAVOR FOLDER STAMP ...   compiles a program that uses it
    build.py package OUTPUT ...                packs everything into a .nupkg
    build.py fetch                             gets what netstandard2.0 needs from NuGet

    flavor           compiler                       what it is compiled against
    net              csc of the .NET SDK            the SDK's own version of .NET
    netstandard2.0   csc of the .NET SDK            packages of NuGet, where they are installed
    mono             mcs                            Mono's class library

What belongs to a flavor goes into the directory FOLDER/FLAVOR, with a link to the native library, so
that programs run from there. The compilers are called directly: they need no network and
leave nothing in the source tree. Only `fetch` uses the network; tools/setup runs it.
"""

import argparse
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import zipfile

HERE = pathlib.Path(__file__).resolve().parent
LICENSE = HERE.parents[1] / 'LICENSE'
NATIVE = 'libstavecs.so'
# What netstandard2.0 is compiled against: package, version, where its assemblies are. The second is what
# Stave's users need too.
SYSTEM_MEMORY = '4.5.5'
STANDARD_PACKAGES = [
    ('netstandard.library', '2.0.3', 'build/netstandard2.0/ref'),
    ('system.memory', SYSTEM_MEMORY, 'lib/netstandard2.0'),
    ('system.buffers', '4.5.1', 'lib/netstandard2.0'),
]
# C# 7.3 is what Mono's compiler knows most of, and what netstandard2.0 allows. The warning is that
# assemblies for netstandard2.0 name older versions of what .NET has: that is their purpose.
CSC_OPTIONS = ['-nologo', '-noconfig', '-nostdlib', '-langversion:7.3', '-warn:4', '-deterministic',
               '-debug:embedded', '-optimize', '-utf8output', '-nowarn:1701']
MCS_OPTIONS = ['-langversion:latest', '-optimize', '-r:System.Core']
QUIET = {'DOTNET_SYSTEM_GLOBALIZATION_INVARIANT': '1', 'DOTNET_CLI_TELEMETRY_OPTOUT': '1',
         'DOTNET_NOLOGO': '1', 'DOTNET_SKIP_FIRST_TIME_EXPERIENCE': '1',
         'DOTNET_GENERATE_ASPNET_CERTIFICATE': 'false'}
FETCH_SECONDS = 90
FETCH_PROJECT = f'''<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup><TargetFramework>netstandard2.0</TargetFramework></PropertyGroup>
  <ItemGroup><PackageReference Include="System.Memory" Version="{SYSTEM_MEMORY}"/></ItemGroup>
</Project>
'''


class Sdk:
    """The newest .NET SDK on PATH."""

    def __init__(self, version, root):
        self.csc = root / 'sdk' / version / 'Roslyn/bincore/csc.dll'
        major = version.split('.')[0]
        packs = sorted((root / 'packs/Microsoft.NETCore.App.Ref').glob(f'{major}.*'))
        self.framework = f'net{major}.0'
        self.references = packs[-1] / 'ref' / self.framework if packs else None
        runtimes = sorted((root / 'shared/Microsoft.NETCore.App').glob(f'{major}.*'))
        self.runtime = runtimes[-1].name if runtimes else None

    @staticmethod
    def find():
        if not shutil.which('dotnet'):
            return None
        listed = subprocess.run(['dotnet', '--list-sdks'], capture_output=True, text=True,
                                env={**os.environ, **QUIET}, check=False).stdout
        found = re.findall(r'^(\S+) \[(.*)\]$', listed, re.MULTILINE)
        if not found:
            return None
        version, folder = found[-1]
        sdk = Sdk(version, pathlib.Path(folder).parent)
        return sdk if sdk.csc.exists() and sdk.references and sdk.runtime else None

    def compile(self, references, arguments):
        options = [f'-r:{path}' for path in references]
        subprocess.run(['dotnet', 'exec', self.csc, *CSC_OPTIONS, *options, *arguments],
                       env={**os.environ, **QUIET}, check=True)


def standard_references():
    """The assemblies to compile netstandard2.0 against, or None where packages are missing."""
    packages = os.environ.get('NUGET_PACKAGES') or pathlib.Path.home() / '.nuget/packages'
    folders = [pathlib.Path(packages, name, version, folder)
               for name, version, folder in STANDARD_PACKAGES]
    if not all(folder.is_dir() for folder in folders):
        return None
    return [path for folder in folders for path in sorted(folder.glob('*.dll'))]


def fetch():
    """Never fails: without the packages there is no netstandard2.0, and `flavors` shows it."""
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, 'fetch.csproj').write_text(FETCH_PROJECT)
        try:
            done = subprocess.run(
                ['dotnet', 'restore', '--verbosity', 'quiet', '--disable-build-servers'],
                cwd=folder, env={**os.environ, **QUIET}, timeout=FETCH_SECONDS, check=False)
            fetched = done.returncode == 0
        except subprocess.TimeoutExpired:
            fetched = False
    if not fetched or not standard_references():
        print('Stave: NuGet does not give them; the C# package goes without netstandard2.0.')


def flavors():
    found = []
    if Sdk.find():
        found.append('net')
        if standard_references():
            found.append('netstandard2.0')
    if shutil.which('mcs') and shutil.which('mono'):
        found.append('mono')
    return found


def compile_with(flavor, is_program, arguments):
    if flavor == 'mono':
        subprocess.run(['mcs', *MCS_OPTIONS, '-warnaserror', '-unsafe', *arguments], check=True)
        return
    sdk = Sdk.find()
    references = sorted(sdk.references.glob('*.dll'))
    if flavor == 'netstandard2.0' and not is_program:
        references = standard_references()
    else:
        arguments = ['-define:NET', *arguments]
    sdk.compile(references, ['-warnaserror', '-unsafe', f'-pathmap:{HERE}=/_/stave', *arguments])


def folder_of(options):
    folder = options.folder / options.flavor
    folder.mkdir(exist_ok=True)
    return folder


def make_library(options):
    folder = folder_of(options)
    compile_with(options.flavor, False, [
        '-target:library', f'-out:{folder}/Stave.dll', f'-doc:{folder}/Stave.xml',
        *options.sources])
    link = folder / NATIVE
    link.unlink(missing_ok=True)
    link.symlink_to(os.path.relpath(options.native, folder))
    options.stamp.touch()


def make_program(options):
    folder = folder_of(options)
    suffix = 'exe' if options.flavor == 'mono' else 'dll'
    compile_with(options.flavor, True, [
        '-target:exe', f'-out:{folder}/{options.name}.{suffix}', f'-r:{folder}/Stave.dll',
        *options.sources])
    if suffix == 'dll':
        sdk = Sdk.find()
        settings = {'runtimeOptions': {
            'tfm': sdk.framework,
            'framework': {'name': 'Microsoft.NETCore.App', 'version': sdk.runtime},
            'configProperties': {'System.GC.Concurrent': False,
                                 'System.Globalization.Invariant': True}}}
        (folder / f'{options.name}.runtimeconfig.json').write_text(json.dumps(settings, indent=2))
    options.stamp.touch()


# ---- The package -----------------------------------------------------------------------------

CONTENT_TYPES = '''<?xml version="1.0" encoding="utf-8"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
  <Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
  <Default Extension="nuspec" ContentType="application/octet"/>
  <Default Extension="dll" ContentType="application/octet"/>
  <Default Extension="so" ContentType="application/octet"/>
  <Default Extension="xml" ContentType="application/octet"/>
  <Default Extension="md" ContentType="application/octet"/>
  <Override PartName="/LICENSE" ContentType="application/octet"/>
</Types>
'''
RELATIONSHIPS = '''<?xml version="1.0" encoding="utf-8"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
  <Relationship Id="R1" Target="/Stave.nuspec"
    Type="http://schemas.microsoft.com/packaging/2010/07/manifest"/>
</Relationships>
'''
GROUP = re.compile(r'^ *<group targetFramework="(.*?)">.*?</group>\n', re.MULTILINE | re.DOTALL)


def make_package(options):
    """A flavor of .NET goes where NuGet looks, Mono's beside that: to NuGet it is nothing."""
    places = {'netstandard2.0': 'lib/netstandard2.0', 'mono': 'mono'}
    if 'net' in options.flavors:
        places['net'] = f'lib/{Sdk.find().framework}'
    groups = {places[flavor].replace('lib/', '') for flavor in options.flavors if flavor != 'mono'}
    nuspec = options.nuspec.read_text().replace('SYSTEM_MEMORY', SYSTEM_MEMORY)
    if 'net' in places:
        nuspec = nuspec.replace('CURRENT', places['net'].replace('lib/', ''))
    nuspec = GROUP.sub(lambda group: group.group() if group.group(1) in groups else '', nuspec)
    files = {
        'Stave.nuspec': nuspec.encode(),
        '_rels/.rels': RELATIONSHIPS.encode(),
        'LICENSE': LICENSE.read_bytes(),
        'README.md': (HERE / 'README.md').read_bytes(),
        f'runtimes/linux-x64/native/{NATIVE}': options.native.read_bytes(),
    }
    for flavor in options.flavors:
        for name in ('Stave.dll', 'Stave.xml'):
            files[f'{places[flavor]}/{name}'] = (
                options.output.parent / flavor / name).read_bytes()
    with zipfile.ZipFile(options.output, 'w', zipfile.ZIP_DEFLATED) as package:
        for name, data in [('[Content_Types].xml', CONTENT_TYPES), *sorted(files.items())]:
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            package.writestr(entry, data)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest='command', required=True)
    commands.add_parser('flavors').set_defaults(
        make=lambda options: print(*flavors(), sep='\n'))
    commands.add_parser('fetch').set_defaults(make=lambda options: fetch())
    for name, make in (('library', make_library), ('program', make_program)):
        command = commands.add_parser(name)
        command.set_defaults(make=make)
        command.add_argument('flavor')
        command.add_argument('folder', type=pathlib.Path)
        command.add_argument('stamp', type=pathlib.Path)
        command.add_argument('--name')
        command.add_argument('--native', type=pathlib.Path)
        command.add_argument('--sources', nargs='+', required=True)
    command = commands.add_parser('package')
    command.set_defaults(make=make_package)
    command.add_argument('output', type=pathlib.Path)
    command.add_argument('--nuspec', type=pathlib.Path, required=True)
    command.add_argument('--native', type=pathlib.Path, required=True)
    command.add_argument('--flavors', nargs='+', required=True)
    options = parser.parse_args()
    options.make(options)


if __name__ == '__main__':
    main()
