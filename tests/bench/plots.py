"""Plots as SVG, written by hand: bars, cost against size, spread of latencies."""

import html
import math

from rows import count_text

SUBJECT_COLOR = '#1f5fbf'
COLORS = ['#c4602d', '#5b8c3a', '#8a63a8', '#b0862a', '#3f8f95', '#a34a5e', '#777777', '#4d5a8f']
INK, PALE = '#222222', '#dddddd'
FONT = 'font-family="Helvetica, Arial, sans-serif"'
PANEL_WIDTH, COLUMNS, MARGIN = 300, 3, 16


def color_of(system, systems):
    """Stave's systems are blue, a peer has the same colour in all panels."""
    if system.startswith('stave'):
        return SUBJECT_COLOR if system == 'stave' else '#7fa8de'
    peers = [name for name in systems if not name.startswith('stave')]
    return COLORS[peers.index(system) % len(COLORS)]


def number_text(value):
    if value >= 1000:
        return f'{value:,.0f}'
    return f'{value:.3g}'


def text(x, y, content, size=11, anchor='start', color=INK, weight='normal'):
    return (f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" '
            f'fill="{color}" font-weight="{weight}" {FONT}>{html.escape(content)}</text>')


def line(x1, y1, x2, y2, color=PALE, width=1):
    return (f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{color}" '
            f'stroke-width="{width}"/>')


def path(points, color):
    steps = ' '.join(f'{x:.1f},{y:.1f}' for x, y in points)
    return f'<polyline points="{steps}" fill="none" stroke="{color}" stroke-width="2"/>'


def picture(title, panels, panel_height, legend=()):
    """Panels in a grid. A panel is a list of elements that begins at (0, 0)."""
    columns = min(COLUMNS, max(1, len(panels)))
    lines = math.ceil(len(panels) / columns)
    width = columns * PANEL_WIDTH + MARGIN
    top = 40 + (22 if legend else 0)
    height = top + lines * panel_height + MARGIN
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
             f'viewBox="0 0 {width} {height}">',
             f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
             text(MARGIN, 25, title, size=15, weight='bold')]
    x = MARGIN
    for name, color in legend:
        parts += [f'<rect x="{x}" y="36" width="10" height="10" fill="{color}"/>',
                  text(x + 14, 45, name)]
        x += 30 + 7 * len(name)
    for number, elements in enumerate(panels):
        left = MARGIN + number % columns * PANEL_WIDTH
        upper = top + number // columns * panel_height
        parts += [f'<g transform="translate({left},{upper})">', *elements, '</g>']
    return '\n'.join([*parts, '</svg>', ''])


def bar_panel(title, unit, values, systems):
    """Horizontal bars of {system: value}."""
    label_width, bar_height = 88, 15
    room = PANEL_WIDTH - label_width - 70
    largest = max(values.values())
    elements = [text(0, 12, f'{title} [{unit}]', weight='bold')]
    for number, (system, value) in enumerate(values.items()):
        y = 20 + number * (bar_height + 3)
        width = max(1.0, room * value / largest)
        weight = 'bold' if system.startswith('stave') else 'normal'
        elements += [
            text(label_width - 6, y + 12, system, anchor='end', weight=weight),
            f'<rect x="{label_width}" y="{y}" width="{width:.1f}" height="{bar_height}" '
            f'fill="{color_of(system, systems)}"/>',
            text(label_width + width + 5, y + 12, number_text(value), weight=weight)]
    return elements


def bars(title, rows):
    """rows: (name, unit, {system: value}) each; a panel for each row."""
    systems = sorted({system for _, _, values in rows for system in values})
    tallest = max(len(values) for _, _, values in rows)
    panels = [bar_panel(name, unit, values, systems) for name, unit, values in rows]
    return picture(title, panels, 20 + tallest * 18 + 18)


def scale(low, high, length, logarithmic=True):
    """A function from [low, high] to [0, length]."""
    if not logarithmic:
        return lambda value: length * (value - low) / ((high - low) or 1)
    span = math.log(high / low) or 1
    return lambda value: length * math.log(max(value, low) / low) / span


def curve_panel(title, unit, curves, systems, ticks, tick_text, logarithmic_y):
    """curves: {system: [(x, y)]}; ticks are the x that are written below."""
    left, right, top, bottom = 40, PANEL_WIDTH - 30, 24, 165
    points = [point for curve in curves.values() for point in curve]
    largest = max(y for _, y in points) * 1.05
    smallest = min(y for _, y in points) * 0.9 if logarithmic_y else 0
    to_x = scale(min(x for x, _ in points), max(x for x, _ in points), right - left)
    to_y = scale(smallest, largest, bottom - top, logarithmic_y)
    elements = [text(0, 12, f'{title} [{unit}]', weight='bold'), line(left, bottom, right, bottom)]
    for part in (0.0, 0.5, 1.0):
        value = (smallest * (largest / smallest) ** part if logarithmic_y else largest * part)
        y = bottom - to_y(value)
        elements += [line(left, y, right, y), text(left - 4, y + 4, number_text(value), 9, 'end')]
    for tick in ticks:
        elements.append(text(left + to_x(tick), bottom + 14, tick_text(tick), 9, 'middle'))
    for system, curve in curves.items():
        elements.append(path([(left + to_x(x), bottom - to_y(y)) for x, y in curve],
                             color_of(system, systems)))
    return elements


def curves_picture(title, rows, ticks_of, tick_text, logarithmic_y):
    """rows: (name, unit, {system: [(x, y)]}) each; a panel for each row."""
    systems = sorted({system for _, _, curves in rows for system in curves})
    panels = []
    for name, unit, curves in rows:
        ticks = ticks_of({x for curve in curves.values() for x, _ in curve})
        panels.append(curve_panel(name, unit, curves, systems, ticks, tick_text, logarithmic_y))
    return picture(title, panels, 205, [(name, color_of(name, systems)) for name in systems])


def against_size(title, rows):
    """rows: (name, unit, {system: [(size, value)]}) each."""
    return curves_picture(title, rows, sorted, count_text, logarithmic_y=False)


def spread_points(histogram):
    """'bound:count ...' -> [(n, duration that one in n reaches)]."""
    buckets = [tuple(map(int, bucket.split(':'))) for bucket in histogram.split()]
    total = sum(count for _, count in buckets)
    points, reaching = [], total
    for bound, count in buckets:
        points.append((total / reaching, bound))
        reaching -= count
    return points


def spread(title, rows):
    """rows: (name, unit, {system: histogram}) each: how long the slowest operations take."""
    curves = [(name, unit, {system: spread_points(histogram)
                            for system, histogram in histograms.items()})
              for name, unit, histograms in rows]
    return curves_picture(
        title, curves, lambda xs: [10 ** power for power in range(0, int(math.log10(max(xs))) + 1, 2)],
        lambda x: f'1 in {count_text(x)}', logarithmic_y=True)
