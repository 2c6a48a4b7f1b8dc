# SPDX-License-Identifier: MIT
"""scripts/bench, after the build: main.py BUILD-DIRECTORY [OPTION]..."""

import argparse
import os
import pathlib
import signal
import subprocess
import sys
import tempfile

from broker import Broker
from clients import Clients
from program import Run
from publishing import large, lines, one, stream
from receiving import latency, receive, reconnect
from table import OURS, Table


class Settings:
    def __init__(self, arguments, folder):
        quick = arguments.quick
        self.folder = folder
        self.rounds = arguments.rounds or (1 if quick else 5)
        self.single_runs = 20 if quick else 200
        self.streams = [(30_000, self.rounds)] if quick else [(60_000, self.rounds), (1_000_000, 1)]
        self.received = 30_000 if quick else 200_000
        self.probes = 50 if quick else 200
        self.triples = 30 if quick else 180


def size(clients, _broker, table, settings):
    """What is installed, and how soon it speaks."""
    for program in (clients.pub, clients.sub):
        table.add(f"size of {program.name}", "MB", {OURS: [program.stat().st_size / 1e6]})
    for program in (clients.pub, clients.sub):
        times = [Run((program, "--help")).wait().seconds * 1000
                 for _ in range(settings.single_runs)]
        table.add(f"{program.name} --help", "ms", {OURS: times}, "=5")


GROUPS = {group.__name__: group for group in (size, one, lines, stream, receive, latency, reconnect, large)}


def micro(build):
    for bench in sorted((build / "tests/bench").glob("mqtt_tools_*_bench")):
        print(flush=True)
        subprocess.run((bench, "--benchmark_color=false"), check=True)


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench")
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", default=",".join(GROUPS))
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--micro", action="store_true")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # leaving nothing behind
    wanted = arguments.only.split(",")
    for group in wanted:
        if group not in GROUPS:
            parser.error(f"--only {group}: there are {' '.join(GROUPS)}")

    with tempfile.TemporaryDirectory(prefix="mqtt-tools-bench-") as name:
        folder = pathlib.Path(name)
        broker = Broker(folder)
        try:
            table = Table()
            clients = Clients(arguments.build.resolve() / "bin", broker)
            settings = Settings(arguments, folder)
            load = os.getloadavg()[0]
            print(f"{os.cpu_count()} processors, load {load:.1f} before; medians, client and broker "
                  "share the machine\n")
            table.head()
            for group in wanted:
                GROUPS[group](clients, broker, table, settings)
        finally:
            Run.end_all()
            broker.stop()
    if arguments.micro:
        micro(arguments.build)
    missed = table.missed()
    if missed:
        print(f"\nmissed: {', '.join(row.strip() for row in missed)}")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
