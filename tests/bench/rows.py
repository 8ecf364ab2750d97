"""The table of rows and budgets (rows.txt), and the judgement of what was measured."""

import dataclasses
import fnmatch
import fractions
import pathlib
import re
import statistics

TABLE = pathlib.Path(__file__).with_name('rows.txt')
SUBJECT = 'stave'
STATES = {'filled', 'fresh'}
# More is better in these; in the others less.
RATES = {'kops/s', 'ops/s'}
# What the reference kernel took on the machine that the budgets in bare nanoseconds were set on.
REFERENCE_NS = 199
REFERENCE = 'reference'
# A system that does nothing. Where it misses a budget the machine does, and nobody's work can be seen.
IDLE = 'idle'
COUNT = re.compile(r'(\d+)([KM]?)')
BUDGET = re.compile(r'(?:(?P<system>[a-z][\w-]*) )?(?P<relation><=|>=) (?P<number>[\d./]+) '
                    r'(?:x (?P<reference>\S+)|(?P<unit>\S+))')


class TableError(Exception):
    """rows.txt, or a row that was asked for, makes no sense."""


def parse_count(text):
    """1000000 of '1M'."""
    match = COUNT.fullmatch(text)
    if not match:
        raise TableError(f"'{text}' is not a count such as 4096, 100K or 10M")
    return int(match[1]) * {'': 1, 'K': 10**3, 'M': 10**6}[match[2]]


def count_text(count):
    """The inverse of parse_count, as short as it gets."""
    for suffix, unit in (('M', 10**6), ('K', 10**3)):
        if count % unit == 0:
            return f'{count // unit}{suffix}'
    return str(count)


@dataclasses.dataclass(frozen=True)
class Budget:
    text: str
    system: str
    relation: str
    factor: float
    reference: str | None  # a system or a row; None for a bare number
    unit: str | None

    @property
    def scaled(self):
        return self.unit == 'ns'


@dataclasses.dataclass(frozen=True)
class Row:
    name: str
    size: int
    kind: tuple  # the arguments behind the size
    state: str
    question: str
    unit: str
    budgets: tuple

    @property
    def family(self):
        return self.name.partition('/')[0]

    @property
    def scaled(self):
        return any(budget.scaled for budget in self.budgets)


@dataclasses.dataclass(frozen=True)
class Verdict:
    budget: Budget
    word: str  # met, missed, not measured
    off: float | None = None  # how far: 1 is just met, 1.3 is missed by 30 %
    why: str = ''

    def __str__(self):
        if self.off is None:
            return f'{self.word} ({self.why})'
        return self.word if self.word == 'met' else f'{self.word} ({self.off:.2f}x off)'


def parse_budget(text):
    match = BUDGET.fullmatch(text)
    if not match:
        raise TableError(f"'{text}' is not a budget; see rows.txt")
    return Budget(text, match['system'] or SUBJECT, match['relation'],
                  float(fractions.Fraction(*map(fractions.Fraction, match['number'].split('/')))),
                  match['reference'], match['unit'])


def parse_row(line):
    fields = [field.strip() for field in line.split('|')]
    if len(fields) != 6:
        raise TableError(f"not six fields: '{line}'")
    name, arguments, state, question, unit, budgets = fields
    size, *kind = arguments.split()
    if state not in STATES:
        raise TableError(f"{name}: '{state}' is neither filled nor fresh")
    row = Row(name, parse_count(size), tuple(kind), state, question, unit,
              tuple(parse_budget(text.strip()) for text in budgets.split(';') if text.strip()))
    for budget in row.budgets:
        if budget.unit not in (None, unit):
            raise TableError(f"{name}: a budget in {budget.unit} for a row in {unit}")
    return row


def read_table(text):
    rows = [parse_row(line) for line in text.splitlines() if line.strip() and line[0] != '#']
    names = [row.name for row in rows]
    if len(set(names)) != len(names):
        raise TableError('a row comes twice')
    return rows


def choose(rows, patterns):
    """The rows named by the patterns: NAME is also all below NAME/, and * and ? are wild."""
    def chosen(row):
        return any(fnmatch.fnmatchcase(row.name, pattern) or
                   fnmatch.fnmatchcase(row.name, pattern + '/*') for pattern in patterns)
    found = [row for row in rows if not patterns or chosen(row)]
    if not found:
        raise TableError(f'no row is named {" or ".join(patterns)}')
    return found


def distinct(rows):
    """Without rows that differ only in size, for runs at sizes of their own."""
    first = {}
    for row in rows:
        first.setdefault((row.family, row.kind, row.state, row.question), row)
    return list(first.values())


class Results:
    """What was measured: (row, size, system) -> the answers of all repetitions."""

    def __init__(self):
        self.values = {}
        self.details = {}

    def add(self, row, size, system, value, detail):
        self.values.setdefault((row.name, size, system), []).append(value)
        self.details[row.name, size, system] = detail

    def median(self, row_name, size, system):
        """None when it was not measured."""
        values = self.values.get((row_name, size, system))
        return statistics.median(values) if values else None

    def systems(self, row_name, size):
        return [system for name, at, system in self.values
                if (name, at) == (row_name, size) and system != REFERENCE]


def limit_of(budget, row, results, row_names):
    """(what the budget allows, '') or (None, what is missing to say it)."""
    if budget.reference is None:
        if not budget.scaled:
            return budget.factor, ''
        reference_ns = results.median(row.name, row.size, REFERENCE)
        if reference_ns is None:
            return None, REFERENCE
        return budget.factor * reference_ns / REFERENCE_NS, ''
    if budget.reference in row_names:
        other = results.median(budget.reference, row.size, budget.system)
    else:
        other = results.median(row.name, row.size, budget.reference)
    if other is None:
        return None, budget.reference
    return budget.factor * other, ''


def how_far_off(budget, measured, limit):
    """1 is just met, 1.3 is missed by 30 %."""
    larger, smaller = (measured, limit) if budget.relation == '<=' else (limit, measured)
    return larger / smaller if smaller > 0 else float('inf')


def judge(row, results, row_names):
    """A verdict for each budget of the row."""
    verdicts = []
    for budget in row.budgets:
        measured = results.median(row.name, row.size, budget.system)
        limit, missing = limit_of(budget, row, results, row_names)
        if measured is None or limit is None:
            missing = budget.system if measured is None else missing
            verdicts.append(Verdict(budget, 'not measured', why=f'no {missing}'))
            continue
        off = how_far_off(budget, measured, limit)
        idle = results.median(row.name, row.size, IDLE)
        if off > 1 and idle is not None and how_far_off(budget, idle, limit) > 1:
            verdicts.append(Verdict(budget, 'not measured', why=f'{IDLE} misses it'))
            continue
        verdicts.append(Verdict(budget, 'met' if off <= 1 else 'missed', off))
    return verdicts
