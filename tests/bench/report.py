"""What a run leaves behind: CSV, a table, plots, and the machine they come from."""

import csv
import datetime
import io
import os
import pathlib
import platform
import shutil
import statistics
import subprocess

import plots
import rows as table
from rows import count_text

# What the systems are called by Debian.
PACKAGES = {
    'absl': 'libabsl-dev', 'libcuckoo': 'libcuckoo-dev', 'tbb': 'libtbb-dev', 'kyoto': 'libkyotocabinet-dev',
    'tkrzw': 'libtkrzw-dev', 'lmdb': 'liblmdb-dev', 'rocksdb': 'librocksdb-dev',
    'leveldb': 'libleveldb-dev', 'std': 'libstdc++6',
}
# What a picture of six panels shows of a family.
HIGHLIGHTS = {
    'index': ['hit', 'multi-get-32', 'miss', 'zipf-50-50/2-threads', 'insert', 'bytes'],
    'store': ['load', 'get', 'ycsb-b', 'ycsb-a', 'durable/8-threads', 'disk-bytes'],
}


def output_of(*command):
    """What the command prints, or '' where there is no such command or it fails."""
    if not shutil.which(command[0]):
        return ''
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ''


def figure_in(path, name):
    """The value of 'name : value' in a file of /proc, or ''."""
    with open(path, encoding='utf-8') as lines:
        for line in lines:
            key, _, value = line.partition(':')
            if key.strip() == name:
                return value.strip()
    return ''


def version_of(system):
    package = PACKAGES.get(system)
    version = output_of('dpkg-query', '-W', '-f', '${Version}', package) if package else ''
    return f'{system} {version}' if version else ''


def huge_pages():
    """'always', 'madvise' or 'never', as the kernel marks what is in force."""
    setting = pathlib.Path('/sys/kernel/mm/transparent_hugepage/enabled')
    if not setting.exists():
        return 'unknown'
    return setting.read_text(encoding='ascii').partition('[')[2].partition(']')[0]


def machine(built, directory, systems):
    """[(what, description)], without names of hosts and paths."""
    memory = int(figure_in('/proc/meminfo', 'MemTotal').split()[0]) / 2**20
    versions = [version for version in map(version_of, sorted(systems)) if version]
    return [
        ('date', datetime.datetime.now(datetime.timezone.utc).strftime('%Y-%m-%d')),
        ('Stave', built.version),
        ('processor', f'{figure_in("/proc/cpuinfo", "model name") or platform.machine()}, '
                      f'{len(os.sched_getaffinity(0))} cores'),
        ('memory', f'{memory:.0f} GiB, transparent huge pages: {huge_pages()}'),
        ('kernel', f'{platform.system()} {platform.release()}'),
        ('file system', output_of('stat', '-f', '-c', '%T', str(directory)) or 'unknown'),
        ('compiler', f'{built.compiler}, {built.buildtype}'),
        ('peers', ', '.join(versions) or 'none'),
    ]


def markdown_table(header, lines):
    return '\n'.join(['| ' + ' | '.join(header) + ' |', '|' + '---|' * len(header),
                      *('| ' + ' | '.join(cells) + ' |' for cells in lines)])


def ordered_systems(results, keys):
    """Stave's first, then the peers by name."""
    systems = {system for name, size in keys for system in results.systems(name, size)}
    return sorted(systems, key=lambda system: (not system.startswith('stave'), system))


def measured_table(measured, results, row_names):
    """measured: [(row, size)]. A line each, with the medians, the budgets and what became of them."""
    systems = ordered_systems(results, [(row.name, size) for row, size in measured])
    lines = []
    for row, size in measured:
        medians = [results.median(row.name, size, system) for system in systems]
        verdicts = table.judge(row, results, row_names) if size == row.size else []
        lines.append([row.name, count_text(size), row.unit,
                      *('' if median is None else plots.number_text(median) for median in medians),
                      '; '.join(verdict.budget.text for verdict in verdicts),
                      '; '.join(map(str, verdicts))])
    return markdown_table(['row', 'size', 'unit', *systems, 'budget', 'result'], lines)


