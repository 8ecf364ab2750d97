"""The runner's verbs on files: making things, and damage found by content.

Every path must lie inside the script's directory: a script cannot touch anything else.
"""

import os
import shutil

from notation import unquote


class FileVerbError(Exception):
    """The verb cannot be done; the script is wrong."""


def run(directory, words):
    """Runs the verb words[0]; returns the reply's status line, or None if it is no file verb."""
    verb = _VERBS.get(words[0])
    if verb is None:
        return None
    arguments = [unquote(word) for word in words[1:]]
    if len(arguments) != verb.__code__.co_argcount - 1:
        raise FileVerbError(f"{words[0]} takes {verb.__code__.co_argcount - 1} arguments")
    try:
        return verb(directory, *arguments)
    except OSError as error:
        raise FileVerbError(f"{words[0]}: {error}") from None


def _inside(directory, path):
    root = os.path.realpath(directory)
    full = os.path.realpath(os.path.join(root, os.fsdecode(path)))
    if not full.startswith(root + os.sep):
        raise FileVerbError(f"the path {os.fsdecode(path)} is outside of the script's directory")
    return full


def _files(directory, path):
    full = _inside(directory, path)
    if os.path.isfile(full):
        return [full]
    if not os.path.isdir(full):
        raise FileVerbError(f"there is no {os.fsdecode(path)}")
    return [
        os.path.join(folder, file)
        for folder, _, files in sorted(os.walk(full))
        for file in sorted(files)
    ]


def _holder(directory, path, needle):
    """(file, its content): the one file that holds the needle."""
    found = []
    for file in _files(directory, path):
        with open(file, "rb") as stream:
            content = stream.read()
        if needle in content:
            found.append((file, content))
    if len(found) != 1:
        raise FileVerbError(f"{len(found)} files hold {needle!r}, not one")
    return found[0]


def _damage(directory, path, needle):
    if not needle:
        raise FileVerbError("damage needs bytes to look for")
    count = 0
    for file in _files(directory, path):
        with open(file, "r+b") as stream:
            content = stream.read()
            position = content.find(needle)
            while position >= 0:
                stream.seek(position)
                stream.write(bytes([content[position] ^ 1]))
                count += 1
                position = content.find(needle, position + len(needle))
    if count == 0:
        raise FileVerbError(f"no file holds {needle!r}")
    return f"ok {count}"


def _cut(directory, path, needle):
    file, content = _holder(directory, path, needle)
    os.truncate(file, content.rindex(needle))
    return "ok"


def _remove_file(directory, path, needle):
    os.unlink(_holder(directory, path, needle)[0])
    return "ok"


def _remove(directory, path):
    full = _inside(directory, path)
    if os.path.isdir(full):
        shutil.rmtree(full)
    else:
        os.unlink(full)
    return "ok"


def _write_file(directory, path, content):
    with open(_inside(directory, path), "wb") as stream:
        stream.write(content)
    return "ok"


def _make_directory(directory, path):
    os.mkdir(_inside(directory, path))
    return "ok"


def _copy(directory, source, target):
    source, target = _inside(directory, source), _inside(directory, target)
    if os.path.isdir(source):
        shutil.copytree(source, target)
    else:
        shutil.copyfile(source, target)
    return "ok"


def empty(directory):
    """Removes everything in the directory."""
    for entry in os.scandir(directory):
        if entry.is_dir(follow_symlinks=False):
            shutil.rmtree(entry.path)
        else:
            os.unlink(entry.path)


_VERBS = {
    "damage": _damage,
    "cut": _cut,
    "remove_file": _remove_file,
    "remove": _remove,
    "write_file": _write_file,
    "make_directory": _make_directory,
    "copy": _copy,
}

NAMES = frozenset(_VERBS)
