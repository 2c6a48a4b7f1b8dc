# SPDX-License-Identifier: MIT
"""As much MQTT 5 as measuring needs: the side of a run that must not be slow itself."""

import socket
import struct
import threading
import time


def _length(size):
    out = bytearray()
    while True:
        size, digit = divmod(size, 128)
        out.append(digit | (0x80 if size else 0))
        if not size:
            return bytes(out)


def _text(text):
    raw = text.encode()
    return struct.pack(">H", len(raw)) + raw


def publish_packet(topic, payload, qos=0, identifier=1):
    head = _text(topic) + (struct.pack(">H", identifier) if qos else b"") + b"\0"
    return bytes([0x30 | qos << 1]) + _length(len(head) + len(payload)) + head + payload


def _packet(file):
    """The next packet that comes: its first byte, and what stands behind its length."""
    kind = file.read(1)
    if not kind:
        raise EOFError
    size = shift = 0
    while True:
        digit = file.read(1)[0]
        size |= (digit & 0x7F) << shift
        shift += 7
        if not digit & 0x80:
            return kind[0], file.read(size)


class Sink:
    """A server for one client, which takes every message at once, and notes when its payload came."""

    def __init__(self):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.seen = {}
        self._server = threading.Thread(target=self._serve, daemon=True)
        self._server.start()

    def wait(self):
        """Until the client has gone and all of it is read."""
        self._server.join(timeout=30)

    def _serve(self):
        client, _ = self._listener.accept()
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        file = client.makefile("rb")
        try:
            _, connect = _packet(file)
            properties = connect[6] == 5  # the level
            client.sendall(b"\x20\3\0\0\0" if properties else b"\x20\2\0\0")
            while True:
                kind, body = _packet(file)
                now = time.perf_counter()
                if kind >> 4 != 3:
                    continue
                at = 2 + (body[0] << 8 | body[1])
                if kind >> 1 & 3:
                    client.sendall(b"\x40\2" + body[at : at + 2])
                    at += 2
                self.seen[body[at + properties :]] = now
        except (OSError, EOFError, IndexError):
            client.close()


class Connection:
    """A connection to the broker on `port`. Reads on a thread of its own; on_message gets payloads."""

    def __init__(self, port, on_message=None):
        self.on_message = on_message
        self.answers = {}
        self.news = threading.Condition()
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self.socket.settimeout(None)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = self.socket.makefile("rb", 1 << 16)
        body = _text("MQTT") + b"\5\2" + struct.pack(">H", 0) + b"\0" + _text("")
        self.socket.sendall(b"\x10" + _length(len(body)) + body)
        kind, answer = _packet(self.file)
        if kind >> 4 != 2 or answer[1] != 0:
            raise ConnectionError(f"CONNACK {answer!r}")
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        try:
            while True:
                kind, body = _packet(self.file)
                if kind >> 4 == 3:
                    self._message(kind, body)
                elif kind >> 4 in (4, 9):
                    with self.news:
                        # PUBACK and SUBACK: the last byte is, or stands for, the reason.
                        reason = body[-1] if kind >> 4 == 9 else body[2] if len(body) > 2 else 0
                        self.answers[body[:2]] = reason
                        self.news.notify_all()
        except (OSError, EOFError, ValueError, IndexError):
            pass

    def _message(self, kind, body):
        at = 2 + (body[0] << 8 | body[1])
        qos = kind >> 1 & 3
        if qos:
            self.socket.sendall(b"\x40\2" + body[at : at + 2])
            at += 2
        properties, shift = 0, 0
        while True:
            digit = body[at]
            at += 1
            properties |= (digit & 0x7F) << shift
            shift += 7
            if not digit & 0x80:
                break
        if self.on_message:
            self.on_message(body[at + properties :])

    def _answer(self, identifier):
        key = struct.pack(">H", identifier)
        with self.news:
            if not self.news.wait_for(lambda: key in self.answers, timeout=30):
                raise TimeoutError("the broker does not answer")
            return self.answers.pop(key)

    def subscribe(self, topic, qos=0):
        body = struct.pack(">H", 1) + b"\0" + _text(topic) + bytes([qos])
        self.socket.sendall(b"\x82" + _length(len(body)) + body)
        if self._answer(1) > 2:
            raise ConnectionError("subscription refused")

    def publish(self, topic, payload):
        self.socket.sendall(publish_packet(topic, payload))

    def heard(self, topic, payload):
        """Publishes; true when somebody was subscribed."""
        self.socket.sendall(publish_packet(topic, payload, 1, 9))
        return self._answer(9) != 0x10

    def close(self):
        self.socket.sendall(b"\xe0\0")
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
