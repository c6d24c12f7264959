"""What RFC 9112 and RFC 9110 say to a stream of bytes, as strictly as weatherhook reads them.

It shares no code with the server. For each request it gives the statuses that are right: several where a request has
several faults. Behind a request that ends the connection there are no more answers.
"""

import ipaddress
import re

TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
LINE = re.compile(rb"(%s) ([\x21-\x7e]+) HTTP/([0-9])\.([0-9])" % TOKEN)
FIELD = re.compile(rb"(%s):[ \t]*([\t\x20-\x7e\x80-\xff]*?)[ \t]*" % TOKEN)
NAME = rb"(?:[A-Za-z0-9._~!$&'()*+;=-]|%[0-9A-Fa-f]{2})*"
HOST = re.compile(rb"(?:%s|\[[0-9A-Fa-f:.]+\])(?::([0-9]*))?" % NAME)
QUOTED = rb'"(?:[\t\x20\x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t\x20-\x7e\x80-\xff])*"'
EXTENSION = rb"(?:[ \t]*;[ \t]*%s(?:[ \t]*=[ \t]*(?:%s|%s))?)*" % (TOKEN, TOKEN, QUOTED)
CHUNK = re.compile(rb"([0-9A-Fa-f]{1,16})%s\r\n" % EXTENSION)
TRAILER = re.compile(rb"%s:[\t\x20-\x7e\x80-\xff]*\r\n" % TOKEN)

HEAD_MOST, FIELDS_MOST, BODY_MOST, DRAINED_MOST = 8192, 64, 1 << 20, 64 * 1024
METHODS = {b"GET", b"HEAD", b"POST", b"PUT", b"DELETE", b"CONNECT", b"OPTIONS", b"TRACE", b"PATCH", b"QUERY"}
OPEN = {b"/healthz": b"GET HEAD", b"/openapi.json": b"GET HEAD"}
KEYED = {b"/api/dify/receive": b"POST", b"/metrics": b"GET HEAD"}


def is_host(value):
    match = HOST.fullmatch(value)
    if not match or (match[1] and int(match[1]) > 65535):
        return False
    if not value.startswith(b"["):
        return True
    try:
        return bool(ipaddress.IPv6Address(value[1 : value.index(b"]")].decode()))
    except ValueError:
        return False


def chunked(data, at):
    """The body and where it ends, or the statuses that are right."""
    body, ignored = b"", 0
    while True:
        match = CHUNK.match(data, at)
        if not match:
            return None, {400, 431}
        at, size = match.end(), int(match[1], 16)
        if len(body) + size > BODY_MOST:
            return None, {413}
        if size == 0:
            break
        body += data[at : at + size]
        at += size
        if data[at : at + 2] != b"\r\n":
            return None, {400}
        at += 2
    while data[at : at + 2] != b"\r\n":
        match = TRAILER.match(data, at)
        if not match:
            return None, {400, 431}
        at = match.end()
    return body, at + 2


