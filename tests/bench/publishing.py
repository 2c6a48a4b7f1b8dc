# SPDX-License-Identifier: MIT
"""How fast messages leave: one at a time, in streams, and one that is large."""

import functools
import os
import random
import statistics
import subprocess
import time

from mqtt import Connection, Sink
from program import Run, peak_memory
from table import MARK, OURS, quantile

# Ratios to mosquitto_pub, by QoS.
STREAM_MUST = {0: 0.6, 1: 0.7, 2: 0.8}


class Collector:
    """Everything published below a topic, kept in this process."""

    def __init__(self, broker, topic):
        self.payloads = []
        self._connection = Connection(broker.port, self.payloads.append)
        self._connection.subscribe(topic, 1)

    def expect(self, payloads):
        limit = time.monotonic() + 30
        while len(self.payloads) < len(payloads) and time.monotonic() < limit:
            time.sleep(0.01)
        if sorted(self.payloads) != sorted(payloads):
            raise RuntimeError(f"{len(payloads)} messages were sent, {len(self.payloads)} came, "
                               "or others")
        self._connection.close()


def _empty_program(folder):
    """What is left of one message when nothing is done: a program that only loads our libraries."""
    path = folder / "empty"
    subprocess.run(("c++", "-x", "c++", "-", "-o", path, "-Wl,--no-as-needed", "-lpaho-mqttpp3",
                    "-lpaho-mqtt3as"), input=b"int main() {}", check=True)
    return path


def one(clients, broker, table, settings):
    """From start to exit with one message. Every way in each turn, so that whatever else the machine
    does for a while weighs on all of them; and in an order of its own, because who comes after a
    client that waited, or loaded other libraries, finds colder caches."""
    ways = [(tls, qos) for tls in (False, True) for qos in (0, 1, 2)]
    times, sent = {way: {} for way in ways}, []
    empty, loading = _empty_program(settings.folder), []
    collector = Collector(broker, "bench/one")
    for turn in range(settings.single_runs):
        jobs = [(way, who, words) for way in ways
                for who, words in clients.one(way[1], "bench/one", "", way[0]).items()
                if turn < settings.rounds or who in (OURS, MARK)]
        jobs.append((None, None, (empty,)))
        random.Random(turn).shuffle(jobs)
        for way, who, words in jobs:
            if way is None:
                loading.append(Run(words).wait().seconds * 1000)
                continue
            text = f"{who}-{turn}-{way}"
            run = Run((*words[:-1], text)).wait()
            sent.append(text.encode())
            times[way].setdefault(who, []).append(run.seconds * 1000)
    collector.expect(sent)
    for tls, qos in ways:
        name = f"one message, QoS {qos}{', TLS 1.3' if tls else ''}"
        must, aim = (0.5, 0.2) if tls else (2.0, 1.0)
        table.add(name, "ms", times[tls, qos], must, aim)
        if not tls and qos == 1:
            limit = statistics.median(loading)
            table.add("  times an empty program", "", {
                OURS: [statistics.median(times[tls, qos][OURS]) / limit]}, None, "=1.15")
        if qos == 1:
            table.add(f"  slowest of a hundred{' (TLS)' if tls else ''}", "ms", times[tls, qos],
                      None if tls else "=50", None if tls else "=10",
                      of=functools.partial(quantile, part=0.99))
            memory = {who: [peak_memory((*words[:-1], "memory")) / 1e6 for _ in range(3)]
                      for who, words in clients.one(qos, "bench/memory", "", tls).items()}
            table.add(f"  memory{' (TLS)' if tls else ''}", "MB", memory, 2.5, 2.0)


def _wait_while_growing(subscriber, path):
    """Whether the subscriber ended by itself; it is ended when nothing more comes for 10 s."""
    size, since = -1, time.monotonic()
    while not subscriber.ended():
        if path.stat().st_size != size:
            size, since = path.stat().st_size, time.monotonic()
        if time.monotonic() - since > 10:
            subscriber.end()
            return False
        time.sleep(0.01)
    subscriber.wait(good=None)
    return True


