"""The programs that are asked: started, kept beside each other, stopped."""

import contextlib
import dataclasses
import pathlib
import shutil
import subprocess
import tempfile

# A system's memory for one entry, generously: what decides whether all may stay filled at once.
BYTES_PER_ENTRY = 150


class WrongAnswer(Exception):
    """A program ended instead of answering: its system gave a wrong answer or failed."""


@dataclasses.dataclass
class Built:
    """What programs.txt of a build directory lists."""
    version: str
    compiler: str
    buildtype: str
    programs: dict  # family -> {system: path}
    absent: dict  # family -> systems that are not installed


def read_built(build):
    built = Built('', '', '', {}, {})
    for line in (pathlib.Path(build) / 'tests/bench/programs.txt').read_text().splitlines():
        words = line.split(maxsplit=2)
        if line.startswith('#'):
            continue
        if words[0] in ('version', 'compiler', 'buildtype'):
            setattr(built, words[0], ' '.join(words[1:]))
        elif words[2] == 'absent':
            built.absent.setdefault(words[0], []).append(words[1])
        else:
            built.programs.setdefault(words[0], {})[words[1]] = words[2]
    return built


class Program:
    """A running program, in an empty directory of its own that goes with it."""

    def __init__(self, command, parent):
        self.name = pathlib.Path(command[0]).name
        self.directory = tempfile.mkdtemp(prefix=f'{self.name}-', dir=parent)
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True, cwd=self.directory)

    def ask(self, question):
        """(number, details), or None when the system has no such operation."""
        try:
            self.process.stdin.write(question + '\n')
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # It has ended; so there is no answer either.
        answer = self.process.stdout.readline().strip()
        if answer == '-':
            return None
        number, _, details = answer.partition(' ')
        if not number:
            raise WrongAnswer(f'{self.name} ended at the question "{question}", '
                              f'exit status {self.process.wait()}')
        return float(number), details

    def close(self):
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)


def available_bytes():
    with open('/proc/meminfo', encoding='ascii') as lines:
        for line in lines:
            name, value, *_ = line.split()
            if name == 'MemAvailable:':
                return int(value) * 1024
    return 0


def bring_near(size):
    """Touches memory and lets it go. The host of a virtual machine takes back what is free for some
    seconds, and may give it again a thousand times slower than memory is written; so each system
    finds as much as it is going to need where the one before it has left it."""
    memory = b'\1' * min(size, available_bytes() // 2)
    del memory


class Crew:
    """The programs of all systems, at most one kind of filled ones at a time."""

    def __init__(self, built, parent):
        self.built = built
        self.parent = parent
        self.kept = {}
        self.kept_for = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        for program in self.kept.values():
            program.close()
        self.kept = {}

    def prepare(self, row, size):
        """Makes room for the next row: programs filled for another one end."""
        wanted = (row.family, size, row.kind, row.state)
        if wanted != self.kept_for:
            self.close()
            self.kept_for = wanted

    def may_keep(self, row, size):
        systems = len(self.built.programs.get(row.family, {}))
        return row.state == 'filled' and (
            self.kept or size * systems * BYTES_PER_ENTRY < available_bytes() / 2)

    def start(self, family, system, arguments):
        return Program([self.built.programs[family][system], *arguments], self.parent)

    def ask(self, row, size, system):
        if system in self.kept:
            return self.kept[system].ask(row.question)
        bring_near(size * BYTES_PER_ENTRY)
        program = self.start(row.family, system, [str(size), *row.kind])
        if self.may_keep(row, size):
            self.kept[system] = program
            return program.ask(row.question)
        try:
            return program.ask(row.question)
        finally:
            program.close()
