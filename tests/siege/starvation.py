"""Too few descriptors, too little memory, no threads."""

import os
import resource
import socket
import time

from framing import large_bodies
from server import PONG, call, case, read_answer, require


def few_files():
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))


def little_memory():
    resource.setrlimit(resource.RLIMIT_AS, (24 << 20, 24 << 20))


def served(server, within):
    """Waits until a new client is served; tells how long that took."""
    start = time.monotonic()
    while True:
        left = within - (time.monotonic() - start)
        require(left > 0, f"nobody was served within {within} s")
        try:
            connection = socket.create_connection(server.address, left)
            connection.settimeout(left)
            connection.sendall(call())
            status, body, _ = read_answer(connection)
            require((status, body) == (200, PONG), f"{status} {body!r}")
            connection.close()
            return time.monotonic() - start
        except OSError:
            time.sleep(0.01)


def flood(server):
    """200 clients that stay: how an honest one fares, and what the flood costs."""
    connections = []
    for _ in range(200):
        connection = socket.socket()
        connection.setblocking(False)
        connection.connect_ex(server.address)
        connections.append(connection)
    time.sleep(0.5)
    during = served(server, 2)
    before = server.cpu()
    time.sleep(2)
    spent = (server.cpu() - before) / 2
    require(spent < 0.05, f"{spent:.0%} CPU while nothing happens")
    require(server.is_running(), "it has ended")
    for connection in connections:
        connection.close()
    after = max(served(server, 1) for _ in range(20))
    return f"served in {during * 1000:.0f} ms, {spent:.1%} CPU, afterwards {after * 1000:.0f} ms"


@case(prepare=few_files, honest=False)
def few_descriptors(server, short):
    """64 descriptors, 200 clients"""
    words = flood(server)
    require(any("the limit of open files is 64" in line for line in server.lines()), "and says nothing of it")
    return words


@case(prepare=little_memory, honest=False)
def memory_of_24_mib(server, short):
    """24 MiB of address space, 200 clients, 64 large bodies"""
    words = flood(server)
    large_bodies(server, short)
    served(server, 2)
    return words


def no_more_threads():
    # Not root, for whom the limit does not count; one process and two threads.
    os.setgid(65534)
    os.setuid(64321)
    resource.setrlimit(resource.RLIMIT_NPROC, (3, 3))


@case(prepare=no_more_threads, arguments=("--threads", "8"), honest=False)
def no_threads(server, short):
    """8 threads asked for, 3 to be had"""
    words = flood(server)
    require(any("could be started" in line for line in server.lines()), "and says nothing about it")
    return words
