"""Each check names the section of sync/PROTOCOL.md and the rule that it holds the hub to."""
import ssl

import transport
import wire
from node import Node, Session, random_id

CHECKS = []


def check(section, rule):
    def keep(function):
        CHECKS.append((section, rule, function))
        return function
    return keep


def refused(action, *statuses):
    try:
        action()
    except transport.Refused as refusal:
        assert refusal.status in statuses, f"the status is {refusal.status}, not one of {statuses}"
        return
    raise AssertionError("it was not refused")


def closes(world, reason, *frames, **greeting):
    """The hub closes a session that is up when it gets these frames."""
    session = Session(world.node, **greeting).up()
    for frame in frames:
        session.send(frame)
    assert session.closed_for() == wire.CLOSE[reason], f"the reason is not {reason}"


# --- Enrolment -----------------------------------------------------------------------------------

@check("Enrolment", "the hub shows the root that the token pins, and a leaf of its own name below it")
def root_is_pinned(world):
    world.hub.connect().close()


@check("Enrolment", "both ends MUST use TLS 1.3")
def tls_is_1_3(world):
    try:
        world.hub.connect(highest=ssl.TLSVersion.TLSv1_2).close()
    except (ssl.SSLError, ConnectionError):
        return
    raise AssertionError("TLS 1.2 was spoken")


@check("Enrolment", "a secret that no token holds is refused with 401 or 403")
def wrong_secret(world):
    _, request = transport.new_key_and_request(world.directory)
    refused(lambda: world.hub.enrol(world.token.node, b"x" * 20, request), 401, 403)


@check("Enrolment", "a token enrols once, the node that it names, with a certificate of exactly one name")
def enrols(world):
    key, request = transport.new_key_and_request(world.directory)
    certificate, roots = world.hub.enrol(world.token.node, world.token.secret, request)
    assert transport.certificates(roots), "the roots come along"
    text = transport.openssl("x509", "-noout", "-text", data=certificate.encode()).decode()
    name = f"{world.token.node}.{world.token.hub}.solidaires.internal"
    assert f"DNS:{name}\n" in text + "\n" and text.count("DNS:") == 1, "exactly one name"
    assert "TLS Web Client Authentication" in text and "TLS Web Server Authentication" not in text, "the usage of a node"
    world.adopt(certificate, key)
    refused(lambda: world.hub.enrol(world.token.node, world.token.secret, request), 401, 403)


@check("Enrolment", "no link without a certificate, nor with one of another authority")
def needs_certificate(world):
    refused(lambda: transport.WebSocket(world.hub, None), 401, 403)
    folder = world.directory / "foreign"
    folder.mkdir()
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    transport.openssl("req", "-x509", "-newkey", "ed25519", "-nodes", "-keyout", str(key), "-out", str(certificate),
                      "-subj", "/", "-addext", f"subjectAltName=DNS:{world.token.node}.{world.token.hub}.solidaires.internal")
    refused(lambda: transport.WebSocket(world.hub, (certificate, key)), 401, 403)


@check("Enrolment", "a node renews its certificate with a new key, and the new one serves")
def renews(world):
    folder = world.directory / "renewed"
    folder.mkdir()
    key, request = transport.new_key_and_request(folder)
    certificate, _ = world.hub.renew(request, world.node.credentials)
    world.adopt(certificate, key, folder)
    Session(world.node).up().end()


