"""A node below the hub, as sync/PROTOCOL.md describes one: who it is, and one session at a time."""
import os
import time

import transport
import wire


def random_id():
    return int.from_bytes(os.urandom(8), "big") | 1


class Node:
    """One store of one node: replica id, counter, the link token kept, and its certificate."""

    def __init__(self, hub, name, credentials):
        self.hub, self.name, self.credentials = hub, name, credentials
        self.office, self.public = f"office/{name}", f"public/{name}"
        self.new_incarnation()

    def new_incarnation(self):
        self.replica, self.counter, self.token = random_id(), 0, b""

    def document(self, text, replica=None, identity=None, context=None):
        """A document of one field, written with the next dot."""
        self.counter += 1
        replica, counter = replica or self.replica, self.counter
        stamp = int(time.time() * 1000)
        identity = identity or stamp.to_bytes(6, "big") + b"\x70" + os.urandom(1) + b"\x80" + os.urandom(7)
        return wire.Document(identity, "note", {"_existence": [wire.Version(replica, counter, stamp, b"alive")],
                                                "title": [wire.Version(replica, counter, stamp, text.encode())]},
                             {**(context or {}), replica: counter})


class Session:
    """One connection. Frames that were not asked for yet wait in `seen`."""

    def __init__(self, node, /, **greeting):
        self.node, self.seen, self.cursors = node, [], {}
        self.socket = transport.WebSocket(node.hub, node.credentials)
        self.hello = self.expect("Hello")
        self.greeting = {"node": node.name, "replica": node.replica, "counter": node.counter, "token": node.token, **greeting}

    def greet(self):
        self.send(wire.hello(**self.greeting))
        return self

    def welcomed(self):
        self.greet()
        self.fresh = self.expect("Welcome").body.get(1, b"")
        self.offered = [wire.scope_text(part) for part in self.expect("Offer").body.many(1)]
        return self

    def up(self):
        """Greets, keeps the token, offers what a node has."""
        self.welcomed()
        self.node.token = self.fresh
        self.send(wire.offer(self.node.office, self.node.public))
        return self

    def send(self, frame):
        self.socket.send(frame)

    def receive(self, within_s=transport.DEADLINE_S):
        data = self.socket.receive(within_s)
        if data is None:
            return None
        frame = wire.Frame(data)
        assert frame.number in wire.KINDS, f"{frame.kind}: only what both Hellos carry may be sent"
        if frame.kind == "Subscribe":
            self.cursors[frame.scope] = frame.body.get(2, 0)
        return frame

    def expect(self, kind, scope=None):
        """The next frame of that kind (and scope), whatever comes before it."""
        def fits(frame):
            return frame.kind == kind and scope in (None, getattr(frame, "scope", None))
        for frame in self.seen:
            if fits(frame):
                self.seen.remove(frame)
                return frame
        while True:
            frame = self.receive()
            assert frame is not None, f"no {kind} came in {transport.DEADLINE_S} s"
            if fits(frame):
                return frame
            assert frame.kind != "Close", f"{kind} was due, but the hub closed: {frame.body.get(3, b'').decode()}"
            self.seen.append(frame)

    def closed_for(self):
        """The number of the reason with which the hub closes the session."""
        while True:
            frame = self.receive()
            assert frame is not None, "the hub does not close the session"
            if frame.kind == "Close":
                return frame.body.get(1, 0)

    def cursor(self, scope):
        """Where the hub wants our feed from."""
        if scope not in self.cursors:
            self.expect("Subscribe", scope)
        return self.cursors[scope]

    def alive(self):
        """A Ping is answered: the session goes on."""
        nonce = random_id()
        self.send(wire.ping(nonce))
        assert self.expect("Pong").body.get(1) == nonce, "a Pong answers with the same nonce"

    def deliver(self, scope, *documents):
        """Sends one batch after the hub's cursor, and waits until it is durable."""
        previous = self.cursor(scope)
        self.send(wire.batch(scope, 1, previous, previous + 1, documents))
        answer = self.expect("Ack", scope)
        assert (answer.body.get(2), answer.body.get(3)) == (1, previous + 1), answer
        self.cursors[scope] = previous + 1

    def end(self):
        self.socket.drop()