def _stream_once(words, topic, qos, source, broker, folder, lines):
    """Publishes `source`, and holds what a subscriber wrote against it: how the publisher ran, and
    how many lines arrived."""
    received = folder / "received"
    subscriber = Run(("mosquitto_sub", "-h", "127.0.0.1", "-p", broker.port, "-t", topic, "-q", qos,
                      "-C", lines + 1), stdout=received)
    probe = Connection(broker.port)
    while not probe.heard(topic, b"probe"):
        time.sleep(0.005)
    probe.close()
    run = Run(words, stdin=source).wait()
    whole = _wait_while_growing(subscriber, received)
    with open(received, "rb") as came, open(source, "rb") as went:
        if came.readline() != b"probe\n":
            raise RuntimeError("the probe did not arrive")
        if whole and came.read() != went.read():
            raise RuntimeError(f"what arrived is not what was sent: {' '.join(map(str, words))}")
        arrived = lines if whole else sum(1 for _ in came)
    received.unlink()
    return run, arrived


def stream(clients, broker, table, settings):
    """Lines of standard input as messages."""
    for lines, rounds in settings.streams:
        source = settings.folder / "lines"
        with open(source, "w", encoding="ascii") as file:
            file.writelines(f"{number:08} {'x' * 91}\n" for number in range(lines))
        for qos in (0, 1, 2):
            rates, cpu, lost = {}, {}, {}
            for turn in range(rounds):
                for who, words in clients.stream(qos, "bench/stream", lines < 100_000).items():
                    if turn > 0 and who == "python":
                        continue
                    run, arrived = _stream_once(words, "bench/stream", qos, source, broker,
                                                settings.folder, lines)
                    if arrived < lines:
                        if who == OURS:
                            raise RuntimeError(f"{arrived} of {lines} arrived, and it ended with 0")
                        lost[who] = arrived
                        continue
                    rates.setdefault(who, []).append(lines / run.seconds / 1000)
                    cpu.setdefault(who, []).append(run.cpu / lines * 1e6)
            table.add(f"stream of {lines:,}, QoS {qos}", "1000/s", rates, STREAM_MUST[qos], 1.0, True)
            table.add("  processor time a message", "µs", cpu)
            for who, arrived in lost.items():
                print(f"  {who} ended with 0, and {arrived:,} of {lines:,} arrived")
        memory = {OURS: [peak_memory(clients.stream(1, "bench/memory", False)[OURS], source) / 1e6]}
        table.add("  memory, QoS 1", "MB", memory, "=30")
        source.unlink()


def _triples(words, sink, count):
    """How long each of `count` times three lines, 2 ms apart, is on its way, in milliseconds."""
    reader, writer = os.pipe()
    run = Run(words, stdin=reader)
    os.close(reader)
    begun = {}
    for number in range(3 * count):
        time.sleep(0.05 if number % 3 == 0 else 0.002)
        text = f"{number}".encode()
        begun[text] = time.perf_counter()
        os.write(writer, text + b"\n")
    os.close(writer)
    run.wait(limit=30)
    sink.wait()
    if sorted(sink.seen) != sorted(begun):
        raise RuntimeError(f"not all lines arrived: {' '.join(map(str, words))}")
    return [(sink.seen[text] - when) * 1000 for text, when in begun.items()]


def lines(clients, _broker, table, settings):
    """From a line of standard input to the server. With Nagle's algorithm (RFC 896) the second of
    three waits for the acknowledgement of the first, which may take 40 ms."""
    for qos in (0, 1):
        delays = {}
        for who in (OURS, MARK):
            sink = Sink()
            words = clients.stream(qos, "bench/lines", False, sink.port)
            if who in words:
                delays[who] = _triples(words[who], sink, settings.triples)
        table.add(f"line to server, QoS {qos}, median", "ms", delays)
        table.add("  99 %", "ms", delays, of=functools.partial(quantile, part=0.99))
        table.add("  worst of the triples", "ms", delays, "=40", of=max)


def large(clients, broker, table, settings):
    """One payload of 20 MB."""
    file = settings.folder / "large"
    payload = bytes(range(256)) * 78_125
    file.write_bytes(payload)
    collector = Collector(broker, "bench/large")
    times, sent = {}, 0
    for _ in range(settings.rounds):
        for who, words in clients.large("bench/large", file).items():
            run = Run(words).wait()
            sent += 1
            times.setdefault(who, []).append(run.seconds * 1000)
    collector.expect([payload] * sent)
    table.add("20 MB payload, QoS 1", "ms", times, "=500", "=100")
    memory = {who: [peak_memory(words) / 1e6]
              for who, words in clients.large("bench/memory", file).items()}
    table.add("  memory", "MB", memory)
    file.unlink()
