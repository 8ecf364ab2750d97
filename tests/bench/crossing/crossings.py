#!/usr/bin/env python3
"""What a call costs more in another language than in C.

    crossings.py LANGUAGE=COMMAND...      one of them is c

Each program prints lines "NAME NANOSECONDS" for the same work (crossing.c says which). They run in
turns, so that all meet the same machine; the best of the runs counts.
"""

import re
import shlex
import subprocess
import sys
import tempfile

RUNS = 5
# Nanoseconds added per call, and per key where many are read in one.
BUDGETS = {'go': 45, 'java': 45, 'csharp': 30, 'mono': 70}
BUDGET_OF_MANY = 15
# Other ways of a language to do the same.
VARIANT = re.compile('^(direct|append|fresh|into)_')


def measure(command):
    """name -> nanoseconds of one run."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run([*shlex.split(command), f'{folder}/store'], stdout=subprocess.PIPE,
                              text=True, check=True)
    return {name: float(time) for name, time in map(str.split, done.stdout.splitlines())}


def main():
    commands = dict(argument.split('=', 1) for argument in sys.argv[1:])
    best = {language: {} for language in commands}
    for _ in range(RUNS):
        for language, command in commands.items():
            for name, time in measure(command).items():
                best[language][name] = min(time, best[language].get(name, time))
    print(f'{"call":<30}{"language":<10}{"c":>8}{"here":>8}{"added":>8}{"budget":>8}')
    for language in [name for name in commands if name != 'c']:
        for name, time in best[language].items():
            # A crossing that does nothing costs nothing in C.
            in_c = best['c'].get(VARIANT.sub('', name), 0.0)
            budget = BUDGET_OF_MANY if name.endswith('per_key') else BUDGETS.get(language, '')
            print(f'{name:<30}{language:<10}{in_c:>8.1f}{time:>8.1f}{time - in_c:>8.1f}{budget:>8}')


main()