@check("Enrolment, Succession", "it is told without a certificate: 404, or steps each signed by the root before, up to one that the hub shows")
def succession(world):
    try:
        body = world.hub.post("/succession", b"")
    except transport.Refused as refusal:
        assert refusal.status == 404, refusal
        return
    assert body[0] == 1, "the format of the answer"
    older, rest = transport.take_sized(body[1:])
    count, rest = int.from_bytes(rest[:4], "big"), rest[4:]
    assert 1 <= count <= 10, f"{count} steps"
    for _ in range(count):
        root, rest = transport.take_sized(rest)
        signature, rest = rest[:64], rest[64:]
        der = ssl.PEM_cert_to_DER_cert(root.decode())
        transport.check_signature(older.decode(), b"solidaires-succession-1\n" + der, signature, world.directory)
        older = root
    assert not rest, "bytes after the succession"
    shown = [ssl.PEM_cert_to_DER_cert(pem) for pem in transport.shown_chain(world.hub.host, world.hub.port)]
    assert der in shown, "the last root is one that the hub shows"


@check("Enrolment", "a body of more than 32 KiB is not taken")
def body_is_bounded(world):
    try:
        world.hub.post("/enrol", b"\x01" + b"x" * 40_000)
    except (transport.Refused, ConnectionError, ssl.SSLError, OSError):
        return
    raise AssertionError("it was taken")


# --- Session -------------------------------------------------------------------------------------

@check("Session 1", "the parent sends Hello at once, with its name and a range of versions")
def hello_first(world):
    session = Session(world.node)
    hello = session.hello.body
    assert hello[4].decode() == world.hub.name and hello.get(5, 0) != 0
    assert hello.get(1, 0) <= 1 <= hello.get(2, 0), "version 1 is spoken"
    world.parent, world.model = hello[5], hello.get(9, 0)
    session.end()


@check("Session 2", "a child of no version in common is closed with version")
def version_unknown(world):
    low = Session(world.node).hello.body.get(2, 0) + 1
    assert Session(world.node, versions=(low, low + 3)).greet().closed_for() == wire.CLOSE["version"]


@check("Session 2", "a later version whose range meets ours, with features of its own, is spoken with in version 1")
def version_later(world):
    session = Session(world.node, versions=(1, 9), features=1 << 63).up()
    session.alive()
    session.end()


@check("Session 2", "a name other than the certificate's is closed with identity")
def name_is_certified(world):
    assert Session(world.node, node="autre").greet().closed_for() == wire.CLOSE["identity"]


@check("Session 2", "the parent's own replica id is closed with stale_replica")
def own_replica(world):
    assert Session(world.node, replica=world.parent).greet().closed_for() == wire.CLOSE["stale_replica"]


@check("Session 4", "Subscribe, Batch, Ack, Nack and Offer before the session is up are errors of protocol")
def frames_out_of_place(world):
    office = world.node.office
    for frame in (wire.subscribe(office, 0), wire.batch(office, 1, 0, 1), wire.ack(office, 1, 1),
                  wire.nack(office, 1, 0, "gap"), wire.offer(office), wire.message(2, b"")):
        session = Session(world.node)
        session.send(frame)
        assert session.closed_for() == wire.CLOSE["protocol"]


@check("Session 4", "a second Hello is an error of protocol")
def hello_twice(world):
    closes(world, "protocol", wire.hello(world.node.name, world.node.replica, world.node.counter))


@check("Session 5", "a Ping is answered by a Pong of the same nonce")
def ping(world):
    session = Session(world.node).up()
    session.alive()
    session.end()


# --- Identity ------------------------------------------------------------------------------------

@check("Identity 1", "a token that was handed out and never confirmed is forgiven; the one before still serves")
def crash_is_forgiven(world):
    before = world.node.token
    Session(world.node).welcomed().end()   # the child crashes before it keeps the token
    session = Session(world.node)
    assert session.greeting["token"] == before
    session.up().cursor(world.node.office)
    session.end()


@check("Identity 1", "after the child's first Offer the token before is void: who shows it is stale")
def old_token_is_stale(world):
    session = Session(world.node).up()
    session.cursor(world.node.office)
    old = session.greeting["token"]
    session.alive()
    session.end()
    Session(world.node).up().alive()       # the token just confirmed serves
    assert Session(world.node, token=old).greet().closed_for() == wire.CLOSE["stale_replica"]


