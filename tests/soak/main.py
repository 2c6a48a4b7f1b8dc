# SPDX-License-Identifier: MIT
"""scripts/soak: clients of all kinds against a broker and a network that fail again and again."""

import argparse
import bisect
import collections
import os
import pathlib
import pty
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "bench"))
from broker import Broker, free_port  # noqa: E402
from relay import Relay, Traffic  # noqa: E402

AUTOSAVE = 2  # seconds; what is younger is forgotten when the broker is killed
SETTLED = 15  # seconds after a start of the broker in which all clients are back
BACKLOG = 20_000  # messages that may be on their way to the subscribers


class PersistentBroker(Broker):
    """A Mosquitto that keeps sessions and messages on the disk."""

    def __init__(self, folder):
        super().__init__(folder)
        self.stop()
        self.websocket_port = self.port
        while self.websocket_port in (self.port, self.tls_port):
            self.websocket_port = free_port()
        text = self._configuration.read_text().replace(
            "persistence false\n",
            f"persistence true\npersistence_location {folder}/\nautosave_interval {AUTOSAVE}\n")
        text += f"listener {self.websocket_port} 127.0.0.1\nprotocol websockets\n"
        self._configuration.write_text(text)
        self.start()

    def signal(self, number):
        self._process.send_signal(number)

    def end(self, number):
        self._process.send_signal(number)
        self._process.wait()


