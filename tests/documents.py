# SPDX-License-Identifier: MIT
"""Types what a document shows into terminals, and compares what comes with what it shows.

    documents.py DOCUMENT FOLDER-OF-THE-PROGRAMS

A block of code is run when it is `console` (commands behind "$ ", continued behind "> ", and their
output; "^C" is Ctrl-C) or `sh` (a script). A command that fails is followed by `$ echo $?`; a line
that begins with "# ", at the beginning or behind an empty one, is a comment. Times are compared by
their form only; "…" is any text, alone on a line any lines. A comment before a block says more:

    <!-- terminal 2 -->        in which terminal (2); each keeps its shell over the whole document
    <!-- stays -->             its last command goes on: a subscription of it is waited for
    <!-- stays: TEXT -->       the same, waiting until it has said this (a regular expression)
    <!-- stays: TEXT, keys: q -->  then these keys end it
    <!-- prints -->            what the script before has written
    <!-- shows 2 -->           this is what terminal 2 shows since its last command was typed
    <!-- file: NAME -->        this is what the file holds
    <!-- cron -->              lines of a crontab, each run as cron would
    <!-- numbers vary -->      they are not compared
    <!-- not run: REASON -->

All happens in a folder of its own, with a broker and ports of its own: 1883, 8883 and 18830 stand
for free ports, broker.example for this machine, /usr/local/bin for the folder of the programs. A
document that starts a broker on port 1883 itself gets no other.
"""

import codecs
import contextlib
import os
import pathlib
import pty
import re
import signal
import socket
import subprocess
import sys
import tempfile
import termios
import threading
import time

LIMIT = 60  # seconds, for what comes at once unless the machine is very busy
PROMPT = re.compile(r"\x02(\d+)\x03")


class Failure(Exception):
    """The document does not show what happens."""


class Block:
    def __init__(self, line, language, notes, text):
        self.line, self.language, self.text = line, language, text
        self.notes = dict(note for note in notes)


def blocks(text):
    """The fenced blocks, each with the notes in the comments right before it."""
    notes, found, lines = [], [], text.split("\n")
    at = 0
    while at < len(lines):
        line = lines[at].strip()
        at += 1
        comment = re.fullmatch(r"<!-- (.*) -->", line)
        if comment:
            said = comment[1]
            for note in [said] if said.startswith("not run") else said.split(", "):
                name, _, value = note.partition(": ")
                word = re.fullmatch(r"(terminal|shows) (\w+)", note)
                notes.append((word[1], word[2]) if word else (name, value))
        elif line.startswith("```"):
            begin, indent = at, len(lines[at - 1]) - len(lines[at - 1].lstrip())
            while not lines[at].strip().startswith("```"):
                at += 1
            found.append(Block(begin, line[3:], notes, [each[indent:] for each in lines[begin:at]]))
            at += 1
            notes = []
        elif line:
            notes = []
    return found


def free_ports(count):
    """This process's own until they are used: no other test takes one of these, nor the system."""
    found, port = [], 61000 + os.getpid() * count % 3999
    while len(found) < count:
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            found.append(port)
        port += 1
    return found


TIMES = [(re.compile(pattern), form) for pattern, form in (
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", "1970-01-01T00:00:00.0Z"),
    (r"\d{4}-\d\d-\d\d([ T])\d\d([:-])\d\d\2\d\d", r"1970-01-01\g<1>00\g<2>00\g<2>00"),
    (r"\b\d\d:\d\d:\d\d\b", "00:00:00"),
    (r" +sent 1970-01-01 00-00-00", ""),  # which is shown when it was another second
    (r"   +", "  "),
    (r"\b\d+(\.\d+)?( ?ms\b)", r"0\2"),
    (r"(\"(?:ms|seconds)\":|\bseconds:=)[\d.e-]+", r"\g<1>0"),
    (r"\"\d\d:\d\d\"", '"00:00"'),
    (r"the name server did not answer( in time)?", "name not found"))]  # without a network


VARYING = [(re.compile(r"\d[\d.:]*"), "0"), (re.compile(r" +"), " ")]


# What mqtt-sub says beside the messages if none comes soon, and after a second or more.
AT_TIMES = re.compile(r"mqtt-sub: (connected to .*; Ctrl-C ends|\d+ messages? in .*)")


