"""Tests that are known to fail in a language, each named exactly."""

import os


def load(folder, language):
    """The names in FOLDER/LANGUAGE.txt, one a line; '#' begins a comment line."""
    path = os.path.join(folder, f"{language}.txt")
    if not os.path.exists(path):
        return set()
    with open(path, encoding="utf-8") as file:
        names = [line.strip() for line in file]
    return {name for name in names if name and not name.startswith("#")}


def judge(known, run, failed):
    """Splits what happened: (failures that count, complaints about the list).

    `run` and `failed` are the names of the tests that ran and that failed."""
    complaints = [f"known to fail, but passes: {name}" for name in sorted(known & run - failed)]
    complaints += [f"known to fail, but there is no such test: {name}" for name in sorted(known - run)]
    return failed - known, complaints
