# SPDX-License-Identifier: MIT
"""A bad network between clients and their broker, which notes what passes.

All connections are served by one thread. What is plain MQTT 5 is read on the way: which message was
acknowledged by the broker, and how often it was given to whom. TLS and WebSocket pass unread."""

import array
import collections
import os
import random
import select
import socket
import struct
import threading
import time

_LIMIT = 256 * 1024  # bytes of one direction that wait here


class PerMessage:
    """A number for each message of each publisher: `[publisher][number]`."""

    def __init__(self, code):
        self._code = code
        self.rows = {}

    def row(self, publisher, number):
        """The row of a publisher, long enough for this message."""
        row = self.rows.get(publisher)
        if row is None:
            row = self.rows[publisher] = array.array(self._code)
        if number >= len(row):
            row.extend([0] * (number + 50_000 - len(row)))
        return row

    def get(self, publisher, number):
        row = self.rows.get(publisher, ())
        return row[number] if number < len(row) else 0


class Passed:
    """What passed between the broker and one client, over all of its connections."""

    def __init__(self):
        self.outgoing = {}  # packet identifier: message that the client publishes
        self.incoming = {}  # packet identifier: message that the broker publishes
        self.given = PerMessage("B")  # how often the broker began to give the message
        self.taken = PerMessage("B")  # the client acknowledged it (PUBACK, PUBREC)


class Traffic:
    """What passed between the broker and all clients. Messages are known by their topics,
    s/PUBLISHER/NUMBER."""

    def __init__(self):
        self.clients = collections.defaultdict(Passed)
        self.acknowledged = PerMessage("d")  # when the broker had answered with PUBACK or PUBCOMP
        self.sent = self.taken = 0
        self.packets = 0

    def packet(self, link, from_client, kind, body):
        self.packets += 1
        packet = kind >> 4
        if packet == 3:
            end = 2 + (body[0] << 8 | body[1])
            parts = bytes(body[2:end]).split(b"/")
            qos = kind >> 1 & 3
            if parts[0] != b"s" or not qos:
                return
            message = parts[1], int(parts[2])
            mid = body[end] << 8 | body[end + 1]
            if from_client:
                link.client.outgoing[mid] = message
                self.sent += 1
            else:
                # With DUP again what is not acknowledged yet: no other delivery.
                if not kind & 8 or link.client.incoming.get(mid) != message:
                    link.client.incoming[mid] = message
                    row = link.client.given.row(*message)
                    row[message[1]] = min(row[message[1]] + 1, 255)
        elif 4 <= packet <= 7:
            mid = body[0] << 8 | body[1]
            if from_client and packet in (4, 5):
                message = link.client.incoming.get(mid)
                if message:
                    row = link.client.taken.row(*message)
                    self.taken += 1
                    row[message[1]] = 1
            # After PUBREL the client may use the identifier anew, whether or not PUBCOMP arrives: a
            # killed broker that has forgotten its PUBREL begins again, though with DUP.
            if packet == 4 and from_client or packet == 6 and not from_client:
                link.client.incoming.pop(mid, None)
            if not from_client and packet in (4, 7):
                message = link.client.outgoing.pop(mid, None)
                if message:
                    self.acknowledged.row(*message)[message[1]] = time.monotonic()
        elif packet == 1:
            # "MQTT", version, flags, keep-alive, properties of MQTT 5; then the client identifier.
            at = 11 + body[10] if body[6] == 5 else 10
            size = body[at] << 8 | body[at + 1]
            link.client = self.clients[bytes(body[at + 2:at + 2 + size]).decode()]


class _Stream:
    """One direction of a connection."""

    def __init__(self, source, target):
        self.source, self.target = source, target
        self.waiting = collections.deque()  # (when it is due, bytes)
        self.size = 0
        self.ended = False
        self.broken = False  # Nobody is there to write to.
        self.rest = b""  # of a packet that is not whole


class _Link:
    def __init__(self, client, broker, plain):
        self.up, self.down = _Stream(client, broker), _Stream(broker, client)
        self.sockets = client, broker
        self.plain = plain
        self.client = None
        self.reset = False


