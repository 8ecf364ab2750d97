"""Runs one script against one testee: handles, the runner's own verbs, the replies."""

import os
import re

import files
import notation
import script as scripts
import testee as testees

_NAME = re.compile(r"[a-z][a-z0-9_]*")


_MODIFIERS = {
    "unordered": lambda reply: sorted(reply[:-1]) + reply[-1:],
    "only_status": lambda reply: reply[-1:],
    "only_outcome": lambda reply: [word for line in reply[-1:] for word in line.split(" ")[:1]],
}


class Failure:
    """Why a block failed: a text for people, or None if only replies differ. A block that was not
    run fails for what happened to one before it."""

    def __init__(self, block, replies, reason=None, was_run=True):
        self.block = block
        self.replies = replies
        self.reason = reason
        self.was_run = was_run


class CommandError(Exception):
    """The command cannot be run as the script writes it."""


_FATAL = (CommandError, files.FileVerbError, notation.NotationError, testees.TesteeFailure)


class Session:
    def __init__(self, testee, table):
        self.testee = testee
        self.table = table
        self.types = {}  # name of a live handle -> its type, in the order they were made
        self.used_verbs = set()

    def hello(self):
        """Starts the testee; returns what it says about itself."""
        self.testee.start()
        reply = self.testee.ask("hello")[-1]
        facts = dict(word.split("=", 1) for word in reply.split()[1:])
        if not reply.startswith("ok ") or facts.get("format") != "2":
            raise testees.TesteeFailure(f"the testee does not speak format 2: {reply[:200]}")
        return facts

    def run(self, script):
        """Runs all blocks. Returns the answers [(block, replies)] and the failures.

        After a failure that is more than a difference the other blocks fail with it unrun: their
        outcome would mean nothing."""
        answers, failures = [], []
        for position, block in enumerate(script.blocks):
            replies = []
            try:
                for command in block.commands:
                    replies.append(self._run_command(command))
            except _FATAL as error:
                failures.append(Failure(block, replies, str(error)))
                reason = f"not run: {script.test_name(block)} broke off"
                unrun = script.blocks[position + 1 :]
                return answers, failures + [Failure(one, [], reason, False) for one in unrun]
            answers.append((block, replies))
            if not matches(block, replies):
                failures.append(Failure(block, replies))
        self._end(script, failures)
        return answers, failures

    def _end(self, script, failures):
        """Frees what the script left open; a leak is a failure of its last block."""
        try:
            self._free_all()
        except (CommandError, testees.TesteeFailure) as error:
            last = script.blocks[-1]
            if not any(failure.block is last for failure in failures):
                failures.append(Failure(last, [], f"at the end of the script: {error}"))

    def _run_command(self, command):
        command = command.rstrip()
        modifier, rest = command.split(" ", 1) if " " in command else ("", "")
        if modifier in _MODIFIERS:
            command = rest
        words = notation.split(notation.expand(command))
        reply = self._run_own(words)
        if reply is None:
            reply = self._run_testee(notation.expand(command), words)
        if reply and reply[-1].startswith("testee_error"):
            raise CommandError(f"{command[:200]}: {reply[-1][:500]}")
        if modifier in _MODIFIERS:
            reply = _MODIFIERS[modifier](reply)
        return reply

    def _run_own(self, words):
        if words == ["kill"]:
            self.testee.kill()
            self.types.clear()
            self.testee.start()
            return []
        if words == ["reset"]:
            self._free_all()
            files.empty(self.testee.directory)
            return []
        status = files.run(self.testee.directory, words)
        return [status] if status else None

    def _run_testee(self, line, words):
        made, verb = self._resolve(words)
        self.used_verbs.add(verb)
        reply = self.testee.ask(line)
        ok = reply[-1] == "ok" or reply[-1].startswith("ok ")
        if ok and made:
            self.types[made] = self.table.makes[verb]
        if ok and verb.endswith(".free"):
            del self.types[words[0]]
        return reply

    def _resolve(self, words):
        """(name to bind or None, verb as the table has it). Raises CommandError."""
        made = None
        rest = words
        if len(words) > 2 and words[1] == "=":
            made, rest = words[0], words[2:]
            if not _NAME.fullmatch(made) or made in self.table or made in files.NAMES:
                raise CommandError(f"{made} cannot be a handle's name")
            if made in self.types:
                raise CommandError(f"{made} is bound already: free it first")
        if rest[0] in self.types:
            if len(rest) < 2:
                raise CommandError(f"what about {rest[0]}?")
            verb = f"{self.types[rest[0]]}.{rest[1]}"
        else:
            verb = rest[0]
        # Of the verbs with a type only those that make a handle stand alone (store.open).
        alone = rest[0] not in self.types and "." in verb and not self.table.makes.get(verb)
        if verb not in self.table or alone:
            raise CommandError(f"there is no handle or verb {' '.join(rest[:2])[:100]}")
        if bool(made) != bool(self.table.makes[verb]):
            raise CommandError(f"{verb} {'makes a' if not made else 'makes no'} handle")
        return made, verb

    def _free_all(self):
        """Closes and frees every named handle, the parents first, and looks for leaks."""
        for name, kind in list(self.types.items()):
            if f"{kind}.close" in self.table:
                self._expect(f"{name} close", "ok")
            self._expect(f"{name} free", "ok")
        self.types.clear()
        self._expect("handles", "ok 0")

    def _expect(self, line, status):
        reply = self.testee.ask(line)
        if reply != [status]:
            raise CommandError(f"{line}: expected {status}, got {' / '.join(reply)[:200]}")


def matches(block, replies):
    """Whether the block's expectations are what was answered."""
    try:
        expected = block.replies()
    except scripts.ScriptError:
        return False
    return all(
        expectation(command, want) == got
        for command, want, got in zip(block.commands, expected, replies)
    )


def expectation(command, lines):
    """The expected lines of one reply in the form in which replies are compared."""
    lines = [notation.expand(line) for line in lines]
    return sorted(lines[:-1]) + lines[-1:] if command.startswith("unordered ") else lines


def environment(library):
    """What a testee sees: the caller's environment and where the library is."""
    result = dict(os.environ)
    if library:
        result["STAVE_LIBRARY"] = os.path.abspath(library)
    return result
