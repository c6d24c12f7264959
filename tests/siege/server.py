"""The server under siege, what is sent to it, what it answers, and the list of cases."""

import json
import os
import socket
import tempfile
import time
from pathlib import Path

from harness import KEY, PATH, SENSOR, NotStarted, Program

PONG = b'{"result": "pong"}'
# Of 100 answers 99 come within so many seconds.
P99 = 0.050
# An attacker's connection has to be closed this long after its deadline at the latest.
GRACE = 2.0
HEAD_DEADLINE, BODY_DEADLINE, NEW_DEADLINE, RESPONSE_DEADLINE = 10, 30, 30, 30


def call(body=b'{"point": "ping"}', fields=b"", key=KEY):
    return (
        b"POST %s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n%sContent-Length: %d\r\n\r\n%s"
        % (PATH.encode(), key.encode(), fields, len(body), body)
    )


def open_head(fields=b""):
    """A head with the key that has not ended yet."""
    return b"POST %s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n%s" % (
        PATH.encode(),
        KEY.encode(),
        fields,
    )


class Broken(Exception):
    """Something is not as it has to be."""


class Skipped(Exception):
    """The machine lacks what the case needs."""


class Late(Broken):
    """An honest client was answered too late, or an answer took too much CPU time."""


def require(condition, what):
    if not condition:
        raise Broken(what)


class Server(Program):
    """The program, started for one case."""

    def __init__(self, program, arguments=(), prepare=None, environment=None, stations=SENSOR, sensor=None):
        self.scratch = tempfile.TemporaryDirectory(prefix="siege-")
        os.chmod(self.scratch.name, 0o755)
        if sensor is None:
            sensor = os.path.join(self.scratch.name, "sensor.json")
            with open(sensor, "w") as file:
                json.dump(stations, file)
        self.program = program
        # The interval by a variable, so that a case may say otherwise by a flag.
        env = {"WEATHERHOOK_KEY": KEY, "WEATHERHOOK_EVERY": "1s", "PATH": os.environ["PATH"], **(environment or {})}
        command = [program, "serve", "--listen", "127.0.0.1:0", "--sensor", sensor, *arguments]
        super().__init__(command, Path(self.scratch.name) / "weatherhook.log", env=env, preexec_fn=prepare)
        try:
            self.address = self.wait_until(self.listener, patience=10, pause=0.01)
        except NotStarted as error:
            self.scratch.cleanup()
            raise Broken(str(error)) from error
        self.first_resident = self.resident()

    def listener(self):
        """The address of the line that says where it listens; of several the last."""
        for line in reversed(self.lines()):
            if "listening on http://" in line:
                host, port = line.split("http://")[1].split("/")[0].rsplit(":", 1)
                return host, int(port)
        return None

    def cpu(self):
        """CPU seconds so far of the threads that there are."""
        nanoseconds = 0
        for thread in os.listdir(f"/proc/{self.process.pid}/task"):
            with open(f"/proc/{self.process.pid}/task/{thread}/schedstat") as file:
                nanoseconds += int(file.read().split()[0])
        return nanoseconds / 1e9

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def connect(self, timeout=10.0):
        connection = socket.create_connection(self.address, timeout)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def close(self):
        self.process.kill()
        self.process.wait()
        self.scratch.cleanup()


def read_answer(connection, rest=b""):
    """One answer: its status, its body, and what came behind it."""
    data = rest
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        if not piece:
            raise ConnectionError(f"closed before an answer: {data[:100]!r}")
        data += piece
    head, data = data.split(b"\r\n\r\n", 1)
    status = int(head.split(b" ", 2)[1])
    length = 0
    for line in head.split(b"\r\n")[1:]:
        name, value = line.split(b":", 1)
        if name.lower() == b"content-length":
            length = int(value)
    while len(data) < length:
        piece = connection.recv(65536)
        if not piece:
            raise ConnectionError("closed in the middle of a body")
        data += piece
    return status, data[:length], data[length:]


def read_answers(connection, count):
    """So many answers as they came; each ends with the same two bytes, which stand nowhere else in it."""
    data = b""
    while data.count(b'"}') < count:
        piece = connection.recv(65536)
        if not piece:
            raise ConnectionError("closed before all was answered")
        data += piece
    return data


def is_closed(connection):
    """Whether the other end has closed; what it said before is thrown away."""
    connection.setblocking(False)
    try:
        while connection.recv(65536):
            pass
        return True
    except BlockingIOError:
        return False
    except OSError:
        return True


def wait_closed(connections, seconds):
    """Waits until all are closed. Returns how long that took."""
    start = time.monotonic()
    waiting = list(connections)
    while waiting:
        waiting = [connection for connection in waiting if not is_closed(connection)]
        passed = time.monotonic() - start
        require(not waiting or passed < seconds, f"{len(waiting)} still open after {passed:.1f} s")
        time.sleep(0.05)
    return time.monotonic() - start


def query(params):
    """A call of Dify's external data tool."""
    return call(json.dumps({"point": "app.external_data_tool.query", "params": params}).encode())


def result_for(server, city):
    """What a query for that place is answered with."""
    connection = server.connect()
    with connection:
        connection.sendall(query({"inputs": {"location": city}}))
        return json.loads(read_answer(connection)[1])["result"]


CASES = []


def case(arguments=(), prepare=None, environment=None, honest=True, settle=0.5):
    """Marks a function as a case. It gets the server and whether time is short, and returns what it saw."""

    def mark(function):
        CASES.append((function, arguments, prepare, environment, honest, settle))
        return function

    return mark
