#!/usr/bin/env python3
"""Runs the tests of a Go module, and closes with one line: `N passed, N failed`.

    run_tests.py --directory MODULE -- GO test ARGUMENT...
    run_tests.py --directory MODULE --vet GO

A test with parts counts as its parts. The second form looks at the text alone.
"""

import argparse
import json
import pathlib
import subprocess
import sys


def vet(go, directory):
    """What `gofmt` and `go vet` find; SWIG's file is neither formatted nor free of suspicion."""
    gofmt = pathlib.Path(directory_of_go(go), 'bin/gofmt')
    listing = subprocess.run([gofmt, '-l', '.'], cwd=directory, capture_output=True, text=True,
                             check=True).stdout.splitlines()
    unformatted = [name for name in listing if name != 'internal/capi/capi.go']
    for name in unformatted:
        print(f'{name}: not as gofmt has it')
    vetted = subprocess.run([go, 'vet', '-unsafeptr=false', './...'], cwd=directory, check=False)
    return 1 if unformatted or vetted.returncode else 0


def directory_of_go(go):
    return subprocess.run([go, 'env', 'GOROOT'], capture_output=True, text=True,
                          check=True).stdout.strip()


def test(command, directory):
    go, verb, *arguments = command
    run = subprocess.run([go, verb, '-json', *arguments], cwd=directory, stdout=subprocess.PIPE,
                         text=True, check=False)
    results, output = {}, {}
    for line in run.stdout.splitlines():
        try:
            event = json.loads(line)
        except ValueError:
            print(line)  # what the compiler says
            continue
        name = (event['Package'], event.get('Test', ''))
        if event['Action'] == 'output':
            output.setdefault(name, []).append(event['Output'])
        elif event['Action'] in ('pass', 'fail'):
            results[name] = event['Action']

    parents = {(package, test.rpartition('/')[0]) for package, test in results}
    leaves = {name: result for name, result in results.items() if name not in parents}
    failed = [name for name, result in leaves.items() if result == 'fail']
    for name, result in results.items():
        if result == 'fail':
            print(''.join(output.get(name, [])), end='')
    if run.returncode != 0 and not failed:
        failed = ['go test itself']
    print(f'{len(leaves) - len(failed)} passed, {len(failed)} failed')
    return 1 if failed or not leaves else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--directory', required=True)
    parser.add_argument('--vet', metavar='GO')
    parser.add_argument('command', nargs='*')
    options = parser.parse_args()
    if options.vet:
        return vet(options.vet, options.directory)
    return test(options.command, options.directory)


if __name__ == '__main__':
    sys.exit(main())