def matches(shown, said, vary=False):
    """Whether these lines are what the document shows."""
    if not any(map(AT_TIMES.match, shown)):
        said = [line for line in said if not AT_TIMES.match(line)]

    def normal(line):
        for pattern, form in VARYING if vary else TIMES:
            line = pattern.sub(form, line)
        return line.replace("broker.example", "localhost").rstrip()
    expression = ""
    for line in shown:
        expression += (r"(?:.*\n)*?" if line == "…" else
                       ".*?".join(map(re.escape, normal(line).split("…"))) + r"\n")
    return re.fullmatch(expression, "".join(normal(line) + "\n" for line in said)) is not None


class Terminal:
    """A shell on a terminal of 132 columns. What it writes is taken from it on a thread of its own:
    nothing in it waits for the reader."""

    def __init__(self, environment, folder):
        self.text = ""  # since the last command was typed; with changed, of both threads
        self.changed = threading.Condition()
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            attributes = termios.tcgetattr(0)  # before the shell looks: it brings back what it saw
            attributes[3] &= ~termios.ECHO
            termios.tcsetattr(0, termios.TCSANOW, attributes)
            termios.tcsetwinsize(0, (40, 132))
            os.chdir(folder)
            os.execve("/bin/bash", ["bash", "--noprofile", "--norc", "--noediting", "-i"],
                      environment)
        os.set_inheritable(self.fd, False)  # the next shell would keep this one alive
        threading.Thread(target=self.take, daemon=True).start()
        self.type(r"PS2= PS1='\[\002\]$?\[\003\]'")
        self.wait(self.prompt)

    def take(self):
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        while True:
            try:
                raw = os.read(self.fd, 65536)
            except OSError:  # all that was in it has ended
                return
            with self.changed:
                self.text += decoder.decode(raw)
                self.changed.notify_all()

    def type(self, text, end="\n"):
        with self.changed:
            self.text = ""
        os.write(self.fd, (text + end).encode())

    def wait(self, condition, limit=LIMIT):
        """Waits until the condition on what was written holds: its value, or a false one."""
        with self.changed:
            return self.changed.wait_for(condition, limit)

    def prompt(self):
        return PROMPT.search(self.text)

    def lines(self):
        """As they stand on the screen: what was overwritten is gone."""
        text = PROMPT.sub("", self.text).replace("\r\n", "\n")
        text = re.sub(r"\^C|\x1b\[[0-9;?]*[A-Za-z]", "", text)
        lines = [line.rpartition("\r")[2] for line in text.lstrip("\n").split("\n")]
        return lines if lines[-1] else lines[:-1]

    def close(self):
        """Ends what runs in it, then the shell."""
        deadline = time.monotonic() + LIMIT
        while (group := os.tcgetpgrp(self.fd)) != self.pid and time.monotonic() < deadline:
            os.killpg(group, signal.SIGTERM)  # A Mosquitto goes on at SIGHUP,
            self.wait(lambda: os.tcgetpgrp(self.fd) == self.pid, 0.2)  # and at its start at this.
        os.kill(self.pid, signal.SIGHUP)
        while os.waitpid(self.pid, os.WNOHANG)[0] == 0:
            if time.monotonic() > deadline:
                os.kill(self.pid, signal.SIGKILL)
            time.sleep(0.01)
        os.close(self.fd)


class Broker:
    """A Mosquitto that says on a terminal what it does."""

    @staticmethod
    def start(terminal, port):
        terminal.type(f"printf 'listener {port}\\nallow_anonymous true\\n' >.broker.conf; "
                      "mosquitto -v -c .broker.conf")
        if not terminal.wait(lambda: " running" in terminal.text):
            raise Failure("mosquitto does not start: " + terminal.text)


