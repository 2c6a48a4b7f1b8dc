# SPDX-License-Identifier: MIT
"""The command lines of the clients that are compared."""

import shutil

from table import MARK, OURS

_PYTHON = "/usr/bin/python3"

_PYTHON_ONE = """
import sys, ssl
from paho.mqtt import publish
port, ca, qos, topic, text = sys.argv[1:]
publish.single(topic, text, int(qos), hostname="localhost", port=int(port),
               tls={"ca_certs": ca} if ca else None)
"""

_PYTHON_STREAM = """
import sys
from paho.mqtt import client
port, qos, topic = sys.argv[1:]
c = client.Client()
c.max_queued_messages_set(0)
c.max_inflight_messages_set(64)
c.connect("127.0.0.1", int(port))
c.loop_start()
for line in sys.stdin.buffer:
    last = c.publish(topic, line.rstrip(b"\\n"), int(qos))
last.wait_for_publish()
c.disconnect()
c.loop_stop()
"""


def _have(name):
    return shutil.which(name) is not None


class Clients:
    def __init__(self, binaries, broker):
        self.pub = binaries / "mqtt-pub"
        self.sub = binaries / "mqtt-sub"
        self._broker = broker
        try:
            import paho.mqtt  # noqa: F401  (only to see whether it is there)
            self._python = True
        except ImportError:
            self._python = False

    def one(self, qos, topic, text, tls=False):
        """Publish one message: client name -> words."""
        port = self._broker.tls_port if tls else self._broker.port
        ca = ("--cafile", self._broker.ca) if tls else ()
        place = ("-h", "localhost", "-p", port, *ca, "-q", qos, "-t", topic, "-m", text)
        words = {OURS: (self.pub, "--no-config", "--raw", *place)}
        if _have("mosquitto_pub"):
            words[MARK] = ("mosquitto_pub", *place)
        if _have("paho_c_pub"):
            scheme = "ssl" if tls else "tcp"
            words["paho_c_pub"] = ("paho_c_pub", "--quiet", "-c", f"{scheme}://localhost:{port}", *ca,
                                   "-q", qos, "-t", topic, "-m", text)
        if self._python:
            words["python"] = (_PYTHON, "-c", _PYTHON_ONE, port, self._broker.ca if tls else "", qos,
                               topic, text)
        return words

    def stream(self, qos, topic, slow_ones, port=None):
        """Publish the lines of standard input."""
        place = ("-h", "127.0.0.1", "-p", port or self._broker.port, "-q", qos, "-t", topic)
        words = {OURS: (self.pub, "--no-config", "--raw", "-l", *place)}
        if _have("mosquitto_pub"):
            words[MARK] = ("mosquitto_pub", "-l", *place)
        if slow_ones and self._python:
            words["python"] = (_PYTHON, "-c", _PYTHON_STREAM, self._broker.port, qos, topic)
        return words

    def receive(self, qos, topic, count, port=None):
        """Print `count` payloads (all if none), a line each."""
        place = ("-h", "127.0.0.1", "-p", port or self._broker.port, "-q", qos, "-t", topic)
        limit = ("-C", count) if count else ()
        words = {OURS: (self.sub, "--no-config", "-o", "raw", "--reconnect-max", "0.05", *place,
                        *limit)}
        if _have("mosquitto_sub"):
            words[MARK] = ("mosquitto_sub", *place, *limit)
        return words

    def large(self, topic, file):
        place = ("-h", "127.0.0.1", "-p", self._broker.port, "-q", 1, "-t", topic, "-f", file)
        words = {OURS: (self.pub, "--no-config", "--raw", *place)}
        if _have("mosquitto_pub"):
            words[MARK] = ("mosquitto_pub", *place)
        return words
