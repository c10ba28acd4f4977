"""Section "Enrolment" of sync/PROTOCOL.md: TLS 1.3, certificates, one HTTP request, the WebSocket (RFC 6455)."""
import base64
import hashlib
import os
import pathlib
import re
import socket
import ssl
import struct
import subprocess
import time

DEADLINE_S = 20


class Refused(Exception):
    """The hub answered with another status than 101 or 200."""

    def __init__(self, status, text):
        super().__init__(f"{status}: {text}")
        self.status = status


class Token:
    def __init__(self, text):
        assert text.startswith("solidaires-"), "a token begins with solidaires-"
        body = text[len("solidaires-"):]
        data = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
        assert hashlib.sha256(data[:-4]).digest()[:4] == data[-4:], "the checksum of the token"
        rest = data[:-4]
        assert rest[0] == 1, "the format of the token"
        rest = rest[1:]
        self.address, rest = take_sized(rest)
        self.hub, rest = take_sized(rest)
        self.node, rest = take_sized(rest)
        self.address, self.hub, self.node = self.address.decode(), self.hub.decode(), self.node.decode()
        self.root_hash, self.secret, self.expiry = rest[:32], rest[32:52], struct.unpack(">Q", rest[52:])[0]


def sized(data):
    data = data.encode() if isinstance(data, str) else data
    return struct.pack(">I", len(data)) + data


def take_sized(data):
    size = struct.unpack(">I", data[:4])[0]
    assert len(data) >= 4 + size, "a string is cut short"
    return data[4:4 + size], data[4 + size:]


def openssl(*words, data=b""):
    done = subprocess.run(["openssl", *words], input=data, capture_output=True, timeout=60)
    assert done.returncode == 0, f"openssl {words[0]}: {done.stderr.decode()[-300:]}"
    return done.stdout


def check_signature(certificate, statement, signature, directory):
    """An Ed25519 signature by the key of a certificate."""
    key, said, sign = (directory / name for name in ("signer.pem", "statement", "signature"))
    key.write_bytes(openssl("x509", "-noout", "-pubkey", data=certificate.encode()))
    said.write_bytes(statement)
    sign.write_bytes(signature)
    openssl("pkeyutl", "-verify", "-pubin", "-inkey", str(key), "-rawin", "-in", str(said), "-sigfile", str(sign))