@check("Identity 2", "a counter below the highest seen is stale")
def counter_goes_back(world):
    world.node.counter += 10
    Session(world.node).up().alive()
    world.node.counter -= 10
    assert Session(world.node).greet().closed_for() == wire.CLOSE["stale_replica"]
    world.node.counter += 10


@check("Identity", "a new incarnation of the same node is welcome with no token and counts from zero")
def new_incarnation(world):
    world.node.new_incarnation()
    session = Session(world.node).up()
    assert session.cursor(world.node.office) == 0, "its peers know no cursor for the new id"
    session.end()


@check("Identity 1", "the newer session of a node counts: the older is closed with going_away")
def newer_session_counts(world):
    older = Session(world.node).up()
    older.alive()
    newer = Session(world.node).up()
    assert older.closed_for() == wire.CLOSE["going_away"]
    newer.alive()
    newer.end()


@check("Identity 3", "a document with writes of the receiver's own replica that it never made means that it was rolled back")
def own_past(world):
    session = Session(world.node).up()
    previous = session.cursor(world.node.office)
    lie = world.node.document("lie", context={world.parent: (1 << 64) - 1})
    session.send(wire.batch(world.node.office, 1, previous, previous + 1, [lie]))
    assert session.closed_for() == wire.CLOSE["rolled_back"]
    session = Session(world.node).up()
    assert session.cursor(world.node.office) == previous, "and is not taken"
    session.end()


@check("Identity 3", "a feed asked for from beyond its end means that its sender was rolled back")
def beyond_the_end(world):
    session = Session(world.node).up()
    session.send(wire.subscribe(f"network/{world.hub.name}", 1 << 62))
    assert session.closed_for() == wire.CLOSE["rolled_back"]


# --- Scopes and entitlement ----------------------------------------------------------------------

@check("Scopes and entitlement", "a node is offered its own scopes and the hub's, and asked for its own alone")
def offers(world):
    session = Session(world.node).up()
    expected = {world.node.office, world.node.public, f"network/{world.hub.name}"}
    assert expected <= set(session.offered), session.offered
    assert not [scope for scope in session.offered if scope.startswith("office/") and scope != world.node.office]
    session.cursor(world.node.office)
    session.cursor(world.node.public)
    session.send(wire.offer("office/autre", "public/autre", f"network/{world.hub.name}"))
    session.alive()
    assert set(session.cursors) == {world.node.office, world.node.public}, session.cursors
    session.end()


@check("Scopes and entitlement", "a scope that is not offered cannot be subscribed to")
def foreign_subscribe(world):
    session = Session(world.node).up()
    session.send(wire.subscribe("office/autre", 0))
    assert session.expect("Nack", "office/autre").body.get(4) == wire.NACK["entitlement"]
    session.alive()
    session.end()


@check("Scopes and entitlement", "a batch of a scope that a node may not write is refused, and the session goes on")
def foreign_batch(world):
    session = Session(world.node).up()
    for scope in ("office/autre", f"network/{world.hub.name}"):
        session.send(wire.batch(scope, 1, 0, 1, [world.node.document("foreign")]))
        assert session.expect("Nack", scope).body.get(4) == wire.NACK["entitlement"]
    session.alive()
    session.end()


# --- Streams: the hub receives -------------------------------------------------------------------

@check("Streams", "a batch is acknowledged when it is durable, and the next session goes on from there")
def batch_is_durable(world):
    session = Session(world.node).up()
    session.deliver(world.node.office, world.node.document("one"), world.node.document("two"))
    session.deliver(world.node.office)     # positions that moved over left-out entries alone
    reached = session.cursor(world.node.office)
    session.end()
    session = Session(world.node).up()
    assert session.cursor(world.node.office) == reached
    session.end()


