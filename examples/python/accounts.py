#!/usr/bin/env python3
"""Accounts: what they hold, transfers between them, and who lives where.

    accounts.py STORE open NAME CITY AMOUNT
    accounts.py STORE deposit NAME AMOUNT
    accounts.py STORE transfer FROM TO AMOUNT
    accounts.py STORE move NAME CITY
    accounts.py STORE city CITY                 prints the names of those who live there

Keys are "balance/NAME" for a number and "city/NAME" for a city. Set STAVE_LIBRARY to the path of
libstave.so if it is not installed.
"""

import sys

import stave

BALANCE, CITY = b"balance/", b"city/"


class Accounts:
    """Accounts in a store; any number of threads may use one of these."""

    def __init__(self, path):
        # All keys that begin with "balance/" lie in one shard, so that atomic may change several.
        self.store = stave.Store(path, shard_prefix_bits=8 * len(BALANCE))
        self.names_by_city = {}
        # The index by city lives in memory: built from what is there, then kept by the hook.
        self.store.on_open(self.index)
        self.store.on_write(self.index, old_value=True)

    def index(self, change):
        if not change.key.startswith(CITY):
            return
        name = change.key[len(CITY):]
        if change.old_value is not None:
            self.names_by_city[change.old_value].remove(name)
        if not change.removed:
            self.names_by_city.setdefault(change.value, set()).add(name)

    def open(self, name, city, amount):
        """False if there is such an account."""
        batch = stave.Batch()
        batch.require_absent(BALANCE + name)
        batch.put(BALANCE + name, b"%d" % amount)
        batch.put(CITY + name, city)
        try:
            self.store.write(batch)
        except stave.MismatchError:
            return False
        return True

    def deposit(self, name, amount):
        """The new balance, or None. No addition is lost, whatever other threads do."""
        return self.store.update(BALANCE + name, lambda balance: b"%d" % (int(balance) + amount))

    def transfer(self, giver, taker, amount):
        """Both balances change, or none: what the callback raises undoes its writes."""

        def move(balances):
            for name, change in ((giver, -amount), (taker, amount)):
                balance = balances.get(BALANCE + name)
                if balance is None or int(balance) + change < 0:
                    raise ValueError(f"{name.decode()} has not enough, or no account")
                balances.put(BALANCE + name, b"%d" % (int(balance) + change))

        self.store.atomic(BALANCE, move)


def main():
    if len(sys.argv) < 4:
        raise SystemExit(__doc__)
    path, command, *arguments = sys.argv[1:]
    words = [argument.encode() for argument in arguments]
    accounts = Accounts(path)
    with accounts.store:
        if command == "open":
            print("opened" if accounts.open(*words[:2], int(words[2])) else "exists")
        elif command == "deposit":
            print((accounts.deposit(words[0], int(words[1])) or b"no account").decode())
        elif command == "transfer":
            try:
                accounts.transfer(*words[:2], int(words[2]))
                print("done")
            except ValueError as error:
                print(error)
        elif command == "move":
            print("moved" if accounts.store.replace(CITY + words[0], words[1]) else "no account")
        elif command == "city":
            for name in accounts.names_by_city.get(words[0], ()):
                print(name.decode())
        else:
            raise SystemExit(__doc__)


if __name__ == "__main__":
    main()
