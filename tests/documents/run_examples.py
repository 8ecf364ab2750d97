#!/usr/bin/env python3
"""Runs the programs in README.md and compares what they print with the block behind each.

Usage: run_examples.py README LIBRARY INCLUDE_DIRECTORY PYTHON_PATH [LANGUAGE=PACKAGE...]
A fenced block ```c, ```cpp, ```python or of another LANGUAGE that is followed by a ```text block is a
program and its output. At least one of each language must be there. Programs in languages whose
package was not built are left out. PACKAGE is for java the jar, for go the command of the build
directory. The program in C# is run as a project of its own, which installs the package:
bindings/csharp/tests/consumer_test.py.
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile

PROGRAM = re.compile(r"^```(c|cpp|python|go|java)\n(.*?)^```\n\s*^```text\n(.*?)^```$", re.M | re.S)
GO_MODULE = f"""module tour

go 1.19

require github.com/stavedb/stave/bindings/go v0.1.0

replace github.com/stavedb/stave/bindings/go => {pathlib.Path(__file__).resolve().parents[2]}/bindings/go
"""
STANDARDS = {"c": ["cc", "-std=c11"], "cpp": ["c++", "-std=c++20"]}


def command_for(language, source, library, include, directory, packages):
    """The command that runs the program, which is compiled first if it must be."""
    if language == "python":
        return [sys.executable, str(source)]
    if language == "java":
        return ["java", "-cp", packages["java"], str(source)]
    program = directory / f"program-{language}"
    if language == "go":
        (directory / "go.mod").write_text(GO_MODULE, encoding="utf-8")
        subprocess.run([packages["go"], "build", f"-ldflags=-r {library.parent}", "-o", program.name],
                       cwd=directory, check=True)
        return [str(program)]
    subprocess.run(
        [*STANDARDS[language], "-Wall", "-Wextra", "-Wpedantic", "-Werror", f"-I{include}",
         str(source), str(library), f"-Wl,-rpath,{library.parent}", "-o", str(program)],
        check=True)
    return [str(program)]


def run(language, text, expected, library, include, environment, packages):
    with tempfile.TemporaryDirectory() as name:
        directory = pathlib.Path(name)
        source = directory / f"tour.{'py' if language == 'python' else language}"
        source.write_text(text, encoding="utf-8")
        command = command_for(language, source, library, include, directory, packages)
        done = subprocess.run(command, cwd=directory, env=environment, text=True,
                              stdout=subprocess.PIPE, timeout=60, check=False)
        good = done.returncode == 0 and done.stdout == expected
        print(f"{language}: {'ok' if good else 'FAILED'}")
        if not good:
            print(f"exit code {done.returncode}, expected:\n{expected}printed:\n{done.stdout}")
        return good


def main():
    readme, library, include, python_path = map(pathlib.Path, sys.argv[1:5])
    packages = dict(package.split("=", 1) for package in sys.argv[5:])
    environment = {**os.environ, "STAVE_LIBRARY": str(library.resolve()),
                   "PYTHONPATH": str(python_path.resolve())}
    programs = PROGRAM.findall(readme.read_text(encoding="utf-8"))
    languages = {"c", "cpp", "python", *packages}
    missing = languages - {language for language, _, _ in programs}
    if missing:
        sys.exit(f"no program in {sorted(missing)} found in {readme}")
    results = [run(language, text, expected, library.resolve(), include.resolve(), environment,
                   packages)
               for language, text, expected in programs if language in languages]
    print(f"{sum(results)} passed, {len(results) - sum(results)} failed")
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
