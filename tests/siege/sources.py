"""Sources that hang, and a log of a gigabyte."""

import contextlib
import json
import os
import tempfile
import time

from bad_files import BadFiles
from server import Broken, Late, P99, Server, case, query, read_answer, require, result_for


def stations_toml(files):
    table = '[[station]]\ncity = "{}"\n[[station.source]]\nfile = "{}"\n'
    return "".join(table.format(city, file) for city, file in files.items())


@case(honest=False)
def hanging_sources(server, short):
    """100 sources of which ten hang: the others' answers are never late"""
    with contextlib.ExitStack() as stack:
        directory = stack.enter_context(tempfile.TemporaryDirectory(prefix="siege-"))
        hanging = os.path.join(directory, "hanging")
        os.mkdir(hanging)
        files = {f"Good {n}": os.path.join(directory, f"{n}.json") for n in range(90)}
        stuck = {f"Bad {n}": os.path.join(hanging, f"{n}.json") for n in range(10)}
        stuck["Slow"], stuck["Broken"] = os.path.join(hanging, "slow"), os.path.join(hanging, "broken")

        def write(degrees):
            for file in files.values():
                with open(file + ".new", "w") as new:
                    json.dump({"temperature_C": degrees}, new)
                os.rename(file + ".new", file)

        write(1)
        config = os.path.join(directory, "weatherhook.toml")
        with open(config, "w") as file:
            file.write(stations_toml({**stuck, **files}))
        mounted = BadFiles(hanging)
        began = time.monotonic()
        try:
            other = Server(server.program, ("--config", config))
        except Broken:
            mounted.close()
            raise
        stack.callback(other.close)
        # Before the program is ended: the kernel lets none end that waits for a file.
        stack.callback(mounted.close)
        started = time.monotonic() - began
        connection = other.connect()
        slowest_answer = slowest_change = 0
        for degrees in range(2, 6 if short else 32):
            write(degrees)
            written = time.monotonic()
            waiting = set(files)
            while waiting:
                require(time.monotonic() - written < 3, f"{len(waiting)} sources are late")
                for city in sorted(waiting):
                    asked = time.monotonic()
                    connection.sendall(query({"inputs": {"location": city}}))
                    _, body, _ = read_answer(connection)
                    slowest_answer = max(slowest_answer, time.monotonic() - asked)
                    if f"Temperature: {degrees}°C" in json.loads(body)["result"]:
                        waiting.discard(city)
            slowest_change = max(slowest_change, time.monotonic() - written)
        connection.sendall(query({"inputs": {"location": "Bad 3"}}))
        require("has not reported" in json.loads(read_answer(connection)[1])["result"], "a source that hangs reports")
        require("21°C" in result_for(other, "Slow"), "a source that takes 2 s is not reported")
        require("has not reported" in result_for(other, "Broken"), "a source that fails reports")
        require(any("Input/output error" in line for line in other.lines()), "EIO is not logged")
        require(len(mounted.readers) >= 10, f"only {len(mounted.readers)} reads hang")
        if slowest_answer > P99:
            raise Late(f"an answer took {slowest_answer * 1000:.0f} ms")
        return (
            f"ready in {started:.1f} s; each of 90 told its new value within {slowest_change:.2f} s (looked at"
            f" every second), the slowest answer {slowest_answer * 1000:.0f} ms, {other.resident() // 1024} MiB"
        )


@case(honest=False)
def large_log(server, short):
    """a log of 1 GB: ready in 1 s, under 8 MB, and what is appended is told after one interval"""
    size = (100 if short else 1000) * 1000 * 1000
    with contextlib.ExitStack() as stack:
        directory = stack.enter_context(tempfile.TemporaryDirectory(prefix="siege-"))
        log = os.path.join(directory, "rtl_433.json")

        def line(age, degrees):
            written = time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime(time.time() - age))
            return (
                f'{{"time" : "{written}", "model" : "Bresser-5in1", "id" : 206, "battery_ok" : 1, "temperature_C" : {degrees:.1f},'
                f' "humidity" : 96, "wind_max_m_s" : 1.8, "wind_avg_m_s" : 0.9, "wind_dir_deg" : 292.5, "rain_mm" : 94.4}}\n'
            )

        count = size // len(line(0, 5.5))
        with open(log, "w") as file:
            # One every 12 s; the times of the old ones are made by the thousand.
            for first in range(0, count, 1000):
                age = 12 * (count - first)
                if age > 3 * 86400:
                    file.write(line(age, 9.9) * 1000)
                else:
                    file.writelines(line(12 * (count - n), 5.5) for n in range(first, min(first + 1000, count)))
        size = os.path.getsize(log)
        began = time.monotonic()
        other = Server(server.program, ("--city", "Ulm"), sensor=log)
        stack.callback(other.close)
        started = time.monotonic() - began
        require("°C" in result_for(other, "Ulm"), result_for(other, "Ulm"))
        resident = other.resident("VmHWM")
        slowest = 0
        for degrees in range(10, 13):
            with open(log, "a") as file:
                file.write(line(0, degrees))
            written = time.monotonic()
            while f"Temperature: {degrees}°C" not in result_for(other, "Ulm"):
                require(time.monotonic() - written < 2, f"{degrees} °C is not reported")
                time.sleep(0.01)
            slowest = max(slowest, time.monotonic() - written)
        require(resident < 8000, f"{resident} KiB resident")
        if started > 1 or slowest > 1.2:
            raise Late(f"ready after {started:.2f} s, told after {slowest:.2f} s")
        return f"{size / 1e9:.1f} GB: ready in {started:.2f} s, at most {resident} KiB; told {slowest:.2f} s after an append"
