"""What the runner prints: differences and counts."""

import notation
import script as scripts
import session

_LINE_MAX = 160


def failure(script, language, failed):
    """One failed test as text: its place, its name, and command by command what differs."""
    block = failed.block
    if not failed.was_run:
        return f"FAILED {language}: {script.test_name(block)}: {failed.reason}"
    lines = [f"FAILED {language}: {script.test_name(block)}", f"  {script.path}:{block.line}"]
    if failed.reason:
        lines += ["  " + line for line in failed.reason.splitlines()]
    else:
        lines += differences(block, failed.replies)
    return "\n".join(lines)


def differences(block, replies):
    """The commands with the replies that were expected (-) and given (+)."""
    try:
        expected = block.replies()
    except scripts.ScriptError as error:
        return [f"  {error}"]
    lines = []
    for command, want, got in zip(block.commands, expected, replies):
        lines.append("    " + _clip(command))
        wanted = session.expectation(command, want)
        if wanted == got:
            continue
        written = {notation.expand(line): line for line in want}
        common = _common_prefix(wanted, got)
        lines += ["      - " + _clip(written[line]) for line in wanted[common:]]
        for position, line in enumerate(got[common:], common):
            lines.append("      + " + _clip(notation.shorten(line)))
            if position < len(wanted):
                lines += _where(wanted[position], line)
    return lines


def _common_prefix(wanted, got):
    count = 0
    while count < min(len(wanted), len(got)) and wanted[count] == got[count]:
        count += 1
    return count


def _where(wanted, got):
    """For long lines the place where they part, which clipping would hide."""
    if wanted == got or len(wanted) < _LINE_MAX and len(got) < _LINE_MAX:
        return []
    low, high = 0, min(len(wanted), len(got))
    while low < high:
        middle = (low + high + 1) // 2
        if wanted[:middle] == got[:middle]:
            low = middle
        else:
            high = middle - 1
    around = slice(max(0, low - 20), low + 20)
    return [f"        part at character {low}: {wanted[around]} | {got[around]}"]


def _clip(line):
    return line if len(line) <= _LINE_MAX else line[:_LINE_MAX] + f"... ({len(line)} characters)"


def counts(languages, results):
    """The table of counts, one row per folder of scripts and one column per language."""
    folders = sorted({folder for result in results.values() for folder in result.run})
    width = max([len(folder) for folder in folders] + [8]) + 2
    lines = ["tests run".ljust(width) + "".join(language.rjust(10) for language in languages)]
    for folder in folders:
        row = [str(results[language].run.get(folder, 0)) for language in languages]
        lines.append(folder.ljust(width) + "".join(cell.rjust(10) for cell in row))
    totals = [sum(results[language].run.values()) for language in languages]
    lines.append("total".ljust(width) + "".join(str(total).rjust(10) for total in totals))
    return "\n".join(lines)


def left_out(languages, all_scripts):
    """A line for each language whose package lacks something that scripts need."""
    needs = {need for script in all_scripts for need in script.needs}
    lacking = {
        name: ", ".join(sorted(needs - language.capabilities)) for name, language in languages.items()
    }
    return "".join(f"{name}: has no {what} yet\n" for name, what in lacking.items() if what)
