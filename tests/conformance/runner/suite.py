"""Runs scripts in several languages, and adds up what happened."""

import concurrent.futures
import os
import shutil
import tempfile
import threading

import known_failures
import report
import script as scripts
import session
import testee as testees
import notation


class Language:
    """How a testee is started, and what it must say that it can do."""

    def __init__(self, command, capabilities):
        self.command = command
        self.capabilities = capabilities


class LanguageResult:
    """What one language did."""

    def __init__(self):
        self.run = {}  # folder of the script -> number of tests
        self.names = set()
        self.failed = {}  # test name -> (script, line, text for people)
        self.skipped = 0
        self.used_verbs = set()


class Suite:
    def __init__(self, languages, table, environment, timeout):
        self.languages = languages  # name -> Language
        self.table = table
        self.environment = environment
        self.timeout = timeout
        self.results = {language: LanguageResult() for language in languages}
        self.lock = threading.Lock()

    def run(self, all_scripts, jobs):
        """Every script in every language, up to `jobs` at a time."""
        with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
            tasks = [
                pool.submit(self._run_one, script, language)
                for script in all_scripts
                for language in self.languages
            ]
            for task in tasks:
                task.result()

    def rewrite(self, all_scripts):
        """Writes what the first language answers into the scripts; returns the failures that are
        more than a difference."""
        language = next(iter(self.languages))
        answers, failures = {}, []
        for script in all_scripts:
            given, failed = self._converse(script, language, self.results[language])
            failures += [report.failure(script, language, one) for one in failed if one.reason]
            answers.setdefault(script.path, []).extend(
                (block, _rewritten(block, replies)) for block, replies in given
            )
        for path, given in answers.items():
            scripts.rewrite(path, given)
        return failures

    def _run_one(self, script, language):
        result = LanguageResult()
        failures = self._converse(script, language, result)[1]
        with self.lock:
            total = self.results[language]
            total.skipped += result.skipped
            total.used_verbs |= result.used_verbs
            if result.skipped:
                return
            folder = os.path.dirname(script.name) or script.name
            total.run[folder] = total.run.get(folder, 0) + len(script.blocks)
            total.names |= {script.test_name(block) for block in script.blocks}
            for failed in failures:
                total.failed[script.test_name(failed.block)] = (
                    script.name, failed.block.line, report.failure(script, language, failed)
                )

    def _converse(self, script, language, result):
        """Runs the script in a fresh directory with a fresh testee."""
        directory = tempfile.mkdtemp(prefix="stave-conformance-")
        testee = testees.Testee(
            self.languages[language].command, directory, self.environment, self.timeout
        )
        talk = session.Session(testee, self.table)
        try:
            self._check_capabilities(language, talk.hello())
            if set(script.needs) - self.languages[language].capabilities:
                result.skipped += len(script.blocks)
                return [], []
            return talk.run(script)
        except testees.TesteeFailure as error:
            return [], [session.Failure(block, [], str(error)) for block in script.blocks]
        finally:
            result.used_verbs |= talk.used_verbs
            testee.stop()
            shutil.rmtree(directory, ignore_errors=True)

    def _check_capabilities(self, language, facts):
        """What is left out must stand in the table of languages, not in a testee alone."""
        expected = self.languages[language].capabilities
        said = set(facts.get("capabilities", "").split(","))
        if said != expected:
            raise testees.TesteeFailure(
                f"the testee has {','.join(sorted(said))}, the table of languages says "
                f"{','.join(sorted(expected))}"
            )


def _rewritten(block, replies):
    """The new expectations of a block; replies that did not change keep the author's notation."""
    return [
        want
        if want and session.expectation(command, want) == got
        else [notation.shorten(line) for line in got]
        for command, want, got in zip(block.commands, block.expected, replies)
    ]


def verdict(suite, known_folder, complete):
    """(texts of failures, number passed, number failed) over all languages.

    `complete` says that every script ran, so that names on a known list must exist."""
    texts, passed = [], 0
    for language, result in suite.results.items():
        known = known_failures.load(known_folder, language)
        if not complete:
            known &= result.names
        counting, complaints = known_failures.judge(known, result.names, set(result.failed))
        texts += [text for _, _, text in sorted(result.failed[name] for name in counting)]
        texts += [f"FAILED {language}: {complaint}" for complaint in complaints]
        passed += len(result.names) - len(counting) - len(known & result.names)
    return texts, passed, len(texts)
