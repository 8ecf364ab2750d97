"""A testee for the runner's own tests: a dictionary in a file stands for a store.

It knows a few verbs of verbs.md, and keys that begin with "!" make it misbehave.
"""

import json
import os
import signal
import sys
import time

import notation

_PRETENDS = sys.argv[1] if len(sys.argv) > 1 else ""  # lie, leak, poor or foreign


class Store:
    def __init__(self, path):
        self.path = notation.unquote(path).decode()
        self.values = {}
        if os.path.exists(self.path):
            with open(self.path, encoding="ascii") as file:
                self.values = json.load(file)

    def put(self, key, value):
        misbehave(key)
        self.values[key] = value
        with open(self.path, "w", encoding="ascii") as file:
            json.dump(self.values, file)


def misbehave(key):
    if key == '"!crash"':
        print("a word before dying", file=sys.stderr, flush=True)
        os.kill(os.getpid(), signal.SIGSEGV)
    if key == '"!exit"':
        sys.exit(3)
    if key == '"!hang"':
        time.sleep(60)
    if key == '"!garbage"':
        sys.stdout.write("OK, I think\n")
    if key == '"!bytes"':
        sys.stdout.buffer.write(b"ok \xff\n")
    if key == '"!half"':
        sys.stdout.write("  no end of li")
        sys.exit(0)


def answer(words, handles):
    """The lines of the reply."""
    if words == ["hello"]:
        format_number = 3 if _PRETENDS == "foreign" else 2
        capabilities = "" if _PRETENDS == "poor" else "store"
        return [f"ok format={format_number} language=fake capabilities={capabilities}"]
    if words == ["handles"]:
        return [f"ok {len(handles) + (1 if _PRETENDS == 'leak' else 0)}"]
    if words[1:3] == ["=", "store.open"]:
        handles[words[0]] = Store(words[3])
        return ["ok"]
    store = handles[words[0]]
    verb, arguments = words[1], words[2:]
    if verb == "put":
        store.put(*arguments)
        return ["ok"]
    if verb == "get":
        value = store.values.get(arguments[0])
        if _PRETENDS == "lie" and value:
            return ['ok "something else"']
        return ["not_found"] if value is None else [f"ok {value}"]
    if verb == "scan":
        records = [f"  {key} = {value}" for key, value in store.values.items()]
        return records + [f"ok {len(records)}"]
    if verb == "close":
        return ["ok"]
    if verb == "free":
        del handles[words[0]]
        return ["ok"]
    return [f"testee_error no verb {verb}"]


def main():
    handles = {}
    for line in sys.stdin:
        reply = answer(notation.split(line.rstrip("\n")), handles)
        print("\n".join(reply), flush=True)


main()