class Relay(threading.Thread):
    """The disturbances are plain values that any thread may set."""

    def __init__(self, traffic):
        super().__init__(daemon=True)
        self.traffic = traffic
        self.delay = 0.0  # seconds
        self.rate = None  # bytes a second, of each direction of each connection
        self.frozen = False  # nothing is read or written, and nobody is told
        self.refusing = False
        self._cut = None
        self._listeners = {}
        self._links = set()
        self._stopped = False
        self._wake, self._waker = os.pipe()

    def listen(self, port, plain):
        """A port of the relay, which leads to this one of the broker."""
        listener = socket.create_server(("127.0.0.1", 0))
        self._listeners[listener] = port, plain
        return listener.getsockname()[1]

    def cut(self, share, reset):
        """Ends so many of the connections (0 to 1): with a reset, or with an end."""
        self._cut = share, reset
        os.write(self._waker, b".")

    def stop(self):
        self._stopped = True
        os.write(self._waker, b".")
        self.join()

    def run(self):
        last = time.monotonic()
        while not self._stopped:
            now = time.monotonic()
            allowance = None if self.rate is None else int(self.rate * min(now - last, 0.1)) + 1
            last = now
            readable, writable, pending = {}, {}, False
            for link in () if self.frozen else self._links:
                for stream in (link.up, link.down):
                    if stream.size < _LIMIT and not stream.ended:
                        readable[stream.source] = link, stream
                    if stream.waiting:
                        pending = True
                        if stream.waiting[0][0] <= now:
                            writable[stream.target] = link, stream
            slow = self.frozen or self.rate is not None or (pending and not writable)
            reads, writes, _ = select.select([*readable, *self._listeners, self._wake],
                                             () if self.rate is not None else writable, (),
                                             0.01 if slow else 0.5)
            for source in reads:
                if source is self._wake:
                    os.read(self._wake, 100)
                elif source in self._listeners:
                    self._accept(source)
                else:
                    self._read(*readable[source])
            for target in writable if self.rate is not None else writes:
                self._write(*writable[target], allowance)
            if self._cut:
                (share, reset), self._cut = self._cut, None
                for link in [link for link in self._links if random.random() < share]:
                    self._close(link, reset)
        for link in list(self._links):
            self._close(link, False)

    def _accept(self, listener):
        client, _ = listener.accept()
        port, plain = self._listeners[listener]
        try:
            if self.refusing:
                raise OSError
            broker = socket.create_connection(("127.0.0.1", port), timeout=1)
        except OSError:
            client.close()
            return
        for end in (client, broker):
            end.setblocking(False)
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._links.add(_Link(client, broker, plain))

    def _read(self, link, stream):
        if link not in self._links:
            return
        try:
            data = stream.source.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            data, link.reset = b"", True
        if not data:
            # What came before the end still goes its way, as in a network.
            stream.ended = True
            if not stream.waiting:
                self._close(link, link.reset)
            return
        if stream is link.up and data[:1] == b"\x16" and link.client is None:
            link.plain = False  # A client asks whether TLS is spoken here.
        if link.plain:
            self._watch(link, stream, data)
        if not stream.broken:
            stream.waiting.append((time.monotonic() + self.delay, data))
            stream.size += len(data)

    def _write(self, link, stream, allowance):
        if link not in self._links:
            return
        _, data = stream.waiting.popleft()
        try:
            sent = stream.target.send(data if allowance is None else data[:allowance])
        except BlockingIOError:
            sent = 0
        except OSError:
            # Its end is read from the other direction, behind what was sent there before.
            stream.broken = True
            stream.waiting.clear()
            stream.size = 0
            return
        stream.size -= sent
        if sent < len(data):
            stream.waiting.appendleft((0.0, data[sent:]))
        elif stream.ended and not stream.waiting:
            self._close(link, link.reset)

    def _close(self, link, reset):
        self._links.discard(link)
        for end in link.sockets:
            if reset:
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            end.close()

    def _watch(self, link, stream, data):
        data = stream.rest + data
        at, size = 0, len(data)
        packet, from_client = self.traffic.packet, stream is link.up
        view = memoryview(data)
        while size - at >= 2:
            length = shift = 0
            body = at + 1
            while body < size:
                digit = data[body]
                body += 1
                length |= (digit & 127) << shift
                shift += 7
                if digit < 128:
                    break
            else:
                break
            if digit >= 128 or body + length > size:
                break
            packet(link, from_client, data[at], view[body:body + length])
            at = body + length
        stream.rest = data[at:]
