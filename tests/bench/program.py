# SPDX-License-Identifier: MIT
"""Programs, run and measured: wall time, processor time, memory."""

import ctypes
import os
import select
import signal
import subprocess
import time

_PR_SET_CHILD_SUBREAPER = 36


class Run:
    """A program that runs. Its standard input and output are files or descriptors."""

    running = set()

    def __init__(self, words, stdin=os.devnull, stdout=os.devnull, quiet=False):
        self.words = [str(word) for word in words]
        output = stdout if isinstance(stdout, int) else os.open(
            stdout, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        source = stdin if isinstance(stdin, int) else os.open(stdin, os.O_RDONLY | os.O_CLOEXEC)
        self._begin = time.perf_counter()
        self.pid = os.posix_spawnp(
            self.words[0], self.words, os.environ,
            file_actions=[(os.POSIX_SPAWN_DUP2, source, 0), (os.POSIX_SPAWN_DUP2, output, 1),
                          *([(os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0)] if quiet else [])])
        Run.running.add(self.pid)
        for descriptor, given in ((source, stdin), (output, stdout)):
            if not isinstance(given, int):
                os.close(descriptor)

    def ended(self):
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def wait(self, good=0, limit=None):
        """`limit` is in seconds; one that takes longer has failed."""
        if limit is not None:
            end = os.pidfd_open(self.pid)
            ended = select.select([end], [], [], limit)[0]
            os.close(end)
            if not ended:
                raise RuntimeError(f"not done after {limit} s: {' '.join(self.words)}")
        _, status, usage = os.wait4(self.pid, 0)
        Run.running.discard(self.pid)
        self.seconds = time.perf_counter() - self._begin
        self.cpu = usage.ru_utime + usage.ru_stime
        code = os.waitstatus_to_exitcode(status)
        if good is not None and code != good:
            raise RuntimeError(f"ended with {code}: {' '.join(self.words)}")
        return self

    def end(self):
        os.kill(self.pid, signal.SIGTERM)
        return self.wait(good=None)

    @staticmethod
    def end_all():
        """What a failure left running."""
        for pid in Run.running:
            os.kill(pid, signal.SIGKILL)
            os.wait4(pid, 0)


def peak_memory(words, stdin=os.devnull):
    """Bytes. The kernel counts the memory of whoever started a program, too: so a small shell does,
    and leaves it to us."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    shell = subprocess.run(
        ("sh", "-c", 'in=$1; shift; "$@" <"$in" >/dev/null & echo $!', "sh", str(stdin),
         *map(str, words)), stdout=subprocess.PIPE, check=True)
    _, status, usage = os.wait4(int(shell.stdout), 0)
    if os.waitstatus_to_exitcode(status) != 0:
        raise RuntimeError(f"failed: {' '.join(map(str, words))}")
    return usage.ru_maxrss * 1024
