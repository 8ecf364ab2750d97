"""Scripts: what a file of format 1 holds, and writing new expectations into it."""

import os
import re

import notation

FORMAT_LINE = "# format 1"
SEPARATOR = "----"
_FENCE = re.compile(r"^(```+|~~~+)\s*stave-test\s*$")


class ScriptError(Exception):
    """The script itself is wrong, whatever any testee answers."""


class Block:
    """Commands and the replies they must get. `line` counts from 1, in the file."""

    def __init__(self, title, line):
        self.title = title
        self.line = line
        self.commands = []
        self.reply_lines = []
        self.has_separator = False
        self.replies_start = 0  # index of the first reply line in the file's lines
        self.replies_end = 0

    def replies(self):
        """The expected replies, one list of lines per command."""
        if not self.has_separator:
            raise ScriptError("the block has no expectations: run with --rewrite")
        replies, current = [], []
        for line in self.reply_lines:
            current.append(line)
            if not line.startswith("  "):
                replies.append(current)
                current = []
        if current:
            raise ScriptError("data lines without a status line behind them")
        if len(replies) != len(self.commands):
            raise ScriptError(f"{len(self.commands)} commands but {len(replies)} replies")
        return replies


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
            block = Block(title, index + 1)
            index = _parse_block(name, lines, index, last, block)
            blocks.append(block)
            comment = []
    _check(name, blocks)
    return Script(path, name, needs, blocks)


def _parse_block(name, lines, index, last, block):
    while index < last and lines[index].strip() and lines[index] != SEPARATOR:
        if lines[index].startswith("#"):
            raise ScriptError(f"{name}:{index + 1}: a comment inside a block")
        block.commands.append(lines[index])
        index += 1
    block.replies_start = block.replies_end = index
    if index < last and lines[index] == SEPARATOR:
        block.has_separator = True
        index += 1
        block.replies_start = index
        while index < last and lines[index].strip():
            block.reply_lines.append(lines[index])
            index += 1
        block.replies_end = index
    return index


def _check(name, blocks):
    if not blocks:
        raise ScriptError(f"{name}: no tests in it")
    titles = set()
    for block in blocks:
        if not block.commands:
            raise ScriptError(f"{name}:{block.line}: a block without commands")
        if block.title in titles:
            raise ScriptError(f"{name}:{block.line}: a second block with the title {block.title!r}")
        titles.add(block.title)
        for line in block.commands + block.reply_lines:
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
    """Writes the replies into the file: answers is a list of (block, lines of all replies)."""
    with open(path, encoding="utf-8") as file:
        lines = file.read().split("\n")
    # From the end to the start, so that earlier positions stay right.
    for block, reply_lines in sorted(answers, key=lambda answer: -answer[0].line):
        new = reply_lines if block.has_separator else [SEPARATOR] + reply_lines
        lines[block.replies_start : block.replies_end] = new
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(lines))
