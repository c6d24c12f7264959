"""Load and faults: many connections, slow ones, resets and bursts."""

import select
import socket
import struct
import time

from server import (
    BODY_DEADLINE,
    Broken,
    GRACE,
    HEAD_DEADLINE,
    NEW_DEADLINE,
    PONG,
    RESPONSE_DEADLINE,
    call,
    case,
    is_closed,
    open_head,
    require,
    wait_closed,
)


def hold(server, connections, seconds):
    """Lets time pass while the connections are open, and counts those that were closed."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        require(server.is_running(), "it has ended")
        time.sleep(0.1)
    return sum(is_closed(connection) for connection in connections)


@case()
def idle_connections(server, short):
    """2,000 connections that say nothing"""
    connections = [server.connect() for _ in range(2000)]
    closed = hold(server, connections, 3)
    require(closed >= 2000 - 1024, f"only {closed} made room")
    if short:
        return f"{closed} of 2000 made room"
    took = wait_closed(connections, NEW_DEADLINE + GRACE)
    return f"{closed} of 2000 made room, the rest closed after {took + 3:.0f} s"


@case()
def trickled_heads(server, short):
    """200 heads, a byte at a time"""
    connections = [server.connect() for _ in range(200)]
    head = open_head(b"X-Slow: " + b"a" * 1000)
    start = time.monotonic()
    alive = set(connections)
    for i in range(len(head)):
        for connection in list(alive):
            try:
                connection.send(head[i : i + 1])
            except OSError:
                alive.discard(connection)
        readable, _, _ = select.select(list(alive), [], [], 0)
        alive -= {connection for connection in readable if is_closed(connection)}
        if not alive:
            break
        require(time.monotonic() - start < HEAD_DEADLINE + GRACE, f"{len(alive)} of 200 still open")
        time.sleep(0.1)
    return f"all closed after {time.monotonic() - start:.1f} s"


@case()
def trickled_bodies(server, short):
    """100 bodies with the key, a byte at a time"""
    connections = [server.connect() for _ in range(100)]
    for connection in connections:
        connection.sendall(open_head(b"Content-Length: 1000\r\n\r\n"))
    start = time.monotonic()
    alive = set(connections)
    limit = 5 if short else BODY_DEADLINE + GRACE
    while alive:
        for connection in list(alive):
            try:
                connection.send(b"a")
            except OSError:
                alive.discard(connection)
        readable, _, _ = select.select(list(alive), [], [], 0)
        alive -= {connection for connection in readable if is_closed(connection)}
        if time.monotonic() - start > limit:
            require(short, f"{len(alive)} of 100 still open")
            return f"for {limit} s"
        time.sleep(0.1)
    took = time.monotonic() - start
    require(took > BODY_DEADLINE - 1, f"closed after {took:.1f} s already")
    return f"all closed after {took:.1f} s"


@case()
def never_read(server, short):
    """8 clients that pipeline thousands of requests and read nothing"""
    batch = call() * 200
    connections = [server.connect() for _ in range(8)]
    sent = 0
    for connection in connections:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.setblocking(False)
    start = time.monotonic()
    last_progress = start
    while time.monotonic() - last_progress < 1:
        for connection in connections:
            try:
                sent += connection.send(batch)
                last_progress = time.monotonic()
            except BlockingIOError:
                pass
        time.sleep(0.01)
    requests = sent // len(call())
    require(requests > 8000, f"only {requests} requests were sent")
    if short:
        return f"{requests} requests"
    closed_after = time.monotonic()
    remaining = [connection for connection in connections if not hung_up(connection)]
    while remaining:
        require(
            time.monotonic() - last_progress < RESPONSE_DEADLINE + GRACE,
            f"{len(remaining)} of 8 still open",
        )
        time.sleep(0.1)
        remaining = [connection for connection in remaining if not hung_up(connection)]
        closed_after = time.monotonic()
    return f"{requests} requests, all closed {closed_after - last_progress:.0f} s after the last was taken"


def hung_up(connection):
    """Whether the other end is gone, told without reading."""
    poll = select.poll()
    poll.register(connection, select.POLLRDHUP)
    return bool(poll.poll(0))


def reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


@case()
def connects_and_resets(server, short):
    """20,000 connections that are reset at once"""
    start = time.monotonic()
    for _ in range(20_000):
        reset(server.connect())
    return f"in {time.monotonic() - start:.1f} s"


@case()
def requests_and_resets(server, short):
    """5,000 whole requests, each followed by a reset"""
    for _ in range(5_000):
        connection = server.connect()
        connection.sendall(call())
        reset(connection)


@case()
def bursts(server, short):
    """bursts of 200 clients that connect at the same moment and stay"""
    slowest = 0.0
    for _ in range(5):
        connections = []
        start = time.monotonic()
        for _ in range(200):
            connection = socket.socket()
            connection.setblocking(False)
            connection.connect_ex(server.address)
            connections.append(connection)
        waiting = {connection.fileno(): connection for connection in connections}
        poll = select.poll()
        for fd in waiting:
            poll.register(fd, select.POLLOUT)
        answered = 0
        while answered < 200:
            require(time.monotonic() - start < 5, f"only {answered} of 200 answered after 5 s")
            for fd, event in poll.poll(100):
                if event & select.POLLOUT:
                    waiting[fd].send(call())
                    poll.modify(fd, select.POLLIN)
                elif event & select.POLLIN:
                    require(PONG in waiting[fd].recv(65536), "a wrong answer")
                    poll.unregister(fd)
                    answered += 1
                else:
                    raise Broken(f"a connection failed: {event}")
        slowest = max(slowest, time.monotonic() - start)
        for connection in connections:
            connection.close()
        time.sleep(0.2)
    require(slowest < 1, f"the slowest burst took {slowest * 1000:.0f} ms")
    return f"the slowest burst was answered in {slowest * 1000:.0f} ms"
