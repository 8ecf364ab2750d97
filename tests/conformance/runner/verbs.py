"""The table of verbs (verbs.md) and its check against the library's exports."""

import re
import subprocess

_ROW = re.compile(r"^\| `([a-z_]+(?:\.[a-z_]+)?)` \|")


class VerbTable:
    """verb -> (type of the handle it makes or None, C functions)."""

    def __init__(self, text):
        self.makes = {}
        self.functions = {}
        for line in text.splitlines():
            row = _ROW.match(line)
            if not row:
                continue
            cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
            if len(cells) != 5 or row[1] in self.makes:
                raise ValueError(f"verbs: a bad or doubled row: {line}")
            self.makes[row[1]] = cells[2] or None
            self.functions[row[1]] = re.findall(r"stave_\w+", cells[4])

    def __contains__(self, verb):
        return verb in self.makes

    def unused_exports(self, used_verbs, exports):
        """Exports that no used verb calls, and functions in the table that are not exported."""
        called = {name for verb in used_verbs for name in self.functions[verb]}
        known = {name for functions in self.functions.values() for name in functions}
        return sorted(exports - called), sorted(known - exports)


def exports(library):
    """The functions that a shared library exports."""
    listing = subprocess.run(
        ["nm", "-D", "--defined-only", "--format=posix", library],
        check=True, capture_output=True, text=True,
    ).stdout
    # Version script nodes come as absolute symbols (A), functions as T; "name@@VERSION" is cut.
    return {
        fields[0].split("@")[0]
        for fields in map(str.split, listing.splitlines())
        if fields[1] in ("T", "W", "i")
    }
