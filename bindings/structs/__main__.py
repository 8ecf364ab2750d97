#!/usr/bin/env python3
"""Writes the options and the statistics of every family in Java, C# or Go.

    structs java FOLDER HEADERS      a class each, and what the native layer copies (structs.h)
    structs csharp FILE HEADERS      the structs as C has them, and a class each
    structs go FILE HEADERS          a struct each; committed, since users build without this script

The table is the public C headers: the members of each stave_*_options and stave_*_stats, and the comment
of each member, which becomes its documentation. What C does not know stands in headers.py.
"""

import argparse
import pathlib

import csharp
import go
import headers
import java


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('language', choices=['java', 'csharp', 'go'])
    parser.add_argument('output', type=pathlib.Path)
    parser.add_argument('headers', type=pathlib.Path, nargs='+')
    arguments = parser.parse_args()
    write = {'java': java.write, 'csharp': csharp.write, 'go': go.write}[arguments.language]
    write(headers.read(arguments.headers), arguments.output)


if __name__ == '__main__':
    main()
