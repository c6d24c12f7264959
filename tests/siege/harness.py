"""What siege, benchmark and tunnel test share: programs that are started, waited for, looked at and ended."""

import contextlib
import os
import socket
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
WEATHERHOOK = TARGET / "release" / "weatherhook"

PATH = "/api/dify/receive"
KEY = "a-key-of-the-harness-0123456789"
SENSOR = {"city": "London", "temperature_C": 10.2, "humidity": 80, "wind_avg_km_h": 8}


def free_port():
    """A port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def kernel_figures(file):
    """The numbers of a file like /proc/self/status, by name."""
    lines = (line.split() for line in Path(file).read_text().splitlines())
    return {line[0].rstrip(":"): int(line[1]) for line in lines if len(line) > 1 and line[1].isdigit()}


class NotStarted(Exception):
    """A program has ended, or did not become ready; with what it printed."""


class Program:
    """A running program. All that it prints is kept in a file."""

    def __init__(self, command, log, **options):
        self.name, self.log_path = log.stem, log
        with open(log, "wb") as file:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT, **options
            )
        self.pid = self.process.pid

    def wait_until(self, ready, patience, pause=0.02):
        """Waits until `ready` gives something true, and returns that. Ends the program where it never does."""
        until = time.monotonic() + patience
        while not (found := ready()):
            if not self.is_running() or time.monotonic() > until:
                self.stop()
                raise NotStarted("\n".join([f"{self.name} does not start:", *self.lines()]))
            time.sleep(pause)
        return found

    def is_running(self):
        return self.process.poll() is None

    def lines(self):
        """What it has printed so far."""
        return self.log_path.read_text(errors="replace").splitlines()

    def stop(self):
        """Asks it to end, and kills it where it does not within 10 s."""
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            # One that waits for a broken disk does not end even then.
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(10)

    def resident(self, field="VmRSS"):
        """Resident memory in KiB; with "VmHWM" the most that it ever was."""
        figures = kernel_figures(f"/proc/{self.pid}/status")
        if field not in figures:
            raise ProcessLookupError(f"{self.name} has ended")
        return figures[field]
