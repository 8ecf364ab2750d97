#!/usr/bin/env python3
"""Runs a Java program, and fails when the machine's check of JNI calls (-Xcheck:jni) complains.

    run.py [--address-sanitizer CXX] JAVA ARGUMENT...

With --address-sanitizer the native library was built with that compiler's sanitizer, which must be in
the process from the start. The Java machine handles its own SIGSEGVs, and never gives back most of
what it allocates.
"""

import os
import re
import subprocess
import sys

COMPLAINT = re.compile(r'^(WARNING in native method|WARNING: JNI|FATAL ERROR in native method).*',
                       re.MULTILINE)


def sanitizer_environment(compiler):
    library = subprocess.run([compiler, '-print-file-name=libasan.so'], capture_output=True,
                             text=True, check=True).stdout.strip()
    options = 'handle_segv=0:allow_user_segv_handler=1:detect_leaks=0:abort_on_error=1'
    return {'LD_PRELOAD': library, 'ASAN_OPTIONS': options}


def main():
    arguments = sys.argv[1:]
    environment = dict(os.environ)
    if arguments[0] == '--address-sanitizer':
        environment.update(sanitizer_environment(arguments[1]))
        arguments = arguments[2:]
    run = subprocess.run(arguments, env=environment, stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, text=True, check=False)
    print(run.stdout, end='')
    complaints = COMPLAINT.findall(run.stdout)
    if complaints:
        print(f'-Xcheck:jni complains {len(complaints)} times')
    return 1 if run.returncode != 0 or complaints else 0


if __name__ == '__main__':
    sys.exit(main())
