"""A testee: a process that answers one line with one reply, over pipes."""

import fcntl
import os
import re
import select
import subprocess
import tempfile
import time

_STATUS = re.compile(r"ok( .*)?|[a-z][a-z_]*|error [a-z][a-z_]*|testee_error .*", re.DOTALL)
_PIPE_SIZE = 1 << 20
_F_SETPIPE_SZ = 1031  # of Linux; the fcntl module has it from Python 3.10 on


class TesteeFailure(Exception):
    """The testee died, hung, or broke the protocol; it cannot be talked to any more."""


class Testee:
    """One process. start() again after kill() or a failure; stop() ends it for good."""

    def __init__(self, command, directory, environment, timeout):
        self.command = command
        self.directory = directory
        self.environment = environment
        self.timeout = timeout
        self.process = None
        self.stderr = None
        self.unread = bytearray()

    def start(self):
        self.stop()
        self.unread.clear()
        self.stderr = tempfile.TemporaryFile()
        try:
            self.process = subprocess.Popen(
                self.command,
                cwd=self.directory,
                env=self.environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self.stderr,
                bufsize=0,
            )
        except OSError as error:
            self.stderr.close()
            raise TesteeFailure(f"cannot start {self.command[0]}: {error}") from None
        # A testee that stops reading must not stop the runner: both ends are polled.
        for pipe in (self.process.stdin, self.process.stdout):
            os.set_blocking(pipe.fileno(), False)
            try:
                fcntl.fcntl(pipe.fileno(), _F_SETPIPE_SZ, _PIPE_SIZE)  # values may be of 64 MiB
            except OSError:
                pass  # the user's quota of pipe memory is used up: slower, that is all

    def kill(self):
        """SIGKILL, and wait until it is gone."""
        if self.process:
            self.process.kill()
            self.process.wait()
            self._release()

    def stop(self):
        """Lets the testee end by closing its input; kills it if it does not."""
        if not self.process:
            return
        self.process.stdin.close()
        try:
            self.process.wait(self.timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._release()

    def _release(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.stderr.close()
        self.process = None

    def ask(self, line):
        """Sends one line; returns the lines of the reply, the status last."""
        deadline = time.monotonic() + self.timeout
        self._send(line.encode("ascii") + b"\n", deadline)
        reply = []
        while True:
            reply.append(self._read_line(deadline))
            if not reply[-1].startswith("  "):
                break
        if not _STATUS.fullmatch(reply[-1]):
            raise self._failure(f"broke the protocol with the status line {reply[-1][:200]!r}")
        return reply

    def _send(self, data, deadline):
        descriptor = self.process.stdin.fileno()
        view = memoryview(data)
        while view:
            try:
                view = view[os.write(descriptor, view[:_PIPE_SIZE]) :]
            except BlockingIOError:
                self._wait(deadline, writable=[descriptor])
            except BrokenPipeError:
                raise self._failure("closed its input") from None

    def _read_line(self, deadline):
        descriptor = self.process.stdout.fileno()
        searched = 0
        while True:
            end = self.unread.find(b"\n", searched)
            if end >= 0:
                line = bytes(self.unread[:end])
                del self.unread[: end + 1]
                try:
                    return line.decode("ascii")
                except UnicodeDecodeError:
                    raise self._failure(f"sent bytes that are not ASCII: {line[:100]!r}") from None
            searched = len(self.unread)
            try:
                chunk = os.read(descriptor, _PIPE_SIZE)
            except BlockingIOError:
                self._wait(deadline, readable=[descriptor])
                continue
            if not chunk:
                raise self._failure("ended in the middle of a reply" if self.unread else "ended")
            self.unread += chunk

    def _wait(self, deadline, readable=(), writable=()):
        left = max(0, deadline - time.monotonic())
        if not any(select.select(readable, writable, [], left)):
            raise self._failure(f"did not answer within {self.timeout:g} seconds")

    def _failure(self, what):
        """The exception to raise: how the process ended and what it said on stderr."""
        try:
            self.process.wait(0.5)
            code = self.process.returncode
            what += f" (signal {-code})" if code < 0 else f" (exit code {code})"
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.stderr.seek(0)
        tail = self.stderr.read()[-8192:].decode("utf-8", "replace").strip()
        self._release()
        return TesteeFailure(f"the testee {what}" + (f"; its stderr:\n{tail}" if tail else ""))