@check("Streams 1, 2", "a gap is refused with the durable cursor; the same generation is ignored from then on")
def gap(world):
    office = world.node.office
    session = Session(world.node).up()
    at = session.cursor(office)
    session.send(wire.batch(office, 1, at + 5, at + 6, [world.node.document("after a gap")]))
    session.send(wire.batch(office, 1, at, at + 1, [world.node.document("ignored")]))
    answer = session.expect("Nack", office).body
    assert (answer.get(2), answer.get(3, 0), answer.get(4)) == (1, at, wire.NACK["gap"]), answer
    session.alive()
    assert not [frame for frame in session.seen if frame.kind in ("Ack", "Nack")], session.seen
    session.send(wire.batch(office, 2, at, at + 1, [world.node.document("rewound")]))
    answer = session.expect("Ack", office).body
    assert (answer.get(2), answer.get(3)) == (2, at + 1)
    session.end()


def is_quarantined(world, bad):
    """The cursor is held; the mended document, later in the feed, is taken."""
    office = world.node.office
    session = Session(world.node).up()
    at = session.cursor(office)
    session.send(wire.batch(office, 1, at, at + 2, [world.node.document("innocent"), bad]))
    answer = session.expect("Nack", office).body
    assert (answer.get(2), answer.get(3, 0), answer.get(4)) == (1, at, wire.NACK["quarantine"]), answer
    session.send(wire.batch(office, 2, at, at + 3, [world.node.document("mended")]))
    assert session.expect("Ack", office).body.get(3) == at + 3
    session.end()


@check("Streams 3", "a document that cannot be read is quarantined")
def unreadable(world):
    is_quarantined(world, b"\xff\xff\xff")


@check("Streams, valid document", "a dot that the context does not cover is quarantined")
def uncovered_dot(world):
    bad = world.node.document("uncovered")
    bad.context = {world.node.replica: 0}
    is_quarantined(world, bad)


@check("Streams, valid document", "a stamp after the year 9999 is quarantined")
def far_stamp(world):
    bad = world.node.document("far")
    bad.fields["title"][0].stamp = (1 << 63) - 1
    is_quarantined(world, bad)


@check("Streams, valid document", "too many fields, too large a value, no id, an existence of another word: quarantined")
def limits(world):
    many, large, nameless, undead = (world.node.document("x") for _ in range(4))
    many.fields.update({f"f{i}": many.fields["title"] for i in range(2_001)})
    large.fields["title"][0].value = b"x" * (256 * 1024 + 1)
    nameless.id = bytes(16)
    undead.fields["_existence"][0].value = b"undead"
    for bad in (many, large, nameless, undead):
        is_quarantined(world, bad)


@check("Streams", "a batch whose cursor does not advance is an error of protocol")
def batch_backwards(world):
    session = Session(world.node).up()
    at = session.cursor(world.node.office)
    session.send(wire.batch(world.node.office, 1, at, at))
    assert session.closed_for() == wire.CLOSE["protocol"]


# --- Streams: the hub sends ----------------------------------------------------------------------

def receive_all(session, scope, cursor=0):
    """Acknowledges batches until the head is reached; gives the documents and the last position."""
    documents, head = [], None
    session.send(wire.subscribe(scope, cursor))
    while head is None or cursor < head:
        batch = session.expect("Batch", scope).body
        assert batch.get(3, 0) == cursor, "previous is the last position told"
        assert batch[4] > cursor and batch.get(5, 0) >= batch[4], batch
        assert len(batch.many(6)) <= 256 and 7 not in batch, "nothing that both Hellos do not carry"
        documents += [wire.Document.decode(data) for data in batch.many(6)]
        cursor, head = batch[4], batch[5]
        session.send(wire.ack(scope, batch.get(2), cursor))
    return documents, cursor