def certificates(pem):
    return re.findall(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----\n?", pem, re.S)


def shown_chain(host, port):
    """The certificates that the hub shows, before anything is sent to it."""
    done = subprocess.run(["openssl", "s_client", "-connect", f"{host}:{port}", "-showcerts", "-tls1_3"],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=DEADLINE_S)
    return certificates(done.stdout)


def new_key_and_request(directory):
    key, request = directory / "key.pem", directory / "request.pem"
    openssl("genpkey", "-algorithm", "ED25519", "-out", str(key))
    openssl("req", "-new", "-key", str(key), "-subj", "/", "-out", str(request))
    return key, request.read_text()


def context(roots, credentials=None, highest=None):
    """Verifies the hub against `roots` alone; shows `credentials` (certificate and key files), if any."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname = False  # the name in the certificate is the hub's, not the address's: checked by name_of
    made.minimum_version = ssl.TLSVersion.TLSv1_2 if highest else ssl.TLSVersion.TLSv1_3
    if highest:
        made.maximum_version = highest
    made.load_verify_locations(cadata=roots)
    if credentials:
        made.load_cert_chain(*map(str, credentials))
    return made


def names_of(connection):
    return [name for kind, name in connection.getpeercert()["subjectAltName"] if kind == "DNS"]


class Hub:
    def __init__(self, address, hub, roots=""):
        host, port = address.rsplit(":", 1)
        self.host, self.port, self.name, self.roots = host.strip("[]"), int(port), hub, roots

    def connect(self, credentials=None, highest=None):
        for left in reversed(range(8)):
            raw = socket.create_connection((self.host, self.port), timeout=DEADLINE_S)
            try:
                connection = context(self.roots, credentials, highest).wrap_socket(raw)
                break
            except (ConnectionError, ssl.SSLEOFError, ssl.SSLZeroReturnError):
                raw.close()
                if left == 0 or highest:
                    raise
                time.sleep(1)  # a hub may bound the connections of one address, and closes what is too many
            except BaseException:
                raw.close()
                raise
        assert names_of(connection) == [f"{self.name}.{self.name}.solidaires.internal"], names_of(connection)
        return connection

    def post(self, path, body, credentials=None):
        """The body of a 200; else Refused."""
        with self.connect(credentials) as connection:
            head = (f"POST {path} HTTP/1.1\r\nHost: {self.name}\r\nContent-Type: application/octet-stream\r\n"
                    f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n")
            connection.sendall(head.encode() + body)
            status, _, rest = read_head(connection)
            while True:
                try:
                    part = connection.recv(65536)
                except (ssl.SSLError, ConnectionError):
                    break
                if not part:
                    break
                rest += part
        if status != 200:
            raise Refused(status, rest.decode(errors="replace"))
        return rest

    def enrol(self, node, secret, request):
        return self.issued(self.post("/enrol", b"\x01" + sized(node) + sized(secret) + sized(request)))

    def renew(self, request, credentials):
        return self.issued(self.post("/renew", request.encode(), credentials))

    @staticmethod
    def issued(body):
        assert body[0] == 1, "the format of the answer"
        certificate, rest = take_sized(body[1:])
        roots, rest = take_sized(rest)
        assert not rest, "bytes after the answer"
        return certificate.decode(), roots.decode()


def read_head(connection):
    data = b""
    while b"\r\n\r\n" not in data:
        part = connection.recv(4096)
        if not part:
            raise ConnectionError("the hub closed the connection before it answered")
        data += part
    head, rest = data.split(b"\r\n\r\n", 1)
    lines = head.decode().split("\r\n")
    headers = {name.lower(): value.strip() for name, value in (line.split(":", 1) for line in lines[1:])}
    return int(lines[0].split(" ")[1]), headers, rest


class WebSocket:
    """One binary message per frame of the link."""

    def __init__(self, hub, credentials, path="/link"):
        self.connection, self.buffer, self.closed = hub.connect(credentials), b"", False
        key = base64.b64encode(os.urandom(16)).decode()
        self.connection.sendall((f"GET {path} HTTP/1.1\r\nHost: {hub.name}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                                 f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n").encode())
        status, headers, self.buffer = read_head(self.connection)
        if status != 101:
            size = int(headers.get("content-length", 0))
            while len(self.buffer) < size:
                self.buffer += self.connection.recv(4096)
            self.connection.close()
            raise Refused(status, self.buffer.decode(errors="replace"))
        expected = base64.b64encode(hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()).decode()
        assert headers["sec-websocket-accept"] == expected, "the WebSocket's handshake"
        assert "sec-websocket-extensions" not in headers, "no extension was asked for"

    def send(self, data, opcode=2):
        mask = os.urandom(4)
        size = bytes([0x80 | len(data)]) if len(data) < 126 else \
            b"\xfe" + struct.pack(">H", len(data)) if len(data) < 65536 else b"\xff" + struct.pack(">Q", len(data))
        whole = int.from_bytes(data, "big") ^ int.from_bytes((mask * (len(data) // 4 + 1))[:len(data)], "big")
        self.connection.sendall(bytes([0x80 | opcode]) + size + mask + whole.to_bytes(len(data), "big"))

    def receive(self, within_s=DEADLINE_S):
        """The next message; None if none came in time. ConnectionError when the connection is over."""
        ends, message = time.monotonic() + within_s, b""
        while True:
            header = self._take(2, ends)
            if header is None:
                return None
            size = header[1] & 0x7F
            if size > 125:
                size = struct.unpack(">H" if size == 126 else ">Q", self._take(2 if size == 126 else 8, ends))[0]
            assert not header[1] & 0x80, "a server masks nothing"
            payload = self._take(size, ends) if size else b""
            opcode = header[0] & 0x0F
            if opcode == 8:
                raise ConnectionError("the WebSocket was closed")
            if opcode == 9:
                self.send(payload, 10)
            elif opcode in (0, 2):
                message += payload
                if header[0] & 0x80:
                    return message
            else:
                assert opcode == 10, f"a message of kind {opcode}: frames are binary messages"

    def _take(self, size, ends):
        while len(self.buffer) < size:
            self.connection.settimeout(max(ends - time.monotonic(), 0.001))
            try:
                part = self.connection.recv(65536)
            except (socket.timeout, TimeoutError):
                return None
            except ssl.SSLError as error:
                raise ConnectionError(str(error)) from None
            if not part:
                raise ConnectionError("the hub closed the connection")
            self.buffer += part
        taken, self.buffer = self.buffer[:size], self.buffer[size:]
        return taken

    def drop(self):
        """As a broken cable would."""
        self.connection.close()


def write_files(directory, certificate, key):
    directory.mkdir(parents=True, exist_ok=True)
    path = pathlib.Path(directory) / "certificate.pem"
    path.write_text(certificate)
    return path, key
