"""A testee: a process that answers one line with one reply, over pipes."""

import os
import re
import selectors
import subprocess
import tempfile
import time

_STATUS = re.compile(r"ok( .*)?|[a-z][a-z_]*|error [a-z][a-z_]*|testee_error .*", re.DOTALL)
_CHUNK = 1 << 20


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
            raise TesteeFailure(f"cannot start {self.command[0]}: {error}") from None
        # A testee that stops reading must not stop the runner: both ends are polled.
        os.set_blocking(self.process.stdin.fileno(), False)
        os.set_blocking(self.process.stdout.fileno(), False)

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
        view = memoryview(data)
        while view:
            self._wait(self.process.stdin, selectors.EVENT_WRITE, deadline)
            try:
                view = view[os.write(self.process.stdin.fileno(), view[:_CHUNK]) :]
            except BlockingIOError:
                continue
            except BrokenPipeError:
                raise self._failure("closed its input") from None

    def _read_line(self, deadline):
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
            self._wait(self.process.stdout, selectors.EVENT_READ, deadline)
            chunk = os.read(self.process.stdout.fileno(), _CHUNK)
            if not chunk:
                raise self._failure("ended in the middle of a reply" if self.unread else "ended")
            self.unread += chunk

    def _wait(self, pipe, event, deadline):
        with selectors.DefaultSelector() as selector:
            selector.register(pipe, event)
            if not selector.select(max(0, deadline - time.monotonic())):
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