class Client:
    """A run of mqtt-pub or mqtt-sub that lasts."""

    def __init__(self, name, words, stdout=None, stdin=subprocess.DEVNULL, terminal=None):
        self.name, self.words, self.stdout, self.stdin = name, words, stdout, stdin
        self.terminal = terminal
        self.samples = []  # (RSS in KiB, descriptors) of this process
        self.start()

    def start(self):
        with open(self.stdout or os.devnull, "ab") as out, open(f"{self.name}.log", "ab") as log:
            ends = self.terminal if self.terminal is not None else out
            self.process = subprocess.Popen(
                self.words, stdout=ends, stderr=log, env={**os.environ, "TERM": "xterm-256color"},
                stdin=self.stdin if self.terminal is None else self.terminal)
        self.samples.clear()

    def restart(self, number):
        self.process.send_signal(number)
        code = self.process.wait(30)
        if code != -number:
            raise RuntimeError(f"{self.name} ended with {code}, not by signal {number}")
        self.start()

    def sample(self):
        try:
            with open(f"/proc/{self.process.pid}/status", encoding="ascii") as status:
                rss = next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))
            self.samples.append((rss, len(os.listdir(f"/proc/{self.process.pid}/fd"))))
        except (OSError, StopIteration):
            pass

    def growth(self):
        """What grew from the first half (without its beginning) to the second; empty: nothing."""
        size = len(self.samples)
        if size < 20:
            return ""
        early, late = self.samples[size // 5:size // 2], self.samples[size // 2:]
        rss, rss_late = (max(each[0] for each in part) for part in (early, late))
        files, files_late = (max(each[1] for each in part) for part in (early, late))
        grown = [f"memory from {rss} to {rss_late} KiB"] if rss_late > rss * 1.1 + 2048 else []
        grown += [f"descriptors from {files} to {files_late}"] if files_late > files + 1 else []
        return " and ".join(grown)


class Soak:
    def __init__(self, programs, folder, rate, randomness):
        self.pub, self.sub = programs / "mqtt-pub", programs / "mqtt-sub"
        self.rate, self.random = rate, randomness
        self.broker = PersistentBroker(folder)
        self.traffic = Traffic()
        self.relay = Relay(self.traffic)
        self.ports = {"plain": self.relay.listen(self.broker.port, True),
                      "tls": self.relay.listen(self.broker.tls_port, False),
                      "ws": self.relay.listen(self.broker.websocket_port, False)}
        self.relay.start()
        self.published = collections.Counter()  # lines that were handed to each publisher
        self.lines = collections.defaultdict(list)  # (time, outcomes in the file by then)
        self.one = None  # the one-shot that runs
        self.single = []  # one-shots that ended with 0: (time, number)
        self.kills = []  # (killed, back) of the broker
        self.forgotten = 0
        self.counts = collections.Counter()  # disturbances of each kind
        self.failures = []
        self.leaving = False
        self.feeders = []

    def connection(self, kind, version="5"):
        words = ["--no-config", "-h", "localhost", "-p", self.ports[kind], "-k", 5, "-V", version,
                 "--reconnect-max", 1, "--connect-timeout", 5, "--wait", "10m"]
        return words + {"tls": ["--cafile", self.broker.ca], "ws": ["--ws"]}.get(kind, [])

    def begin(self):
        def command(program, kind, *words, version="5"):
            return [str(word) for word in (program, *self.connection(kind, version), *words)]

        def subscriber(name, kind, *words, version="5"):
            return Client(name, command(self.sub, kind, "-i", name, "-c", "-F", "%t", *words,
                                        version=version), stdout=f"{name}.out")

        self.subscribers = {
            "plain-1": (subscriber("plain-1", "plain", "-q", 1, "s/#"), "abdefo"),
            "plain-2": (subscriber("plain-2", "plain", "-q", 2, "s/b/#", "s/e/#", "s/o/#"), "beo"),
            "old-2": (subscriber("old-2", "plain", "-q", 2, "s/b/#", "s/o/#", version="3.1.1"),
                      "bo"),
            "tls-2": (subscriber("tls-2", "tls", "-q", 2, "s/d/#", "s/f/#", "s/b/#"), "dfb"),
            "ws-1": (subscriber("ws-1", "ws", "-q", 1, "s/a/#", "s/o/#"), "ao"),
            "exec": (Client("exec", command(
                self.sub, "plain", "-i", "exec", "-c", "-q", 1, "s/o/#",
                "--exec", "printf '%s\\n' \"$MQTT_TOPIC\" >>exec.out")), "o"),
        }
        ours, theirs = pty.openpty()
        threading.Thread(target=self.read_terminal, args=(ours,), daemon=True).start()
        others = [
            Client("watch", command(self.sub, "plain", "--watch", "w/#"), terminal=theirs),
            Client("clean-0", command(self.sub, "plain", "-q", 0, "-F", "%t", "w/#"))]
        self.relayed = Client("spool", command(self.pub, "plain", "--spool", "spool", "--drain",
                                             "--follow"))

        def publisher(name, kind, qos, *words):
            lines = ["-l", "--topic-from-line", "--raw", "-q", qos, "-o", "json",
                     "--ack-timeout", "10m"]
            client = Client(f"pub-{name}", command(self.pub, kind, *lines, *words),
                        stdout=f"pub-{name}.out", stdin=subprocess.PIPE)
            self.feeders.append(threading.Thread(target=self.feed, args=(name, client)))
            return client

        self.publishers = {"a": publisher("a", "plain", 1),
                           "b": publisher("b", "plain", 2, "-i", "pub-b", "-c"),
                           "c": publisher("c", "plain", 0),
                           "d": publisher("d", "tls", 1), "e": publisher("e", "ws", 2)}
        self.feeders.append(threading.Thread(target=self.enqueue))
        self.feeders.append(threading.Thread(target=self.publish_one_by_one))
        self.lasting = [*self.publishers.values(), *others,
                        *(self.subscribers[name][0] for name in ("plain-1", "tls-2", "exec"))]
        # Sessions are there before what is published for them.
        self.wait_for(lambda: all(os.path.getsize(f"{each}.log") == 0 for each in self.subscribers),
                      1)
        time.sleep(2)
        for feeder in self.feeders:
            feeder.start()

    @staticmethod
    def read_terminal(end):
        while True:
            try:
                os.read(end, 65536)
            except OSError:
                return

    # What is published.

    def pace(self, count, share):
        """Waits until `count` more messages may go."""
        time.sleep(count / (self.rate * share))
        waited = time.monotonic()
        while not self.leaving and self.backlog() > BACKLOG:
            before = self.traffic.taken
            time.sleep(0.5)
            if self.traffic.taken != before:
                waited = time.monotonic()
            elif time.monotonic() - waited > 20:
                self.forgotten += self.backlog()  # by a broker that was killed

    def backlog(self):
        """Messages that are published, and a subscriber of all of them has not."""
        return (sum(self.published[name] for name in "abdef") - len_of("plain-1.out")
                - self.forgotten)

    def feed(self, name, client):
        try:
            while not self.leaving:
                first = self.published[name]
                topics = (f"w/{n % 500}" if name == "c" else f"s/{name}/{n}"
                          for n in range(first, first + 200))
                text = "".join(f"{topic}\t{topic}{'.' * (hash(topic) % 200)}\n" for topic in topics)
                client.process.stdin.write(text.encode())
                client.process.stdin.flush()
                self.published[name] += 200
                self.pace(200, 0.2)
            client.process.stdin.close()
        except OSError as error:
            self.failures.append(f"pub-{name} does not read any more: {error}")

    def enqueue(self):
        while not self.leaving:
            first = self.published["f"]
            text = "".join(f"s/f/{n}\t{n}\n" for n in range(first, first + 300))
            code = subprocess.run((self.pub, "--no-config", "-h", "localhost", "-p",
                                   str(self.ports["plain"]), "--spool", "spool", "--enqueue",
                                   "-l", "--topic-from-line", "--raw"), input=text.encode(),
                                  check=False).returncode
            if code != 0:
                self.failures.append(f"--enqueue ended with {code}")
            self.published["f"] += 300
            self.pace(300, 0.05)

    def publish_one_by_one(self):
        while not self.leaving:
            number = self.published["o"]
            self.published["o"] += 1
            words = (self.pub, *self.connection("plain"), "--raw", "-q", number % 3,
                     "--reconnect-for", "60", f"s/o/{number}", "x")
            with open("one.log", "ab") as log:
                self.one = subprocess.Popen([str(word) for word in words],
                                            stdin=subprocess.DEVNULL, stderr=log)
            code = self.one.wait()
            if code == 0 and number % 3 > 0:
                self.single.append((time.monotonic(), number))
            elif code not in (0, 3, 6):
                self.failures.append(f"a message of its own ended with {code}")
            time.sleep(0.2)

    # What goes wrong.

    def disturb(self):
        randomness, relay = self.random, self.relay
        kinds = {"kill": 2, "restart": 2, "stop": 2, "cut": 5, "reset": 5, "delay": 2,
                 "throttle": 2, "freeze": 2, "refuse": 2, "subscriber": 2, "spool": 2}
        kind = randomness.choices(list(kinds), list(kinds.values()))[0]
        self.counts[kind] += 1
        if kind == "kill" or kind == "restart":
            killed = time.monotonic()
            self.broker.end(signal.SIGKILL if kind == "kill" else signal.SIGTERM)
            time.sleep(randomness.uniform(0, 3))
            self.broker.start()
            if kind == "kill":
                self.kills.append((killed, time.monotonic()))
        elif kind == "stop":
            self.broker.signal(signal.SIGSTOP)
            time.sleep(randomness.uniform(0.2, 12))
            self.broker.signal(signal.SIGCONT)
        elif kind == "cut" or kind == "reset":
            relay.cut(randomness.choice((0.2, 0.5, 1)), kind == "reset")
        elif kind == "subscriber":
            name = randomness.choice(("plain-2", "old-2", "ws-1"))
            self.subscribers[name][0].restart(signal.SIGTERM)
            # A new process cannot know what was printed and is not acknowledged for good.
            self.traffic.clients[name].incoming.clear()
        elif kind == "spool":
            self.relayed.restart(signal.SIGKILL)
        else:
            attribute, value = {"delay": ("delay", randomness.uniform(0.01, 0.5)),
                                "throttle": ("rate", randomness.uniform(5e3, 1e5)),
                                "freeze": ("frozen", True), "refuse": ("refusing", True)}[kind]
            before = getattr(relay, attribute)
            setattr(relay, attribute, value)
            time.sleep(randomness.uniform(0.5, 9))
            setattr(relay, attribute, before)

    def run(self, seconds):
        end = time.monotonic() + seconds
        due = time.monotonic() + 5
        told = 0.0
        while time.monotonic() < end:
            now = time.monotonic()
            if now >= due:
                self.disturb()
                due = time.monotonic() + self.random.uniform(1, 8)
            for client in self.lasting:
                client.sample()
                if client.process.poll() is not None:
                    raise RuntimeError(f"{client.name} ended with {client.process.returncode}, "
                                       f"see {os.getcwd()}/{client.name}.log")
            for name in "de":
                self.lines[name].append((time.monotonic(), len_of(f"pub-{name}.out")))
            if now >= told:
                told = now + 60
                print(f"soak: {round(end - now):5} s left, {sum(self.published.values()):9,} "
                      f"published, {sum(self.counts.values())} disturbances, "
                      f"{len(self.failures)} failures", flush=True)
            time.sleep(0.5)

    # How it ended.

    @staticmethod
    def wait_for(condition, limit):
        end = time.monotonic() + limit
        while time.monotonic() < end and not condition():
            time.sleep(0.2)
        return condition()

    def settle(self):
        """Lets everything arrive that will, and ends all clients."""
        self.leaving = True
        for feeder in self.feeders:
            feeder.join()
        for name, client in self.publishers.items():
            try:
                if client.process.wait(120) != 0:
                    self.failures.append(f"{client.name} ended with {client.process.returncode}")
            except subprocess.TimeoutExpired:
                self.failures.append(f"{client.name} does not end")
            self.lines[name].append((time.monotonic(), len_of(f"pub-{name}.out")))
        sizes = []

        def quiet():
            sizes.append([os.path.getsize(f"{name}.out") for name in self.subscribers
                          if os.path.exists(f"{name}.out")])
            return len(sizes) > 25 and sizes[-1] == sizes[-25]

        self.wait_for(quiet, 120)
        for client, _ in self.subscribers.values():
            self.expect_signal(client)
        self.expect_signal(self.relayed)
        for client in self.lasting:
            if client.process.poll() is None:
                self.expect_signal(client)

    def expect_signal(self, client):
        client.process.terminate()
        try:
            code = client.process.wait(30)
        except subprocess.TimeoutExpired:
            code = "nothing"
            client.process.kill()
        if code not in (-signal.SIGTERM, 0):
            self.failures.append(f"{client.name} ended with {code} after SIGTERM")

    def acknowledged(self, name):
        """The messages that a publisher was told are acknowledged, and when."""
        if name == "o":
            return [(number, when) for when, number in self.single]
        if name == "f":
            waits = numbers_of(subprocess.run(
                (self.pub, "--no-config", "--spool", "spool", "--spool-list"), check=True,
                stdout=subprocess.PIPE).stdout.replace(b'"', b"\n").split(b"\n"))[b"f"]
            self.counts["messages set aside in the spool"] = len(waits)
            return [(n, self.traffic.acknowledged.get(b"f", n))
                    for n in range(self.published["f"]) if n not in waits]
        times = [when for when, _ in self.lines[name]]
        counts = [count for _, count in self.lines[name]]
        found = []
        with open(f"pub-{name}.out", "rb") as file:
            for at, line in enumerate(file):
                if b'"reason":0,' not in line and b'"reason":16,' not in line:
                    self.failures.append(f"pub-{name}: {line.decode().strip()}")
                    continue
                number = int(line[line.index(b"/", 13) + 1:line.index(b'"', 13)])
                when = self.traffic.acknowledged.get(name.encode(), number)
                if name in "de":
                    when = times[bisect.bisect_right(counts, at)]
                found.append((number, when))
        return found

    def excused(self, when):
        """Whether the broker was killed around that time: it may have forgotten the message, its
        subscribers, or that it had delivered the message."""
        return any(killed - AUTOSAVE - 10 < when < back + SETTLED for killed, back in self.kills)

    def account(self):
        traffic = self.traffic
        acknowledged = {name: self.acknowledged(name) for name in "abdefo"}
        for name in "abfo":
            unseen = [n for n, _ in acknowledged[name]
                      if not traffic.acknowledged.get(name.encode(), n)]
            if unseen:
                self.failures.append(f"{name}: told as acknowledged, and the broker never did: "
                                     f"{len(unseen)}, as {unseen[:5]}")
        total = sum(len(each) for each in acknowledged.values())
        print(f"soak: {total:,} messages acknowledged, {traffic.packets:,} packets seen")
        for subscriber, (_, names) in self.subscribers.items():
            with open(f"{subscriber}.out", "rb") as file:
                printed = numbers_of(file)
            lost, forgotten, repeated, again = [], 0, [], 0
            passed = traffic.clients[subscriber]
            for name in names:
                counts = printed[name.encode()]
                for number, when in acknowledged[name]:
                    count = counts.get(number, 0)
                    if count == 0:
                        if passed.taken.get(name.encode(), number) or not self.excused(when):
                            lost.append(f"s/{name}/{number}")
                        else:
                            forgotten += 1
                    elif count > 1:
                        again += count - 1
                        # With QoS 2 each delivery that the broker began is printed once.
                        exactly = (subscriber in ("plain-2", "old-2")
                                   and (name != "o" or number % 3 == 2))
                        if exactly and count > passed.given.get(name.encode(), number):
                            repeated.append(f"s/{name}/{number}")
            print(f"soak: {subscriber:8} {sum(sum(each.values()) for each in printed.values()):9,}"
                  f" printed, {again:,} of them again, {forgotten:,} forgotten by a killed broker,"
                  f" {len(lost):,} lost, {len(repeated):,} wrongly repeated")
            if lost:
                self.failures.append(f"{subscriber} lost {len(lost)}, as {lost[:5]}")
            if repeated:
                self.failures.append(f"{subscriber} repeated {len(repeated)}, as {repeated[:5]}")
        for client in self.lasting:
            if client.growth():
                self.failures.append(f"{client.name}: {client.growth()}")
            first, last = client.samples[len(client.samples) // 5], client.samples[-1]
            print(f"soak: {client.name:8} memory {first[0]:,} to {last[0]:,} KiB, "
                  f"descriptors {first[1]} to {last[1]}")
        print("soak:", ", ".join(f"{count} × {kind}" for kind, count in sorted(self.counts.items())))


_lengths = {}
_lengths_lock = threading.Lock()


def len_of(path):
    """The lines of a file that grows."""
    with _lengths_lock, open(path, "rb") as file:
        lines, at = _lengths.get(path, (0, 0))
        file.seek(at)
        data = file.read()
        _lengths[path] = lines + data.count(b"\n"), at + len(data)
        return _lengths[path][0]


def numbers_of(lines):
    """How often each message stands in lines that are s/PUBLISHER/NUMBER."""
    found = collections.defaultdict(collections.Counter)
    for line in lines:
        parts = line.rstrip().split(b"/")
        if len(parts) == 3 and parts[0] == b"s":
            found[parts[1]][int(parts[2])] += 1
    return found


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("programs", type=pathlib.Path)
    parser.add_argument("minutes", type=float, nargs="?", default=10)
    parser.add_argument("seed", type=int, nargs="?", default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--rate", type=float, default=3000)
    options = parser.parse_args()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(1))  # leaving nothing running
    print(f"soak: {options.minutes:g} minutes; the same disturbances again: "
          f"scripts/soak {options.minutes:g} {options.seed}")
    folder = tempfile.mkdtemp(prefix="mqtt-tools-soak.")
    os.chdir(folder)
    soak = Soak(options.programs, pathlib.Path(folder), options.rate, random.Random(options.seed))
    try:
        soak.begin()
        soak.run(options.minutes * 60)
        soak.settle()
        soak.account()
    finally:
        soak.leaving = True
        if soak.one:
            soak.one.kill()
        for client in (*soak.lasting, soak.relayed, *(each for each, _ in soak.subscribers.values())):
            if client.process.poll() is None:
                client.process.kill()
        soak.relay.stop()
        soak.broker.end(signal.SIGKILL)
    for failure in soak.failures[:50]:
        print(f"soak: FAILED: {failure}")
    print(f"soak: {len(soak.failures)} failures"
          + (f"; what each said is in {folder}" if soak.failures else ""))
    if not soak.failures:
        shutil.rmtree(folder)
    return 1 if soak.failures else 0


if __name__ == "__main__":
    sys.exit(main())