class Reader:
    """Somebody who does what the document says."""

    def __init__(self, programs, folder):
        self.folder = folder
        self.programs = programs
        home = folder / "home"
        (home / "work").mkdir(parents=True)
        ports = free_ports(3)
        self.words = [("1883", str(ports[0])), ("8883", str(ports[1])), ("18830", str(ports[2])),
                      ("broker.example", "localhost"), ("/usr/local/bin", str(programs))]
        self.environment = {
            "HOME": str(home), "PATH": f"{programs}:/usr/sbin:/usr/bin:/sbin:/bin", "TERM": "xterm",
            "LANG": "C.UTF-8", "NO_COLOR": "1", "MQTT_PORT": str(ports[0]), "USER": "you"}
        self.environment |= {name: os.environ[name] for name in os.environ if "SAN_OPTIONS" in name}
        self.port = ports[0]
        self.terminals = {}

    def here(self, text):
        for theirs, ours in self.words:
            text = re.sub(rf"(?<![\w.]){re.escape(theirs)}(?!\w)", ours, text)
        return text

    def there(self, line):
        for theirs, ours in self.words[:3]:
            line = re.sub(rf"\b{ours}\b", theirs, line)
        return line.replace(self.environment["HOME"], "/home/you")

    def terminal(self, name):
        if name not in self.terminals:
            self.terminals[name] = Terminal(self.environment, self.folder / "home/work")
        return self.terminals[name]

    def subscriptions(self):
        """How many the broker has granted."""
        return self.terminals["broker"].text.count("Sending SUBACK")

    def run(self, command, terminal, shown, stays, vary=False):
        """One command, and what comes of it."""
        before = self.subscriptions() if stays == "" else 0
        terminal.type(self.here(command))
        if stays is not None:
            said = terminal if stays else self.terminals["broker"]
            if not said.wait(lambda: (re.search(stays, terminal.text) if stays else
                                      self.subscriptions() > before)):
                raise Failure(f"{command}\n  never was ready: {terminal.text}")
            if shown:
                self.wait_for(shown, terminal, command)
            return 0
        if not terminal.wait(terminal.prompt):
            raise Failure(f"{command}\n  does not end; it said:\n{terminal.text}")
        self.compare(shown, terminal, command, vary)
        return int(terminal.prompt()[1])

    def compare(self, shown, terminal, command, vary=False):
        said = [self.there(line) for line in terminal.lines()]
        if not matches(shown, said, vary):
            raise Failure("\n  ".join([command, "should show:", *shown, "but shows:", *said]))

    def wait_for(self, shown, terminal, command):
        terminal.wait(lambda: matches(shown, [self.there(line) for line in terminal.lines()]), 10)
        self.compare(shown, terminal, command)

    def console(self, block):
        terminal = self.terminal(block.notes.get("terminal", "2"))
        commands, blank = [], True
        for line in block.text:
            if blank and line.startswith("# "):
                continue
            blank = line == ""
            if blank:
                continue
            if line.startswith("$ "):
                commands.append([line[2:], []])
            elif line == "^C":
                commands.append([line, []])
            elif line.startswith("> ") and not commands[-1][1]:
                commands[-1][0] += "\n" + line[2:]
            else:
                commands[-1][1].append(line)
        failed = None
        for number, (command, shown) in enumerate(commands):
            if command == "^C":
                terminal.type("\x03", end="")
                if not terminal.wait(terminal.prompt):
                    raise Failure("^C does not end it")
                if shown:
                    self.compare(shown, terminal, command)
                continue
            if failed and not command.startswith("echo $?"):
                raise Failure(f"{failed}, which the document does not say")
            last = number == len(commands) - 1
            code = self.run(command, terminal, shown, block.notes.get("stays") if last else None,
                            "numbers vary" in block.notes)
            if last and "keys" in block.notes:
                os.write(terminal.fd, block.notes["keys"].encode())
                if not terminal.wait(terminal.prompt):
                    raise Failure(f"{command}\n  is not ended by its keys")
            failed = f"{command}\n  ends with {code}" if code else None
        if failed:
            raise Failure(f"{failed}, which the document does not say")

    def script(self, block, printed):
        path = self.folder / "script"
        path.write_text(self.here("\n".join(block.text) + "\n"))
        code = self.run(f"bash -e {path}", self.terminal("script"), printed, None)
        if code:
            raise Failure(f"the script ends with {code}")

    def shows(self, block):
        self.wait_for(block.text, self.terminals[block.notes["shows"]], "the terminal")

    def cron(self, block):
        """As cron does it: sh, hardly an environment, and % ends the command (crontab(5))."""
        environment = {"HOME": self.environment["HOME"], "PATH": "/usr/bin:/bin",
                       "MQTT_PORT": str(self.port)}
        for line in block.text:
            if not line or line.startswith("#"):
                continue
            if re.match(r"\w+=", line):
                name, value = line.split("=", 1)
                environment[name] = self.here(value)
                continue
            command = self.here(re.sub(r"^(@\w+|(\S+\s+){4}\S+)\s+", "", line))
            command = re.split(r"(?<!\\)%", command)[0].replace(r"\%", "%")
            done = subprocess.run(["/bin/sh", "-c", command], env=environment, text=True,
                                  cwd=environment["HOME"], stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  timeout=LIMIT, check=False)
            if done.returncode or done.stdout:
                raise Failure(f"{line}\n  ends with {done.returncode}; cron mails {done.stdout}")

    def read(self, block, after):
        if "not run" in block.notes or "prints" in block.notes:
            return
        if "file" in block.notes:
            name = block.notes["file"].replace("~", self.environment["HOME"])
            path = self.folder / "home/work" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            as_root = ["user root"] if path.name == "mosquitto.conf" and os.geteuid() == 0 else []
            path.write_text(self.here("\n".join(block.text + as_root) + "\n"))
        elif "shows" in block.notes:
            self.shows(block)
        elif "cron" in block.notes:
            self.cron(block)
        elif block.language == "console":
            self.console(block)
        elif block.language == "sh":
            self.script(block, after.text if after and "prints" in after.notes else [])

    def close(self):
        for terminal in self.terminals.values():
            terminal.close()


