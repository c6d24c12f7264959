"""A file system of bad files."""

import contextlib
import ctypes
import errno
import os
import struct
import threading
import time
import zlib

from server import Skipped

# The age of the bad files begins here.
START = time.time()


class BadFiles:
    """A file system of bad files (fuse(4)), as a network's or a broken card's. Whoever reads one waits
    until the end of the case; one called `slow` takes 2 s, one called `broken` fails with EIO."""

    INIT, LOOKUP, GETATTR, OPEN, READ = 26, 1, 3, 14, 15
    WITHOUT_ANSWER = {2, 36, 42}  # FORGET, INTERRUPT, BATCH_FORGET
    SLOW, BROKEN, HANGS = 2, 3, 4  # And all above.

    def __init__(self, directory):
        self.directory = directory
        self.libc = ctypes.CDLL(None, use_errno=True)
        try:
            self.device = os.open("/dev/fuse", os.O_RDWR)
        except OSError as error:
            raise Skipped(f"no /dev/fuse: {error}") from error
        options = f"fd={self.device},rootmode=40000,user_id=0,group_id=0,allow_other".encode()
        if self.libc.mount(b"siege", directory.encode(), b"fuse", 0, options):
            os.close(self.device)
            raise Skipped(f"mount: {os.strerror(ctypes.get_errno())}, needs root")
        self.readers = set()
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                request = os.read(self.device, 1 << 18)
            except OSError:
                return  # Unmounted.
            _, operation, unique, node, _, _, process, _ = struct.unpack_from("<IIQQIIII", request)
            if operation == self.READ and node >= self.HANGS:
                self.readers.add(unique)
            elif operation == self.READ and node == self.SLOW:
                content = b'{"temperature_C": 21}'.ljust(100)
                threading.Timer(2, self.reply, (unique, content)).start()
            else:
                content = self.answer(operation, node, request[40:])
                if content is not None:
                    self.reply(unique, content)
                elif operation not in self.WITHOUT_ANSWER:
                    self.reply(unique, b"", -(errno.EIO if operation == self.READ else errno.ENOSYS))

    def reply(self, unique, content, error=0):
        with contextlib.suppress(OSError):
            os.write(self.device, struct.pack("<IiQ", 16 + len(content), error, unique) + content)

    def answer(self, operation, node, arguments):
        def attributes(node):
            mode = 0o40755 if node == 1 else 0o100644
            return struct.pack("<6Q10I", node, 100, 1, 0, int(START), 0, 0, 0, 0, mode, 1, 0, 0, 0, 512, 0)

        if operation == self.INIT:
            return struct.pack("<4I2H2I2H8I", 7, 31, 65536, 0, 16, 12, 4096, 1, 1, 0, *[0] * 8)
        if operation == self.LOOKUP:
            special = {b"slow\0": self.SLOW, b"broken\0": self.BROKEN}
            named = special.get(arguments) or self.HANGS + zlib.crc32(arguments)
            return struct.pack("<4Q2I", named, 0, 60, 60, 0, 0) + attributes(named)
        if operation == self.GETATTR:
            return struct.pack("<Q2I", 60, 0, 0) + attributes(node)
        if operation == self.OPEN:
            return struct.pack("<Q2I", 0, 0, 0)
        return None

    def close(self):
        force_and_detach = 1 | 2  # Whoever waits is told that it is over.
        self.libc.umount2(self.directory.encode(), force_and_detach)
        os.close(self.device)
