"""Runs the conformance scripts against the testees. See ../README.md."""

import argparse
import os
import re
import shlex
import sys

import report
import script as scripts
import session
import suite as suites
import verbs

_CONFORMANCE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_SOURCE = os.path.dirname(os.path.dirname(_CONFORMANCE))


def parse_arguments(arguments):
    parser = argparse.ArgumentParser(prog="conformance", description=__doc__)
    parser.add_argument("--build", default="build", help="build directory of the testees")
    parser.add_argument("--library", help="default: capi/libstave.so below the build directory")
    parser.add_argument("--languages", default=os.path.join(_CONFORMANCE, "languages.txt"))
    parser.add_argument("--language", action="append", help="run only this one; may be repeated")
    parser.add_argument("--filter", help="run only scripts whose name matches this expression")
    parser.add_argument("--rewrite", action="store_true", help="write the answers into the scripts")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--timeout", type=float, default=60, help="seconds for one reply")
    parser.add_argument("--scripts", default=_CONFORMANCE)
    parser.add_argument("--known-failures", default=os.path.join(_CONFORMANCE, "known_failures"))
    parser.add_argument("--no-documents", action="store_true", help="leave README.md and docs/ out")
    return parser.parse_args(arguments)


def load_languages(path, build, wanted):
    """name -> Language of the wanted ones, or of every one in the file that has been built."""
    places = {"build": os.path.abspath(build), "source": _SOURCE, "python": sys.executable}
    languages = {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            if line.strip() and not line.startswith("#"):
                name, capabilities, command = line.split(maxsplit=2)
                words = [word.format(**places) for word in shlex.split(command)]
                languages[name] = suites.Language(words, set(capabilities.split(",")))
    unknown = set(wanted or []) - set(languages)
    if unknown:
        sys.exit(f"no such language: {', '.join(sorted(unknown))}")
    if wanted:
        return {name: language for name, language in languages.items() if name in wanted}
    absent = [
        name
        for name, language in languages.items()
        if not _is_built(language.command, places["build"])
    ]
    for name in absent:
        print(f"{name}: its testee has not been built, left out")
        del languages[name]
    return languages


def _is_built(command, build):
    paths = [path for word in command for path in word.split(":") if path.startswith(build + os.sep)]
    return all(os.path.exists(path) for path in paths)


def find_documents():
    """README.md and all documents below docs/."""
    documents = [os.path.join(_SOURCE, "README.md")]
    for folder, folders, files in os.walk(os.path.join(_SOURCE, "docs")):
        folders.sort()
        documents += [os.path.join(folder, file) for file in sorted(files) if file.endswith(".md")]
    return [document for document in documents if os.path.exists(document)]


def check_exports(suite, table, library):
    """Complaints about exports that no script calls, and the other way round."""
    used = set.union(*(result.used_verbs for result in suite.results.values()))
    unused, missing = table.unused_exports(used, verbs.exports(library))
    return [f"FAILED: no script calls the export {name}" for name in unused] + [
        f"FAILED: verbs.md names {name}, which is not exported" for name in missing
    ]


def main(arguments):
    options = parse_arguments(arguments)
    library = options.library or os.path.join(options.build, "capi", "libstave.so")
    with open(os.path.join(_CONFORMANCE, "verbs.md"), encoding="utf-8") as file:
        table = verbs.VerbTable(file.read())
    try:
        documents = [] if options.no_documents else find_documents()
        all_scripts = scripts.find(options.scripts, _SOURCE, documents)
    except scripts.ScriptError as error:
        sys.exit(f"{error}\n0 passed, 1 failed")
    if options.filter:
        all_scripts = [one for one in all_scripts if re.search(options.filter, one.name)]
    languages = load_languages(options.languages, options.build, options.language)
    suite = suites.Suite(languages, table, session.environment(library), options.timeout)

    if options.rewrite:
        failures = suite.rewrite(all_scripts)
        print("\n".join(failures + [f"{len(all_scripts)} scripts rewritten"]))
        return 1 if failures else 0

    suite.run(all_scripts, options.jobs)
    complete = not options.filter
    texts, passed, failed = suites.verdict(suite, options.known_failures, complete)
    if complete:
        unused = check_exports(suite, table, library)
        texts += unused
        failed += len(unused)
    print("\n\n".join(texts) + "\n" if texts else "", end="")
    print(report.counts(list(languages), suite.results))
    print(report.left_out(languages, all_scripts), end="")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
