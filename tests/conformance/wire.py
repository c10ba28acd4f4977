"""The bytes of the link, from sync/PROTOCOL.md and proto/*.proto alone: no generated code, no code of the program."""
import hashlib
import struct

KINDS = {1: "Hello", 2: "Welcome", 3: "Offer", 4: "Subscribe", 5: "Batch", 6: "Ack", 7: "Nack", 8: "Status", 9: "Ping",
         10: "Pong", 11: "Close"}
NUMBERS = {name: number for number, name in KINDS.items()}
CLOSE = {"protocol": 2, "version": 3, "identity": 4, "stale_replica": 5, "going_away": 1, "rolled_back": 11}
NACK = {"gap": 1, "entitlement": 2, "limit": 3, "quarantine": 4}


def varint(value):
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def zigzag(value):
    return (value << 1) ^ (value >> 63)


def field(number, value):
    """int: varint; bytes and str: length-delimited; ("fixed64", n). Zero and empty are left out, as proto3 does."""
    if isinstance(value, tuple):
        return varint(number << 3 | 1) + struct.pack("<Q", value[1]) if value[1] else b""
    if isinstance(value, int):
        return varint(number << 3) + varint(value) if value else b""
    value = value.encode() if isinstance(value, str) else value
    return message(number, value) if value else b""


def message(number, value):
    """A message is written even if it is empty."""
    return varint(number << 3 | 2) + varint(len(value)) + value


def read(data):
    """[(number, value)]: ints for varints and fixed64, bytes for the rest."""
    at, found = 0, []

    def number():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value & (1 << 64) - 1

    while at < len(data):
        key = number()
        if key & 7 == 0:
            value = number()
        elif key & 7 == 1:
            value = struct.unpack_from("<Q", data, at)[0]
            at += 8
        elif key & 7 == 2:
            size = number()
            value = data[at:at + size]
            assert len(value) == size, "a field is cut short"
            at += size
        else:
            raise AssertionError(f"wire type {key & 7} is not used by this protocol")
        found.append((key >> 3, value))
    return found


class Message(dict):
    """Fields by number; the last of each. `all` has every one."""

    def __init__(self, data):
        super().__init__()
        self.all = read(data)
        self.update(self.all)

    def many(self, number):
        return [value for found, value in self.all if found == number]


# --- scopes: "office/isere" and back -----------------------------------------------------------

HOLDERS = {"office": 1, "public": 2, "network": 3}


def scope(text):
    kind, owner = text.split("/")
    return field(HOLDERS[kind], owner)


def scope_text(data):
    parts = read(data)
    if len(parts) != 1 or parts[0][0] not in HOLDERS.values():
        return "other"
    return {number: kind for kind, number in HOLDERS.items()}[parts[0][0]] + "/" + parts[0][1].decode()


# --- documents ---------------------------------------------------------------------------------

class Version:
    def __init__(self, replica, counter, stamp, value):
        self.replica, self.counter, self.stamp, self.value = replica, counter, stamp, value

    def __eq__(self, other):
        return vars(self) == vars(other)


class Document:
    def __init__(self, identity, kind, fields, context):
        self.id, self.type, self.fields, self.context = identity, kind, fields, context

    def encode(self):
        out = field(1, self.id) + field(2, self.type)
        for key in sorted(self.fields, key=str.encode):
            versions = b"".join(
                message(2, field(1, ("fixed64", v.replica)) + field(2, v.counter) + field(3, zigzag(v.stamp)) + field(4, v.value))
                for v in sorted(self.fields[key], key=lambda v: (v.replica, v.counter)))
            out += message(3, field(1, key) + versions)
        for replica in sorted(self.context):
            out += message(4, field(1, ("fixed64", replica)) + field(2, self.context[replica]))
        return out

    @staticmethod
    def decode(data):
        wire = Message(data)
        fields, context = {}, {}
        for part in map(Message, wire.many(3)):
            versions = [Version(v.get(1, 0), v.get(2, 0), v.get(3, 0) >> 1 ^ -(v.get(3, 0) & 1), v.get(4, b""))
                        for v in map(Message, part.many(2))]
            dots = [(v.replica, v.counter) for v in versions]
            assert dots and dots == sorted(set(dots)), "versions MUST be sorted and distinct"
            fields[part[1].decode()] = versions
        assert list(fields) == sorted(fields, key=str.encode), "fields MUST be sorted"
        for entry in map(Message, wire.many(4)):
            context[entry.get(1, 0)] = entry.get(2, 0)
        assert list(context) == sorted(context), "the context MUST be sorted"
        for versions in fields.values():
            assert all(0 < v.counter <= context.get(v.replica, 0) for v in versions), "the context MUST cover every dot"
        return Document(wire[1], wire[2].decode(), fields, context)

    def fingerprint(self, scope_name):
        """Section "Fingerprint"."""
        def sized(data):
            return struct.pack(">I", len(data)) + data
        out = b"solidaires-document-1\n" + sized(scope_name.encode()) + self.id + sized(self.type.encode())
        out += struct.pack(">I", len(self.fields))
        for key in sorted(self.fields, key=str.encode):
            out += sized(key.encode()) + struct.pack(">I", len(self.fields[key]))
            for v in sorted(self.fields[key], key=lambda v: (v.replica, v.counter)):
                out += struct.pack(">QQq", v.replica, v.counter, v.stamp) + sized(v.value)
        out += struct.pack(">I", len(self.context))
        for replica in sorted(self.context):
            out += struct.pack(">QQ", replica, self.context[replica])
        return hashlib.sha256(out).digest()[:16]


# --- frames ------------------------------------------------------------------------------------

def hello(node, replica, counter, token=b"", versions=(1, 1), features=0, model=0):
    return message(1, field(1, versions[0]) + field(2, versions[1]) + field(3, ("fixed64", features)) + field(4, node) +
                   field(5, ("fixed64", replica)) + field(6, counter) + field(7, token) + field(8, "conformance 1") +
                   field(9, model) + field(10, zigzag(1_700_000_000_000)))


def offer(*scopes):
    return message(3, b"".join(message(1, scope(name)) for name in scopes))


def subscribe(name, cursor):
    return message(4, message(1, scope(name)) + field(2, cursor))


def batch(name, generation, previous, last, documents=(), head=None):
    return message(5, message(1, scope(name)) + field(2, generation) + field(3, previous) + field(4, last) +
                   field(5, head or last) + b"".join(message(6, d if isinstance(d, bytes) else d.encode()) for d in documents))


def ack(name, generation, cursor):
    return message(6, message(1, scope(name)) + field(2, generation) + field(3, cursor))


def nack(name, generation, cursor, reason):
    return message(7, message(1, scope(name)) + field(2, generation) + field(3, cursor) + field(4, NACK[reason]))


def ping(nonce):
    return message(9, field(1, nonce))


class Frame:
    """One frame that the other end sent."""

    def __init__(self, data):
        parts = read(data)
        assert len(parts) == 1, f"a frame has exactly one kind, not {len(parts)}"
        self.number, body = parts[0]
        self.kind, self.body = KINDS.get(self.number, f"kind {self.number}"), Message(body)
        if self.kind in ("Subscribe", "Batch", "Ack", "Nack"):
            self.scope = scope_text(self.body[1])

    def __repr__(self):
        return f"{self.kind} {dict(self.body)!r}"[:300]
