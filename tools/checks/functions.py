"""Finds the functions of a C or C++ file by its braces.

No parser: comments, literals and access specifiers are blanked, then each brace that opens at namespace or class
level belongs to a function if what stands before it looks like one. That is enough to measure
functions in code that clang-format has laid out.
"""

import re

BLANKED = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"(?P<mark>[^()\\ ]{0,16})\(.*?\)(?P=mark)"'
    r"|\"(?:\\.|[^\"\\\n])*\"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'|^[ \t]*#(?:\\\n|[^\n])*"
    r'|\b(?:public|private|protected)\s*:(?!:)',
    re.DOTALL | re.MULTILINE)
# Starts a scope whose braces hold declarations, among them functions.
SCOPE = re.compile(r'^(?:inline\s+)?namespace\b|^extern\s*$|\b(?:class|struct|union|enum)\b[^()]*$'
                   r'|\b(?:class|struct|union)\s+alignas\([^()]*\)[^()]*$')
NAME = re.compile(r'([~\w:]+|operator\s*\S+)\s*\(')
TEMPLATE = re.compile(r'^template\s*<[^{}]*>\s*(?:requires[^{}]*)?(?=(?:class|struct|union)\b)')


def blank(text):
    """`text` with what is no part of a declaration turned into spaces; lines stay where they are."""
    return BLANKED.sub(lambda match: re.sub(r'[^\n]', ' ', match.group()), text)


def spans(text):
    """(name, first line, last line) of every function body's definition, outermost only."""
    code = blank(text)
    found, scopes = [], []
    start = 0  # Where the current declaration begins.
    position = 0
    while position < len(code):
        character = code[position]
        if character in ';}':
            if character == '}' and scopes:
                scopes.pop()
            start = position + 1
        elif character == '{':
            head = TEMPLATE.sub('', code[start:position].strip())
            if is_scope(head):
                scopes.append(head)
                start = position + 1
            else:
                end = end_of_body(code, position)
                name = NAME.search(head)
                if name and not head.rstrip().endswith('='):
                    first = start + len(code[start:position]) - len(code[start:position].lstrip())
                    found.append((name.group(1), line_of(code, first), line_of(code, end)))
                    start = end + 1
                position = end
        position += 1
    return found


def is_scope(head):
    return SCOPE.search(head) is not None


def end_of_body(code, position):
    """The end of a function whose first brace, a member initializer's or the body's, is given."""
    end = closing_brace(code, position)
    while code[end + 1:].lstrip()[:1] in {',', '{'}:
        position = code.find('{', end + 1)
        if position < 0:
            break
        end = closing_brace(code, position)
    return end


def closing_brace(code, position):
    """The position of the brace that closes the one at `position`, or the last character."""
    depth = 0
    for index in range(position, len(code)):
        if code[index] == '{':
            depth += 1
        elif code[index] == '}':
            depth -= 1
            if depth == 0:
                return index
    return len(code) - 1


def line_of(code, position):
    return code.count('\n', 0, position) + 1