def broken_links(document, text):
    """Links to files and headings that are not there."""
    def anchors(path):
        headings = re.findall(r"^#+ (.*)$", path.read_text(), re.MULTILINE)
        return [re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings]
    for link in re.findall(r"\]\(([^)]+)\)|srcset=\"([^\"]+)\"|src=\"([^\"]+)\"", text):
        link = "".join(link)
        if re.match(r"\w+:", link):
            continue
        name, _, anchor = link.partition("#")
        path = document.parent / name if name else document
        if not path.exists() or (anchor and anchor not in anchors(path)):
            yield f"{document.name}: the link {link} leads nowhere"


def read(name):
    return (pathlib.Path(__file__).resolve().parent.parent / name).read_text()


def other_versions():
    """Where another version stands than in CMakeLists.txt."""
    version = re.search(r"project\(mqtt-tools VERSION ([\d.]+)", read("CMakeLists.txt"))[1]
    for name, form in (("CHANGELOG.md", r"## \[(\d[\d.]*)\]"),
                       ("apps/mqtt-pub.1", r"mqtt-tools ([\d.]+)"),
                       ("apps/mqtt-sub.1", r"mqtt-tools ([\d.]+)")):
        if re.search(form, read(name))[1] != version:
            yield f"{name}: the version is not {version}"


def missing_options():
    """Options of the manual pages that neither the table of options nor that of TLS names."""
    text = read("docs/options.md") + read("docs/tls.md")
    for page in ("apps/mqtt-pub.1", "apps/mqtt-sub.1"):
        for heading in re.findall(r"^\.TP\n(.*)", read(page), re.MULTILINE):
            heading = re.sub(r"\\f.|\.BR ", "", heading.replace("\\-", "-"))
            names = re.findall(r"(?<![\w-])--?[A-Za-z0][a-z-]*", heading)
            if names and not any(re.search(rf"(?<![\w-]){name}(?![\w-])", text) for name in names):
                yield f"options.md: {' '.join(names)} of {page} is missing"


def unnamed_linux_calls(text):
    """Source files with calls of Linux's that the list for porters does not name."""
    calls = re.compile(r"::(eventfd|signalfd|ppoll|dlvsym|pipe2|getrandom|sched_setaffinity)\(|"
                       r"SOCK_CLOEXEC|/proc/self|SO_BINDTODEVICE|<linux/")
    source = pathlib.Path(__file__).resolve().parent.parent / "src"
    for path in sorted(source.rglob("*.cpp")):
        if calls.search(path.read_text()) and f"`{path.relative_to(source)}`" not in text:
            yield f"architecture.md: {path.relative_to(source)} calls what only Linux has"


def missing_files(document, text):
    """Names of source files that are not there."""
    root = pathlib.Path(__file__).resolve().parent.parent
    for name in re.findall(r"`((?:\w+/)+[\w.-]+\.(?:[ch]pp|cmake|py|1|md))`", text):
        if not any((folder / name).exists() for folder in (root, root / "src", document.parent)):
            yield f"{document.name}: there is no {name}"


def main():
    document, programs = (pathlib.Path(word).resolve() for word in sys.argv[1:3])
    text = document.read_text()
    failures = [*broken_links(document, text), *missing_files(document, text)]
    if document.name == "CHANGELOG.md":
        failures += other_versions()
    if document.name == "architecture.md":
        failures += unnamed_linux_calls(text)
    if document.name == "options.md":
        failures += missing_options()
    with tempfile.TemporaryDirectory(prefix="mqtt-tools-documents-") as name:
        reader = Reader(programs, pathlib.Path(name))
        ran = 0
        try:
            if not re.search("mosquitto .*-p 1883", text):
                Broker.start(reader.terminal("broker"), reader.port)
            found = blocks(text)
            for block, after in zip(found, [*found[1:], None]):
                try:
                    reader.read(block, after)
                    ran += block.language in ("console", "sh") and "not run" not in block.notes
                except Failure as failure:
                    failures.append(f"{document.name}:{block.line}: {failure}")
        finally:
            reader.close()
    print("\n".join(failures) or f"{document.name}: {ran} blocks show what happens")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
