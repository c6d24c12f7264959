"""Requests without end, absurd, malformed or too many."""

import select
import socket
import threading
import time

from harness import KEY, PATH
from server import GRACE, NEW_DEADLINE, PONG, call, case, is_closed, open_head, read_answer, require, wait_closed


def endless(server, first, more, status, limit=32 << 20, within=3.0):
    """Sends without end until it is refused; the refusal has to come, and the close."""
    connection = server.connect()
    sent = 0
    start = time.monotonic()
    connection.sendall(first)
    connection.setblocking(False)
    answer = b""
    closed = False
    while not closed:
        require(time.monotonic() - start < within + GRACE, f"open after {sent >> 10} KiB, said {answer[:60]!r}")
        readable, writable, _ = select.select([connection], [connection], [], 0.1)
        try:
            if readable:
                piece = connection.recv(65536)
                answer += piece
                closed = not piece
            if writable and not closed and sent < limit:
                sent += connection.send(more * max(1, 16384 // len(more)))
        except (BrokenPipeError, ConnectionResetError):
            closed = True
    require(answer.startswith(b"HTTP/1.1 %d " % status), f"expected {status}, got {answer[:60]!r}")
    return f"{status}, closed after {time.monotonic() - start:.1f} s"


@case()
def endless_head_line(server, short):
    """a head line without end"""
    return endless(server, open_head(b"X-Endless: "), b"a", 431)


@case()
def endless_fields(server, short):
    """fields without end"""
    return endless(server, open_head(), b"X-Field: value\r\n", 431)


@case()
def endless_request_line(server, short):
    """a request line without end"""
    return endless(server, b"POST /", b"a", 414)


@case()
def endless_blank_lines(server, short):
    """empty lines without end"""
    connection = server.connect()
    connection.setblocking(False)
    start = time.monotonic()
    limit = 3 if short else NEW_DEADLINE + GRACE
    closed = False
    while not closed and time.monotonic() - start < limit:
        try:
            connection.send(b"\r\n" * 1000)
        except BlockingIOError:
            time.sleep(0.001)
        except OSError:
            closed = True
        time.sleep(0.001)
    require(short or closed, "never closed")
    return f"for {time.monotonic() - start:.0f} s"


@case()
def endless_chunks(server, short):
    """a chunked body without end"""
    first = open_head(b"Transfer-Encoding: chunked\r\n\r\n")
    return endless(server, first, b"400\r\n" + b"a" * 1024 + b"\r\n", 413)


@case()
def endless_chunk_extension(server, short):
    """a chunk extension without end"""
    return endless(server, open_head(b"Transfer-Encoding: chunked\r\n\r\n1;"), b"a", 431)


@case()
def endless_trailers(server, short):
    """trailer fields without end"""
    return endless(server, open_head(b"Transfer-Encoding: chunked\r\n\r\n0\r\n"), b"X-Trailer: a\r\n", 431)


@case()
def endless_body_without_key(server, short):
    """a body without end from a stranger"""
    first = b"POST %s HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999\r\n\r\n" % PATH.encode()
    return endless(server, first, b"a", 401)


@case()
def absurd_lengths(server, short):
    """Content-Length from 10^9 to 2^64, with the key and without"""
    lengths = [10**9, 2**31, 2**32, 2**32 + 17, 2**62, 4611686018427387904, 2**63 - 1, 2**63, 2**64 - 1, 2**64]
    for length in lengths:
        for key, status in ((KEY, 413), ("wrong-key", 401)):
            connection = server.connect()
            connection.sendall(
                b"POST %s HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer %s\r\nContent-Length: %d\r\n\r\nxx"
                % (PATH.encode(), key.encode(), length)
            )
            got, _, _ = read_answer(connection)
            require(got == status, f"{length}: {got}")
            wait_closed([connection], GRACE)


@case()
def thousand_pipelined(server, short):
    """a thousand pipelined requests, answered in order"""
    connection = server.connect()
    requests = b"".join(call(b'{"point": "%s"}' % (b"ping" if n % 7 else b"other")) for n in range(1000))
    sender = threading.Thread(target=connection.sendall, args=(requests,))
    sender.start()
    rest = b""
    for n in range(1000):
        status, body, rest = read_answer(connection, rest)
        require(status == (200 if n % 7 else 400), f"answer {n}: {status} {body!r}")
    sender.join()
    require(rest == b"", "an answer too many")


@case()
def large_bodies(server, short):
    """64 bodies of 1 MiB at once, each kept one byte short"""
    connections = []
    for _ in range(64):
        connection = server.connect()
        connection.setblocking(True)
        try:
            connection.sendall(open_head(b"Content-Length: 1048576\r\n\r\n") + b" " * 1048575)
        except OSError:
            pass
        connections.append(connection)
    time.sleep(0.5)
    refused = sum(is_closed(connection) for connection in connections)
    require(refused > 32, f"only {refused} of 64 were refused")
    return f"{refused} of 64 refused"


@case()
def hoarders(server, short):
    """600 without a key who ask without end and read nothing, beside bodies of 400 kB with a key"""
    request = b"GET /openapi.json HTTP/1.1\r\nHost: h\r\n\r\n" * 400
    stop = threading.Event()

    def hoard():
        connections = []
        while not stop.is_set():
            for connection in connections[:]:
                try:
                    connection.send(request)
                except BlockingIOError:
                    pass
                except OSError:
                    connection.close()
                    connections.remove(connection)
            while len(connections) < 600:
                try:
                    connection = socket.socket()
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
                    connection.connect(server.address)
                    connection.setblocking(False)
                except OSError:
                    break
                connections.append(connection)
            time.sleep(0.2)

    thread = threading.Thread(target=hoard, daemon=True)
    thread.start()
    time.sleep(2)
    body = b'{"point": "app.moderation.output", "params": {"text": "%s"}}' % (b"x" * 400_000)
    refused, calls = 0, 40
    for _ in range(calls):
        connection = server.connect()
        connection.setblocking(True)
        connection.settimeout(10)
        head, *_ = call(body).partition(b"\r\n\r\n")
        try:
            connection.sendall(head + b"\r\n\r\n")
            for start in range(0, len(body), 16_000):
                connection.sendall(body[start : start + 16_000])
                time.sleep(0.0005)
            status, _, _ = read_answer(connection)
            refused += status != 200
        except OSError:
            refused += 1
        connection.close()
    stop.set()
    thread.join()
    require(refused == 0, f"{refused} of {calls} calls with a key were refused")
    return f"{calls} calls answered"


@case()
def malformed(server, short):
    """what is not HTTP, or not quite"""
    good = open_head()
    inputs = [
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\n", 400),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
        (b"GET / HTTP/2.0\r\nHost: h\r\n\r\n", 505),
        (good + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
        (good + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        (good + b"Content-Length: -1\r\n\r\n", 400),
        (good + b"Content-Length : 1\r\n\r\n", 400),
        (good + b"Folded: a\r\n b\r\n\r\n", 400),
        (good + b"Bare: a\rb\r\n\r\n", 400),
        (good + b"Transfer-Encoding: gzip\r\n\r\n", 400),
        (good + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
        (good + b"Host: other\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\n\r\n", 400),
        (b"\x00" * 100 + b"\n", 400),
    ]
    for _ in range(20):
        for bytes_, status in inputs:
            connection = server.connect()
            connection.sendall(bytes_)
            got, body, _ = read_answer(connection)
            require(got == status, f"{bytes_!r}: {got} {body!r}")
            wait_closed([connection], GRACE)
            connection.close()


@case(arguments=("--threads", "4"))
def crowded(server, short):
    """1,100 strangers with half a head, then 400 clients at once, on four threads"""
    strangers = [server.connect() for _ in range(1100)]
    for stranger in strangers:
        try:
            stranger.send(b"POST / HTT")
        except OSError:
            pass  # It had to make room already.
    clients = [server.connect() for _ in range(400)]
    for client in clients:
        client.sendall(call())
    for client in clients:
        require(read_answer(client)[:2] == (200, PONG), "a client was not answered")


@case(arguments=("--threads", "1"))
def pipelined_flood(server, short):
    """a stranger who pipelines without end and reads all answers"""
    connection = server.connect()
    opening = b"POST %s HTTP/1.1\r\nHost: h\r\nContent-Length: 65536\r\n\r\n" % PATH.encode() + b"x" * 65536
    # Large bodies first: they make the kernel give the connection a large window.
    for _ in range(500):
        connection.sendall(opening)
        require(read_answer(connection)[0] == 401, "let in")
    connection.setblocking(False)
    batch = b"GET / HTTP/1.1\r\nHost:\r\n\r\n" * 2000
    until = time.monotonic() + (5 if short else 20)
    rest, read = b"", 0
    while time.monotonic() < until:
        readable, writable, _ = select.select([connection], [connection], [], 1)
        if readable:
            read += len(connection.recv(1 << 20))
        if writable:
            rest = rest or batch
            rest = rest[connection.send(rest) :]
    return f"{read >> 20} MiB of answers"


@case()
def half_closed(server, short):
    """clients that close their sending side at once"""
    for _ in range(500):
        connection = server.connect()
        connection.sendall(call() * 2)
        connection.shutdown(socket.SHUT_WR)
        rest = b""
        for _ in range(2):
            status, _, rest = read_answer(connection, rest)
            require(status == 200, status)
        require(connection.recv(1) == b"", "not closed")
        connection.close()
