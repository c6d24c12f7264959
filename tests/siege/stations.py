"""Many requests, and many stations."""

import contextlib
import random
import re
import time

from harness import SENSOR
from server import Late, Server, call, case, query, read_answers, require, result_for

# What two million requests may add to the memory that the first 100,000 took.
LEAK_KIB = 256
# CPU time of a query among 10,000 stations by that of one among 10.
STATIONS_RATIO = 1.2


@case(honest=False)
def two_million_requests(server, short):
    """two million requests, a tenth refused"""
    connections = [server.connect() for _ in range(4)]
    batch = (call() * 9 + call(key="a-wrong-key")) * 10
    expected = ([b"200"] * 9 + [b"401"]) * 10
    answered = 0
    while answered < (300_000 if short else 2_000_000):
        for connection in connections:
            connection.sendall(batch)
        for connection in connections:
            statuses = re.findall(rb"HTTP/1\.1 (\d+) ", read_answers(connection, 100))
            require(statuses == expected, f"behind answer {answered}: {statuses}")
            answered += 100
        if answered == 100_000:
            resident, descriptors = server.resident(), server.descriptors()
    growth = server.resident() - resident
    words = f"{answered} answers, {growth:+} KiB since the first 100000"
    require(growth <= LEAK_KIB, words)
    require(server.descriptors() == descriptors, f"{descriptors} descriptors became {server.descriptors()}")
    return f"{words}, {descriptors} descriptors as before"


def place_names(count):
    """So many names, as long as those of any other count."""
    syllables = ["ba", "de", "fi", "go", "ku", "la", "me", "ni", "ro", "su"]
    return ["".join(syllables[int(digit)] for digit in f"{n:04}") for n in range(0, 10_000, 10_000 // count)]


@case(honest=False)
def ten_thousand_stations(server, short):
    """a query among 10,000 stations costs at most 1.2 times one among 10"""
    kinds = {
        "by name": (lambda name: {"inputs": {"location": name}}, b"City: "),
        "in a sentence": (lambda name: {"query": f"How is the weather in {name} today?"}, b"City: "),
        "unknown": (lambda name: {"inputs": {"location": f"{name}x"}}, b"Unknown city"),
        "default": (lambda name: {"query": "How is the weather today?"}, b"City: "),
    }
    spent = {(kind, count): [] for kind in kinds for count in (10, 10_000)}
    with contextlib.ExitStack() as stack:
        clients = {}
        for count in (10, 10_000):
            names = place_names(count)
            stations = [{**SENSOR, "city": name, "default": name == names[-1]} for name in names]
            # No sample in between: to look at a file costs CPU time, too.
            other = Server(server.program, ("--every", "1h"), stations=stations)
            stack.callback(other.close)
            clients[count] = other, other.connect(), names
        for _ in range(20 if short else 60):
            for kind, count in spent:
                params, found = kinds[kind]
                other, connection, names = clients[count]
                batches = [
                    b"".join(query(params(name)) for name in random.choices(names, k=100)) for _ in range(50)
                ]
                before = other.cpu()
                for batch in batches * 4:
                    connection.sendall(batch)
                    require(read_answers(connection, 100).count(found) == 100, f"{kind}: a wrong answer")
                spent[kind, count].append(other.cpu() - before)
    # What others do on the machine only adds.
    least = {which: min(seconds) for which, seconds in spent.items()}
    ratios = {kind: least[kind, 10_000] / least[kind, 10] for kind in kinds}
    words = ", ".join(f"{kind} {ratio:.2f}" for kind, ratio in ratios.items())
    if max(ratios.values()) > STATIONS_RATIO:
        raise Late(words)
    return words



@case(honest=False)
def ten_thousand_loaded(server, short):
    """10,000 stations: read in under 1 s, under 60 MB resident"""
    stations = [{**SENSOR, "city": name} for name in place_names(10_000)]
    began = time.monotonic()
    other = Server(server.program, stations=stations)
    started = time.monotonic() - began
    try:
        require("°C" in result_for(other, stations[-1]["city"]), "the last is not there")
        resident = other.resident("VmHWM")
        require(resident < 60_000, f"{resident} KiB resident")
        if started > 1:
            raise Late(f"ready after {started:.2f} s")
        return f"ready in {started:.2f} s, at most {resident} KiB"
    finally:
        other.close()


