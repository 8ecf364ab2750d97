"""What the checks know about the repository: its root and its files."""

import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent

# Written by SWIG and committed (bindings/go): in its style, not in ours.
GENERATED = {pathlib.Path('bindings/go/internal/capi', name) for name in ('capi.go', 'capi_wrap.c')}

C_FAMILY = {'.h', '.hpp', '.c', '.cc'}


def git(root, *arguments):
    """The output of a git command, or None where there is no git or no repository."""
    command = ['git', '-c', 'safe.directory=*', '-C', str(root), *arguments]
    try:
        result = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return None
    return result.stdout if result.returncode == 0 else None


def files(root=ROOT):
    """Every file of the repository that exists, tracked or new, relative to `root`, sorted, but for
    those that are GENERATED.

    Outside a git repository (an unpacked archive) that is everything but build directories.
    """
    listing = git(root, 'ls-files', '--cached', '--others', '--exclude-standard')
    if listing is not None:
        names = set(listing.splitlines())
    else:
        names = {str(path.relative_to(root)) for path in root.rglob('*')}
    paths = (pathlib.Path(name) for name in sorted(names))
    return [path for path in paths if (root / path).is_file() and not is_built(path)
            and path not in GENERATED]


def is_built(path):
    top = path.parts[0]
    return top == 'build' or top.startswith('build-') or '__pycache__' in path.parts


def c_family_files(root=ROOT):
    return [path for path in files(root) if path.suffix in C_FAMILY]


def report(check, problems, advice=None):
    """Prints the problems and returns the exit status of the check."""
    for problem in problems:
        print(problem, file=sys.stderr)
    if problems and advice:
        print(f'{check}: {advice}', file=sys.stderr)
    print(f'{check}: {len(problems)} problems' if problems else f'{check}: clean')
    return 1 if problems else 0


# What a skipped check exits with; Meson reports it as skipped.
SKIPPED = 77

# Formatting and diagnostics differ between releases: the checks speak for Debian 12's.
CLANG_MAJOR = 14


def pinned_clang_tool(name):
    """The path of a clang tool of the pinned release, or None with a notice."""
    for candidate in (f'{name}-{CLANG_MAJOR}', name):
        path = shutil.which(candidate)
        if path is None:
            continue
        version = subprocess.run([path, '--version'], capture_output=True, text=True, check=False)
        if f'version {CLANG_MAJOR}.' in version.stdout:
            return path
    print(f'{name} {CLANG_MAJOR} is not here: skipped (the rules are written for that release)')
    return None
