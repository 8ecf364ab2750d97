#!/usr/bin/env python3
"""The sessions of a web site: a random token in a cookie, who it belongs to, until when.

    sessions.py STORE login NAME [SECONDS]   prints the token of a new session
    sessions.py STORE who TOKEN              prints the name, and makes the session last longer
    sessions.py STORE logout TOKEN
    sessions.py STORE clean                  removes the sessions that have ended

Unlike a cache in memory, the sessions survive a restart of the service. Set STAVE_LIBRARY to the
path of libstave.so if it is not installed.
"""

import json
import secrets
import sys
import time

import stave

LIFETIME = 3600


class Sessions:
    """Sessions in a store; any number of threads may use one of these."""

    def __init__(self, path):
        # "os" survives a killed process. People can log in again after a power loss, so no request
        # has to wait for the disk.
        self.store = stave.Store(path, durability="os")

    def login(self, name, lifetime=LIFETIME):
        session = {"name": name, "lifetime": lifetime, "until": time.time() + lifetime}
        while True:
            token = secrets.token_hex(16).encode()
            # insert and not put: it never takes over the session of somebody else.
            if self.store.insert(token, json.dumps(session).encode()):
                return token

    def who(self, token):
        """The name, or None. The session lasts its lifetime from now."""
        value = self.store.get(token)
        if value is None:
            return None
        session = json.loads(value)
        if session["until"] <= time.time():
            return None
        session["until"] = time.time() + session["lifetime"]
        # Between the get and this write somebody may have logged out: the condition keeps the
        # session from coming back to life. A failed condition writes nothing.
        batch = stave.Batch()
        batch.require_equal(token, value)
        batch.put(token, json.dumps(session).encode())
        try:
            self.store.write(batch)
        except stave.MismatchError:
            return session["name"] if token in self.store else None
        return session["name"]

    def logout(self, token):
        return self.store.remove(token)

    def clean(self):
        """Removes what has ended, in one atomic write; answers how many those were."""
        now = time.time()
        ended = [token for token, value in self.store.cursor() if json.loads(value)["until"] <= now]
        return self.store.multi_remove(ended)


def main():
    if len(sys.argv) < 3:
        raise SystemExit(__doc__)
    path, command, *arguments = sys.argv[1:]
    sessions = Sessions(path)
    with sessions.store:  # closes the store, and reports what goes wrong then
        if command == "login":
            name, *lifetime = arguments
            print(sessions.login(name, *map(float, lifetime)).decode())
        elif command == "who":
            print(sessions.who(arguments[0].encode()) or "nobody")
        elif command == "logout":
            print("bye" if sessions.logout(arguments[0].encode()) else "nobody")
        elif command == "clean":
            print(f"{sessions.clean()} removed, {len(sessions.store)} left")
        else:
            raise SystemExit(__doc__)


if __name__ == "__main__":
    main()
