"""An SMTP server on loopback that writes what it takes into a directory, for mailbox.py. Runs by Debian's own Python, which has aiosmtpd.
With --password, one has to log in as "portail"; with --tls, TLS begins at once, by the certificate and key of that PEM file.
The part before '@' of an address tells what it answers: "refusee" 550, "differee" 451 the first time. Ends when its input ends."""
import argparse
import json
import logging
import pathlib
import ssl
import sys

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword


class Handler:
    def __init__(self, directory):
        self.directory, self.count, self.put_off = pathlib.Path(directory), 0, set()

    async def handle_RCPT(self, _server, _session, envelope, address, _options):
        name = address.partition("@")[0]
        if name == "refusee":
            return "550 5.1.1 no such mailbox"
        if name == "differee" and address not in self.put_off:
            self.put_off.add(address)
            return "451 4.7.1 try again"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server, session, envelope):
        self.count += 1
        kept = {"hello": session.host_name, "from": envelope.mail_from, "to": envelope.rcpt_tos,
                "message": envelope.content.decode("utf-8", "replace")}
        path = self.directory / f"{self.count:05}.json"
        path.with_suffix(".part").write_text(json.dumps(kept))
        path.with_suffix(".part").rename(path)
        return "250 OK"


if __name__ == "__main__":
    words = argparse.ArgumentParser()
    words.add_argument("directory")
    words.add_argument("port", type=int)
    words.add_argument("--password")
    words.add_argument("--tls")
    given = words.parse_args()
    logging.disable(logging.WARNING)  # that a log-in without TLS is unwise is known
    more = {}
    if given.password:
        known = LoginPassword(b"portail", given.password.encode())
        more = {"auth_required": True, "auth_require_tls": False, "authenticator":
                lambda _server, _session, _envelope, _mechanism, data: AuthResult(success=data == known, handled=False)}
    if given.tls:
        more["ssl_context"] = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        more["ssl_context"].load_cert_chain(given.tls)
    controller = Controller(Handler(given.directory), hostname="127.0.0.1", port=given.port, **more)
    controller.start()
    print("ready", flush=True)
    sys.stdin.read()
    controller.stop()
