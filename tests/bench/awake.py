# SPDX-License-Identifier: MIT
"""Processors that do not sleep."""

import os
import signal


class Awake:
    """While it lives, no processor goes to sleep: on each one something runs that makes way for
    everything else. An idle virtual processor can take milliseconds to wake, now and then for some
    seconds on end, and that would be all that is measured."""

    def __enter__(self):
        self._children = [self._spin(processor) for processor in os.sched_getaffinity(0)]
        return self

    def __exit__(self, *_):
        for child in self._children:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)

    @staticmethod
    def _spin(processor):
        parent = os.getpid()
        child = os.fork()
        if child:
            return child
        for number in (signal.SIGINT, signal.SIGTERM):  # what the parent does then is not for us
            signal.signal(number, signal.SIG_DFL)
        os.sched_setaffinity(0, {processor})
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
        while os.getppid() == parent:
            for _ in range(100_000):
                pass
        os._exit(0)
