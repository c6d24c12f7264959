"""The two honest clients that ask while a case lays siege."""

import multiprocessing
import socket
import time

from server import P99, Late, call, read_answer, require


def honest(address, stop, results, keep):
    """Asks every 100 ms until told to stop: the time of each answer, and what went wrong."""
    times, faults = [], []
    connection = None
    asked = b'{"point": "app.external_data_tool.query", "params": {"inputs": {"location": "London"}}}'
    while not stop.is_set():
        start = time.monotonic()
        try:
            if connection is None:
                connection = socket.create_connection(address, 5)
            connection.settimeout(5)
            connection.sendall(call(asked))
            status, body, _ = read_answer(connection)
            if status != 200 or b"Temperature" not in body:
                faults.append(f"{status} {body[:80]!r}")
            times.append(time.monotonic() - start)
        except OSError as error:
            faults.append(f"{type(error).__name__}: {error} after {time.monotonic() - start:.2f} s")
            connection = None
        if not keep and connection is not None:
            connection.close()
            connection = None
        stop.wait(max(0.0, 0.1 - (time.monotonic() - start)))
    results.put((keep, times, faults))


class Honest:
    """The two honest clients, each a process of its own, so that no attacker's work delays it."""

    def __init__(self, server):
        self.stop = multiprocessing.Event()
        self.results = multiprocessing.Queue()
        self.clients = [
            multiprocessing.Process(target=honest, args=(server.address, self.stop, self.results, keep))
            for keep in (False, True)
        ]
        for client in self.clients:
            client.start()

    def finish(self):
        """Their verdict, in words; raises if it is not good enough."""
        self.stop.set()
        words = []
        for _ in self.clients:
            keep, times, faults = self.results.get(timeout=20)
            name = "kept" if keep else "new"
            require(not faults, f"{name}: {len(faults)} of {len(times) + len(faults)} failed: {faults[:2]}")
            require(times, f"{name}: nothing was asked")
            p99 = sorted(times)[min(len(times) - 1, int(len(times) * 0.99))]
            words.append(f"{name} {len(times)}x p99 {p99 * 1000:.1f} ms")
            if p99 >= P99:
                raise Late(f"{name}: p99 {p99 * 1000:.1f} ms of {len(times)}")
        return ", ".join(words)

    def abandon(self):
        for client in self.clients:
            client.kill()