@check("Feed and cursor", "the feed comes whole, in order, with documents that are sorted and covered; later only what is new")
def feed_is_sent(world):
    network = f"network/{world.hub.name}"
    session = Session(world.node).up()
    documents, cursor = receive_all(session, network)
    assert len(documents) >= 2, "the hub and this node stand in the registry"
    assert len({document.id for document in documents}) == len(documents), "each document stands once in a feed"
    session.end()
    session = Session(world.node).up()
    session.send(wire.subscribe(network, cursor))
    session.alive()
    session.alive()
    assert not [frame for frame in session.seen if frame.kind == "Batch" and frame.body.many(6)], "nothing is new"
    session.end()


@check("Streams", "Nack(gap) starts the next generation at the cursor named")
def rewinds(world):
    network = f"network/{world.hub.name}"
    session = Session(world.node).up()
    session.send(wire.subscribe(network, 0))
    first = session.expect("Batch", network).body
    session.send(wire.nack(network, first[2], 0, "gap"))
    while True:
        again = session.expect("Batch", network).body
        if again[2] != first[2]:
            break
    assert again[2] == first[2] + 1 and again.get(3, 0) == 0, again
    session.end()


@check("Streams", "Nack(quarantine) halves the batches until the document stands alone; then the stream is held")
def singles_out(world):
    network = f"network/{world.hub.name}"
    session = Session(world.node).up()
    session.send(wire.subscribe(network, 0))
    size, generation = None, 0
    while size is None or size > 1:
        batch = session.expect("Batch", network).body
        if batch[2] <= generation or batch.get(3, 0) != 0:
            continue  # in flight when it was refused
        generation = batch[2]
        assert size is None or 0 < len(batch.many(6)) <= size // 2, "half the size"
        size = len(batch.many(6))
        session.send(wire.nack(network, generation, 0, "quarantine"))
    session.alive()
    session.alive()
    assert not [f for f in session.seen if f.kind == "Batch" and f.body[2] > generation], "held"
    session.end()


@check("Streams", "an Ack, or a Nack, of a position that was never sent is an error of protocol")
def positions_never_sent(world):
    network = f"network/{world.hub.name}"
    for answer in (wire.ack(network, 1, 1 << 62), wire.nack(network, 1, 1 << 62, "gap")):
        session = Session(world.node).up()
        session.send(wire.subscribe(network, 0))
        session.expect("Batch", network)
        session.send(answer)
        assert session.closed_for() == wire.CLOSE["protocol"]


@check("Streams", "an Ack of an earlier generation is ignored")
def earlier_generation(world):
    network = f"network/{world.hub.name}"
    session = Session(world.node).up()
    session.send(wire.subscribe(network, 0))
    batch = session.expect("Batch", network).body
    session.send(wire.ack(network, batch[2] + 7, 1 << 62))
    session.alive()
    session.end()


@check("Streams", "more than 8 Nacks without an advance between them are an error of protocol")
def nacks_without_end(world):
    network = f"network/{world.hub.name}"
    session = Session(world.node).up()
    session.send(wire.subscribe(network, 0))
    generation = 0
    for _ in range(9):
        batch = session.expect("Batch", network).body
        while batch[2] <= generation:
            batch = session.expect("Batch", network).body
        generation = batch[2]
        session.send(wire.nack(network, generation, 0, "gap"))
    assert session.closed_for() == wire.CLOSE["protocol"]


# --- Merge ---------------------------------------------------------------------------------------

@check("Merge", "concurrent writes are both kept, and the merge is sent back; what came from a peer alone is not")
def merges(world):
    public = world.node.public
    session = Session(world.node).up()
    _, start = receive_from_here(session, public)
    mine = world.node.document("mine")
    other = world.node.document("theirs", replica=random_id(), identity=mine.id)
    session.deliver(public, mine, world.node.document("not sent back"))
    session.deliver(public, other)
    while True:
        batch = session.expect("Batch", public).body
        documents = [wire.Document.decode(data) for data in batch.many(6)]
        assert all(document.id == mine.id for document in documents), "an echo"
        if documents:
            break
    assert batch.get(3, 0) == start, "positions over echoes are told with the next batch"
    merged = documents[-1]
    assert sorted(v.value for v in merged.fields["title"]) == [b"mine", b"theirs"], "both versions are kept"
    expected = wire.Document(mine.id, "note",
                             {key: mine.fields[key] + other.fields[key] for key in mine.fields},
                             {**mine.context, **other.context})
    assert merged.fingerprint(public) == expected.fingerprint(public)
    session.end()


