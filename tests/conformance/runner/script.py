"""Scripts: what a file of format 2 holds, and writing new expectations into it."""

import os
import re

import notation

FORMAT_LINE = "# format 2"
INDENT = "  "  # of a status line; a data line has it twice
SILENT = frozenset({"kill", "reset"})  # the runner's own commands that have no reply
_FENCE = re.compile(r"^(```+|~~~+)\s*stave-test\s*$")


class ScriptError(Exception):
    """The script itself is wrong, whatever any testee answers."""


class Block:
    """Commands and the reply that each must get. `line` counts from 1, in the file; `start` and `end`
    bound its lines there."""

    def __init__(self, title, start):
        self.title = title
        self.line = start + 1
        self.start = start
        self.end = start
        self.commands = []
        self.expected = []  # for each command the lines of its reply as a testee sends them

    def replies(self):
        """The expected replies, one list of lines per command."""
        for command, reply in zip(self.commands, self.expected):
            if not reply and command not in SILENT:
                raise ScriptError(f"no reply is expected of {command[:100]!r}: run with --rewrite")
        return self.expected


class Script:
    """A file, or one fenced block of a document."""

    def __init__(self, path, name, needs, blocks):
        self.path = path
        self.name = name
        self.needs = needs
        self.blocks = blocks

    def test_name(self, block):
        return f"{self.name}: {block.title}"


def parse(path, name, lines, first=0, last=None, fenced=False):
    """Reads lines[first:last] as one script. Raises ScriptError."""
    last = len(lines) if last is None else last
    if not fenced and (first >= last or lines[first] != FORMAT_LINE):
        raise ScriptError(f'{name}: the first line must be "{FORMAT_LINE}"')
    needs, blocks, comment = [], [], []
    index = first
    while index < last:
        line = lines[index]
        if line.startswith("#"):
            comment.append(line[1:].strip())
            if line.startswith("# needs ") and not blocks:
                needs += line.split()[2:]
            index += 1
        elif not line.strip():
            comment = []
            index += 1
        else:
            title = comment[0] if comment else f"block {len(blocks) + 1}"
            block = Block(title, index)
            index = _parse_block(name, lines, last, block)
            blocks.append(block)
            comment = []
    _check(name, blocks)
    return Script(path, name, needs, blocks)


def _parse_block(name, lines, last, block):
    """Reads the lines of the block from block.start on; returns the index behind them."""
    index = block.start
    while index < last and lines[index].strip():
        line = lines[index]
        index += 1
        if line.startswith("#"):
            raise ScriptError(f"{name}:{index}: a comment inside a block")
        if not line.startswith(INDENT):
            _check_reply_ends(name, index - 1, block)
            block.commands.append(line)
            block.expected.append([])
        elif not block.commands or block.commands[-1] in SILENT:
            raise ScriptError(f"{name}:{index}: a reply without a command above it that has one")
        elif block.expected[-1] and not _is_data(block.expected[-1][-1]):
            raise ScriptError(f"{name}:{index}: a reply goes on behind its status line")
        else:
            block.expected[-1].append(line[len(INDENT):])
    _check_reply_ends(name, index, block)
    block.end = index
    return index


def _is_data(reply_line):
    return reply_line.startswith(INDENT)


def _check_reply_ends(name, line, block):
    if block.commands and block.expected[-1] and _is_data(block.expected[-1][-1]):
        raise ScriptError(f"{name}:{line}: data lines without a status line below them")


def _check(name, blocks):
    if not blocks:
        raise ScriptError(f"{name}: no tests in it")
    titles = set()
    for block in blocks:
        if block.title in titles:
            raise ScriptError(f"{name}:{block.line}: a second block with the title {block.title!r}")
        titles.add(block.title)
        for line in [*block.commands, *(line for reply in block.expected for line in reply)]:
            try:
                notation.check(line)
            except notation.NotationError as error:
                raise ScriptError(f"{name}:{block.line}: {error}") from None


def read(path, root):
    """The scripts of a .test file (one) or of a Markdown document (one per stave-test fence)."""
    with open(path, encoding="utf-8") as file:
        lines = file.read().split("\n")
    name = os.path.relpath(path, root)
    if not path.endswith(".md"):
        return [parse(path, name, lines)]
    scripts, index = [], 0
    while index < len(lines):
        fence = _FENCE.match(lines[index])
        index += 1
        if fence:
            end = index
            while end < len(lines) and not lines[end].startswith(fence[1]):
                end += 1
            scripts.append(parse(path, f"{name}:{index}", lines, index, end, fenced=True))
            index = end + 1
    return scripts


def find(script_root, document_root, documents):
    """All scripts below script_root, then those in the documents, in a stable order."""
    scripts = []
    for folder, folders, files in os.walk(script_root):
        folders.sort()
        for file in sorted(files):
            if file.endswith(".test"):
                scripts += read(os.path.join(folder, file), script_root)
    for document in documents:
        scripts += read(document, document_root)
    return scripts


def rewrite(path, answers):
    """Writes replies into the file: answers is a list of (block, for each command its reply)."""
    with open(path, encoding="utf-8") as file:
        lines = file.read().split("\n")
    # From the end to the start, so that earlier positions stay right.
    for block, replies in sorted(answers, key=lambda answer: -answer[0].start):
        lines[block.start : block.end] = [
            line
            for command, reply in zip(block.commands, replies)
            for line in [command, *(INDENT + line for line in reply)]
        ]
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(lines))
