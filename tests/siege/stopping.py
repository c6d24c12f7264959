"""Signals, and a new start."""

import queue
import signal
import threading
import time

from server import PONG, Server, call, case, open_head, read_answer, require, wait_closed


@case(honest=False)
def stop_with_requests_in_flight(server, short):
    """SIGTERM with 32 requests in flight, and idle connections"""
    request = call()
    busy = [server.connect() for _ in range(32)]
    idle = [server.connect() for _ in range(32)]
    for connection in busy:
        connection.sendall(request[:-5])
    time.sleep(0.2)
    start = time.monotonic()
    server.process.send_signal(signal.SIGTERM)
    idle_took = wait_closed(idle, 0.5)
    for connection in busy:
        connection.sendall(request[-5:])
        require(read_answer(connection)[:2] == (200, PONG), "a request in flight was not answered")
    code = server.process.wait(5)
    require(code == 0, f"exit {code}")
    return f"32 answers, idle closed in {idle_took * 1000:.0f} ms, exit 0 in {time.monotonic() - start:.2f} s"


@case(honest=False)
def stop_under_load(server, short):
    """SIGTERM while 32 clients ask without pause: what was asked is answered"""
    results = queue.Queue()

    def ask():
        answered = 0
        try:
            with server.connect(5) as connection:
                while True:
                    connection.sendall(call())
                    status, body, _ = read_answer(connection)
                    require((status, body) == (200, PONG), f"{status} {body!r}")
                    answered += 1
        except OSError as error:
            results.put((answered, str(error)))

    clients = [threading.Thread(target=ask) for _ in range(32)]
    for client in clients:
        client.start()
    time.sleep(0.5)
    server.process.send_signal(signal.SIGTERM)
    code = server.process.wait(5)
    for client in clients:
        client.join(5)
    require(code == 0, f"exit {code}")
    counts = [results.get(timeout=1) for _ in clients]
    require(all(count for count, _ in counts), "somebody was never answered")
    return f"{sum(count for count, _ in counts)} answers, exit 0"


@case(honest=False)
def stop_with_a_stuck_client(server, short):
    """SIGTERM with a request that never ends: exit 0 within 5 s"""
    connection = server.connect()
    connection.sendall(open_head())
    time.sleep(0.1)
    start = time.monotonic()
    server.process.send_signal(signal.SIGTERM)
    code = server.process.wait(5)
    require(code == 0, f"exit {code}")
    return f"exit 0 in {time.monotonic() - start:.1f} s"


@case(honest=False)
def second_signal(server, short):
    """a second SIGTERM ends at once"""
    connection = server.connect()
    connection.sendall(open_head())
    time.sleep(0.1)
    server.process.send_signal(signal.SIGTERM)
    time.sleep(0.2)
    start = time.monotonic()
    server.process.send_signal(signal.SIGTERM)
    server.process.wait(1)
    return f"in {(time.monotonic() - start) * 1000:.0f} ms"


@case(honest=False)
def restart(server, short):
    """a restart binds at once, with connections in TIME_WAIT"""
    for _ in range(50):
        connection = server.connect()
        connection.sendall(call(fields=b"Connection: close\r\n"))
        read_answer(connection)
        require(connection.recv(1) == b"", "not closed")
        connection.close()
    server.process.send_signal(signal.SIGTERM)
    server.process.wait(5)
    again = Server(server.program, ("--listen", "%s:%d" % server.address))
    try:
        addresses = [line for line in again.lines() if f":{server.address[1]}/" in line]
        require(addresses, "it listens elsewhere")
    finally:
        again.close()
