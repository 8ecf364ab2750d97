#!/usr/bin/env python3
"""Installs the C# package as its users do, outside the source tree, and runs README.md's program.

    consumer_test.py NUPKG README net|mono

    net    a project with a package reference, restored from a feed that is a directory
    mono   the package unpacked, its assembly and native library put beside the program
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile

PROGRAM = re.compile(r'^```csharp\n(.*?)^```\n\s*^```text\n(.*?)^```$', re.MULTILINE | re.DOTALL)
PROJECT = '''<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <OutputType>Exe</OutputType>
    <TargetFramework>{framework}</TargetFramework>
    <InvariantGlobalization>true</InvariantGlobalization>
  </PropertyGroup>
  <ItemGroup><PackageReference Include="Stave" Version="{version}"/></ItemGroup>
</Project>
'''
FEED = '''<configuration>
  <packageSources><clear/><add key="feed" value="{folder}"/></packageSources>
</configuration>
'''


def run(command, folder, **variables):
    environment = {**os.environ, **variables}
    done = subprocess.run(command, cwd=folder, env=environment, text=True,
                          stdout=subprocess.PIPE, timeout=240, check=False)
    if done.returncode != 0:
        raise SystemExit(f'{command[:2]} exits with {done.returncode}:\n{done.stdout}')
    return done.stdout


def run_net(package, folder):
    with zipfile.ZipFile(package) as content:
        framework = next(name.split('/')[1] for name in content.namelist()
                         if re.match(r'lib/net\d', name))
    version = package.name.removeprefix('Stave.').removesuffix('.nupkg')
    (folder / 'Tour.csproj').write_text(PROJECT.format(framework=framework, version=version))
    (folder / 'nuget.config').write_text(FEED.format(folder=package.parent))
    # Nothing of what the caller's NuGet has seen before, and nothing left behind.
    variables = {'NUGET_PACKAGES': f'{folder}/packages', 'DOTNET_CLI_HOME': f'{folder}/home',
                 'DOTNET_CLI_TELEMETRY_OPTOUT': '1', 'DOTNET_NOLOGO': '1',
                 'DOTNET_GENERATE_ASPNET_CERTIFICATE': 'false',
                 'DOTNET_SYSTEM_GLOBALIZATION_INVARIANT': '1'}
    run(['dotnet', 'build', '--output', 'out', '--disable-build-servers', '--verbosity', 'quiet',
         '-nodeReuse:false'], folder, **variables)
    return run(['dotnet', 'out/Tour.dll'], folder, **variables)


def run_mono(package, folder):
    with zipfile.ZipFile(package) as content:
        content.extractall(folder / 'unpacked')
    shutil.copy(folder / 'unpacked/mono/Stave.dll', folder)
    shutil.copy(folder / 'unpacked/runtimes/linux-x64/native/libstavecs.so', folder)
    run(['mcs', '-langversion:latest', '-r:Stave.dll', 'Tour.cs'], folder)
    return run(['mono', 'Tour.exe'], folder)


def main():
    package, readme = (pathlib.Path(argument).resolve() for argument in sys.argv[1:3])
    programs = PROGRAM.findall(readme.read_text(encoding='utf-8'))
    failed = 0 if programs else 1
    for text, expected in programs:
        with tempfile.TemporaryDirectory(prefix='stave-consumer-') as name:
            folder = pathlib.Path(name)
            (folder / 'Tour.cs').write_text(text, encoding='utf-8')
            printed = {'net': run_net, 'mono': run_mono}[sys.argv[3]](package, folder)
        if printed != expected:
            failed += 1
            print(f'expected:\n{expected}printed:\n{printed}')
    print(f'{len(programs) - failed if programs else 0} passed, {failed} failed')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
