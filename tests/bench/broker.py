# SPDX-License-Identifier: MIT
"""A Mosquitto of our own, with its limits lifted, on free loopback ports."""

import socket
import subprocess
import time


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _openssl(folder, *words):
    subprocess.run(("openssl", *words), cwd=folder, check=True, capture_output=True)


def _certify(folder):
    new = ("-newkey", "rsa:2048", "-nodes")
    _openssl(folder, "req", "-x509", *new, "-keyout", "ca.key", "-out", "ca.crt", "-days", "2",
             "-subj", "/CN=bench ca")
    _openssl(folder, "req", *new, "-keyout", "server.key", "-out", "server.csr",
             "-subj", "/CN=localhost")
    (folder / "names").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1")
    _openssl(folder, "x509", "-req", "-in", "server.csr", "-CA", "ca.crt", "-CAkey", "ca.key",
             "-CAcreateserial", "-out", "server.crt", "-days", "2", "-extfile", "names")


class Broker:
    def __init__(self, folder):
        self.port = free_port()
        self.tls_port = free_port()
        self.ca = folder / "ca.crt"
        _certify(folder)
        self._configuration = folder / "mosquitto.conf"
        self._configuration.write_text(
            "user root\npersistence false\nlog_type none\nallow_anonymous true\n"
            "max_queued_messages 0\nmax_queued_bytes 0\nmax_inflight_messages 0\n"
            f"listener {self.port} 127.0.0.1\n"
            f"listener {self.tls_port} 127.0.0.1\ntls_version tlsv1.3\n"
            f"cafile {folder}/ca.crt\ncertfile {folder}/server.crt\nkeyfile {folder}/server.key\n")
        self.start()

    def start(self):
        self._process = subprocess.Popen(
            ("mosquitto", "-c", self._configuration), stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        limit = time.monotonic() + 10
        while time.monotonic() < limit:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                if self._process.poll() is not None:
                    raise RuntimeError("mosquitto did not start") from None
                time.sleep(0.001)
        raise TimeoutError("mosquitto does not listen")

    def stop(self):
        self._process.terminate()
        self._process.wait()