def parsed(head):
    """What a head says, and the statuses of its faults."""
    faults, said = set(), {"method": b"", "close": True}
    first, *lines = head.split(b"\r\n")
    line = LINE.fullmatch(first)
    if not line:
        return said, {400}
    method, target, major, minor = line.groups()
    minor = int(minor)
    if major != b"1":
        faults.add(505)
    fields = []
    for text in lines:
        field = FIELD.fullmatch(text)
        if not field:
            faults.add(400)
        else:
            fields.append((field[1].lower(), field[2]))
    if len(lines) > FIELDS_MOST:
        faults.add(431)
    values = lambda name: [value for known, value in fields if known == name]  # noqa: E731
    hosts = values(b"host")
    if len(hosts) > 1 or (not hosts and minor > 0) or not all(map(is_host, hosts)):
        faults.add(400)
    absolute = re.match(rb"(?i)https?://([^/?#]*)", target)
    if absolute:
        if not absolute[1] or not is_host(absolute[1]):
            faults.add(400)
        target = target[absolute.end() :] or b"/"
    lengths, codings = values(b"content-length"), values(b"transfer-encoding")
    if len(lengths) > 1 or not all(re.fullmatch(rb"[0-9]+", value) for value in lengths):
        faults.add(400)
    if codings:
        members = [part.strip(b" \t") for part in b",".join(codings).split(b",")]
        members = [part.lower() for part in members if part]
        named = [re.split(rb"[; \t]", part)[0] for part in members]
        if lengths or minor == 0 or not members or not all(re.fullmatch(TOKEN, name) for name in named):
            faults.add(400)
        elif members[-1] != b"chunked" or members.count(b"chunked") > 1:
            faults.add(400)
        if len(members) > 1 and members[-1] == b"chunked":
            faults.add(501)
    expects = values(b"expect")
    if any(value.lower() != b"100-continue" for value in expects):
        faults.add(417)
    options = [part.strip().lower() for value in values(b"connection") for part in value.split(b",")]
    said = {
        "method": method,
        "path": target.split(b"?")[0] or b"/",
        "keys": values(b"authorization"),
        "length": int(lengths[0]) if lengths and not faults else 0,
        "chunked": bool(codings),
        "expects": bool(expects) and minor > 0,
        "close": b"close" in options or (minor == 0 and b"keep-alive" not in options),
    }
    return said, faults


def plain(path):
    """The path without codes of letters, digits and -._~, and without a slash at its end."""
    decode = lambda match: bytes([int(match[1], 16)])  # noqa: E731
    unreserved = rb"(?i)%(2D|2E|5F|7E|3[0-9]|4[1-9A-F]|5[0-9A]|6[1-9A-F]|7[0-9A])"
    return re.sub(unreserved, decode, path.removesuffix(b"/"))


def is_key(values, key):
    """Whether the key is given, exactly once."""
    return len(values) == 1 and bool(re.fullmatch(rb"(?i:Bearer) +" + re.escape(key), values[0]))


def answers(data, key):
    """The right statuses of each answer to the bytes of one connection, whose client then shuts its side."""
    found, at = [], 0
    while True:
        while data[at : at + 2] == b"\r\n":
            at += 2
        if at >= len(data):
            return found
        end = data.find(b"\r\n\r\n", at)
        seen = data[at : end + 4 if end >= 0 else len(data)][:HEAD_MOST]
        if re.search(rb"(?<!\r)\n", seen):
            return found + [{400}]
        if end < 0 or end + 4 - at > HEAD_MOST:
            is_long = len(data) - at >= HEAD_MOST
            return found + [({414} if b"\n" not in seen and b" " in seen else {431}) if is_long else {400}]
        said, faults = parsed(data[at:end])
        at = end + 4
        if faults:
            return found + [faults]
        path, method = plain(said["path"]), said["method"]
        allowed = {**OPEN, **KEYED}.get(path)
        if method not in METHODS:
            status = 501
        elif allowed is None:
            status = 404
        elif method not in allowed.split():
            status = 405
        elif path in KEYED and not is_key(said["keys"], key):
            status = 401
        elif path in KEYED:
            if said["length"] > BODY_MOST:
                return found + [{413}]
            if said["chunked"]:
                body, at = chunked(data, at)
                if body is None:
                    return found + [at]
            else:
                body, at = data[at : at + said["length"]], at + said["length"]
                if at > len(data):
                    return found + [{400}]
            ping = {b'{"point": "ping"}': 200, b"{}": 422}.get(body, 400)
            found.append({200} if path == b"/metrics" else {ping})
            if said["close"]:
                return found
            continue
        else:
            status = 200
        found.append({status})
        if said["close"] or said["chunked"] or said["length"] > DRAINED_MOST or (said["expects"] and said["length"]):
            return found
        at += said["length"]