def receive_from_here(session, scope):
    """Subscribes at the end of the hub's feed: whatever it holds is taken first."""
    at = 0
    session.send(wire.subscribe(scope, 0))
    session.alive()
    session.alive()
    while batches := [frame for frame in session.seen if frame.kind == "Batch" and frame.scope == scope]:
        for frame in batches:
            session.seen.remove(frame)
            at = frame.body[4]
            session.send(wire.ack(scope, frame.body[2], at))
        session.alive()
    return None, at


# --- Growth of the protocol ----------------------------------------------------------------------

@check("Growth of the protocol", "a frame of an unknown kind is ignored")
def unknown_kind(world):
    session = Session(world.node).up()
    session.send(wire.message(40, b"whatever"))
    session.alive()
    session.end()


@check("Growth of the protocol", "an unknown kind of scope in an Offer is skipped; elsewhere it is an error of protocol")
def unknown_scope(world):
    session = Session(world.node).up()
    session.send(wire.message(3, wire.message(1, wire.field(9, "later"))))
    session.alive()
    session.end()
    closes(world, "protocol", wire.message(4, wire.message(1, wire.field(9, "later"))))


@check("Growth of the protocol", "unknown fields of a frame are ignored")
def unknown_field(world):
    session = Session(world.node).up()
    session.send(wire.message(9, wire.field(1, 77) + wire.field(99, "later")))
    assert session.expect("Pong").body.get(1) == 77
    session.end()


@check("Errors", "bytes that are no frame close the session with protocol")
def no_frame(world):
    closes(world, "protocol", b"\xff\xff\xff")


@check("Errors", "a frame that breaks a limit of the wire closes the session with protocol")
def wire_limits(world):
    document = world.node.document("x").encode()
    closes(world, "protocol", wire.batch(world.node.office, 1, 0, 1, [document] * 257))
    closes(world, "protocol", wire.hello(world.node.name, 1, 1, token=b"t" * 65))


@check("Limits", "a message of more than kFrameBytes ends the connection")
def frame_too_large(world):
    session = Session(world.node).up()
    try:
        session.send(wire.message(40, b"x" * (4 * 1024 * 1024 + 1)))
        while session.receive() is not None:
            pass
    except (ConnectionError, ssl.SSLError, OSError):
        return
    raise AssertionError("it was taken")


@check("Link", "a text message is no frame: the connection ends")
def text_message(world):
    session = Session(world.node).up()
    session.socket.send(b"{}", opcode=1)
    try:
        while session.receive() is not None:
            pass
    except (ConnectionError, ssl.SSLError, OSError):
        return
    raise AssertionError("it was taken")


# --- Versions ------------------------------------------------------------------------------------

@check("Versions", "an end whose content model is a major version behind reads: it is asked for nothing")
def older_model(world):
    if world.model >> 32 < 2:
        return  # nothing is older than the first
    session = Session(world.node, model=(world.model >> 32) - 1 << 32).up()
    session.alive()
    assert not session.cursors and session.offered
    session.end()


@check("Versions", "an end whose content model is a major version behind sends nothing")
def newer_model(world):
    if world.model >> 32 == 0:
        return  # it names none
    session = Session(world.node, model=(world.model >> 32) + 1 << 32).up()
    assert session.offered == [], session.offered
    session.send(wire.subscribe(f"network/{world.hub.name}", 0))
    assert session.expect("Nack").body.get(4) == wire.NACK["entitlement"]
    session.alive()
    session.end()