def summary(measured, results, row_names):
    """'12 budgets: 9 met, 1 missed, 2 not measured; reference kernel 201 ns'."""
    verdicts = [verdict for row, size in measured if size == row.size
                for verdict in table.judge(row, results, row_names)]
    words = [verdict.word for verdict in verdicts]
    line = f'{len(words)} budgets: ' + ', '.join(
        f'{words.count(word)} {word}' for word in ('met', 'missed', 'not measured'))
    references = [value for (_, _, system), values in results.values.items()
                  if system == table.REFERENCE for value in values]
    if references:
        line += (f'; reference kernel {statistics.median(references):.0f} ns '
                 f'({table.REFERENCE_NS} ns where the budgets were set)')
    return line


def csv_text(measured, results):
    output = io.StringIO()
    writer = csv.writer(output, lineterminator='\n')
    writer.writerow(['row', 'size', 'system', 'unit', 'median', 'least', 'most', 'repetitions'])
    for row, size in measured:
        for (name, at, system), values in results.values.items():
            if (name, at) == (row.name, size):
                writer.writerow([name, size, system, 'ns' if system == table.REFERENCE else row.unit,
                                 f'{statistics.median(values):.6g}', f'{min(values):.6g}',
                                 f'{max(values):.6g}', len(values)])
    return output.getvalue()


def bar_rows(measured, results):
    found = []
    for row, size in measured:
        systems = ordered_systems(results, [(row.name, size)])
        values = {system: results.median(row.name, size, system) for system in systems}
        if values:
            found.append((row.name.partition('/')[2], row.unit, values))
    return found


def curve_rows(measured, results):
    """The rows that were measured at more than one size."""
    curves = {}
    for row, size in measured:
        for system in results.systems(row.name, size):
            _, systems = curves.setdefault(row.name, (row.unit, {}))
            systems.setdefault(system, []).append((size, results.median(row.name, size, system)))
    return [(name.partition('/')[2], unit, systems) for name, (unit, systems) in curves.items()]


def spread_rows(measured, results):
    found = []
    for row, size in measured:
        histograms = {system: details.partition('histogram ')[2]
                      for (name, at, system), details in results.details.items()
                      if (name, at) == (row.name, size) and details.startswith('histogram ')}
        if histograms:
            found.append((f'{row.name.partition("/")[2]}, {count_text(size)}', 'ns', histograms))
    return found


def write_svg(directory, stem, svg):
    (directory / f'{stem}.svg').write_text(svg, encoding='utf-8')


def write(directory, name, measured, results, row_names, description):
    """NAME.csv, NAME.md and the plots of one family."""
    directory = pathlib.Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    (directory / f'{name}.csv').write_text(csv_text(measured, results), encoding='utf-8')
    drawn = {}
    if len({size for _, size in measured}) > 1 and name.endswith('-sizes'):
        drawn[name] = plots.against_size(f'{name}: cost against the number of keys',
                                         curve_rows(measured, results))
    else:
        drawn[name] = plots.bars(f'{name}: medians', bar_rows(measured, results))
        highlights = [(row, size) for row, size in measured
                      if row.name.partition('/')[2] in HIGHLIGHTS.get(row.family, [])]
        if highlights:
            write_svg(directory, f'{name}-highlights',
                      plots.bars(f'{name}: medians of chosen rows', bar_rows(highlights, results)))
    spreads = spread_rows(measured, results)
    if spreads:
        drawn[f'{name}-latency'] = plots.spread(
            f'{name}: the slowest operations, one in how many takes that long', spreads)
    for stem, svg in drawn.items():
        write_svg(directory, stem, svg)
    (directory / f'{name}.md').write_text('\n\n'.join([
        f'# Benchmark: {name}',
        'Made by `make bench`; [benchmarks.md](../benchmarks.md) says what the rows mean.',
        markdown_table(['machine', ''], [list(line) for line in description]),
        summary(measured, results, row_names),
        measured_table(measured, results, row_names),
        *(f'![{stem}]({stem}.svg)' for stem in drawn)]) + '\n', encoding='utf-8')
