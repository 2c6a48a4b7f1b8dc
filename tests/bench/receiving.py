# SPDX-License-Identifier: MIT
"""How messages come in: at what cost, how soon, and after the broker was away."""

import contextlib
import os
import threading
import time

from awake import Awake
from mqtt import Connection, publish_packet
from program import Run
from table import OURS, quantile


def _wait_until_heard(broker, topic):
    probe = Connection(broker.port)
    while not probe.heard(topic, b"probe"):
        time.sleep(0.005)
    probe.close()


def receive(clients, broker, table, settings):
    """Processor time for a message printed raw."""
    lines = settings.received
    source, received = settings.folder / "lines", settings.folder / "received"
    with open(source, "w", encoding="ascii") as file:
        file.writelines(f"{number:08} {'x' * 91}\n" for number in range(lines))
    for qos in (0, 1):
        cpu = {}
        publisher = clients.stream(qos, "bench/receive", False)[OURS]  # Mosquitto's loses some
        for _ in range(settings.rounds):
            for who, words in clients.receive(qos, "bench/receive", lines + 1).items():
                subscriber = Run(words, stdout=received)
                _wait_until_heard(broker, "bench/receive")
                Run(publisher, stdin=source).wait()
                subscriber.wait(limit=60)
                if received.read_bytes() != b"probe\n" + source.read_bytes():
                    raise RuntimeError(f"what {who} printed is not what was sent")
                cpu.setdefault(who, []).append(subscriber.cpu / lines * 1e6)
        table.add(f"receive {lines:,}, QoS {qos}", "µs", cpu, 1.2, 0.8)
    source.unlink()
    received.unlink()


class _Printer:
    """A subscriber whose lines are noted with the time at which they came."""

    def __init__(self, words):
        reader, writer = os.pipe()
        self._run = Run(words, stdout=writer, quiet=True)
        os.close(writer)
        self._file = os.fdopen(reader, "rb")
        self.news = threading.Condition()
        self.seen = {}
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self._file:
            now = time.perf_counter()
            if line[:1] != b"#":
                with self.news:
                    self.seen.setdefault(line.rstrip(b"\n"), now)
                    self.news.notify_all()

    def time_of(self, text, timeout=30):
        with self.news:
            if not self.news.wait_for(lambda: text in self.seen, timeout):
                raise TimeoutError(f"{text!r} was never printed")
            return self.seen[text]

    def end(self):
        self._run.end()


def _delays(words, broker, texts, busy):
    """From publish to print, in milliseconds, one for each text."""
    printer = _Printer(words)
    _wait_until_heard(broker, "bench/latency")
    sender = Connection(broker.port)
    filling = publish_packet("bench/latency", b"#" + b"x" * 99) * 20 if busy else b""
    delays = []
    for text in texts:
        time.sleep(0.005 if busy else 0.03)
        packets = filling + publish_packet("bench/latency", text)
        begin = time.perf_counter()
        sender.socket.sendall(packets)
        delays.append((printer.time_of(text) - begin) * 1000)
    sender.close()
    printer.end()
    return delays


def latency(clients, broker, table, settings):
    """From publish to print: in silence, with processors that sleep and with such that do not, and
    among other messages. Each round has its quantiles; what counts is their median."""
    parts = ((0.5, "median"), (0.99, "99 %"), (1, "worst"))
    for name, awake, busy in (("asleep", contextlib.nullcontext(), False),
                              ("idle", Awake(), False),
                              ("4,000 a second", contextlib.nullcontext(), True)):
        found = {part: {} for part, _ in parts}
        with awake:
            for turn in range(settings.rounds):
                for who, words in clients.receive(0, "bench/latency", None).items():
                    texts = [f"{who}-{turn}-{number}".encode() for number in range(settings.probes)]
                    delays = _delays(words, broker, texts, busy)
                    for part, _ in parts:
                        found[part].setdefault(who, []).append(quantile(delays, part))
        for part, word in parts:
            bound = part == 0.99 and name == "idle"
            table.add(f"publish to print, {name}, {word}", "ms", found[part], "=2" if bound else None,
                      "=0.5" if bound else None)


def reconnect(clients, broker, table, settings):
    """From the broker's return to the first message printed, with --reconnect-max 0.05."""
    delays = {}
    for turn in range(settings.rounds):
        for who, words in clients.receive(1, "bench/reconnect", None).items():
            printer = _Printer(words)
            _wait_until_heard(broker, "bench/reconnect")
            broker.stop()
            time.sleep(0.3)
            broker.start()
            begin = time.perf_counter()
            sender = Connection(broker.port)
            text = f"{who}-{turn}".encode()
            while not sender.heard("bench/reconnect", text):
                time.sleep(0.001)
            delays.setdefault(who, []).append((printer.time_of(text) - begin) * 1000)
            sender.close()
            printer.end()
    table.add("broker back to first message", "ms", delays, "=200", "=20")
