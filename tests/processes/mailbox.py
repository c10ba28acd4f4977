"""Mails as those who get them see them: an SMTP server of the test's own, and what it took."""
import email
import email.policy
import json
import pathlib
import re
import subprocess
import tempfile

import network

SERVER = pathlib.Path(__file__).with_name("mailbox_server.py")


class Mail:
    def __init__(self, kept):
        self.sender, self.to, self.hello, self.raw = kept["from"], kept["to"], kept["hello"], kept["message"]
        self.message = email.message_from_string(self.raw, policy=email.policy.default)
        self.faults = [fault for part in self.message.walk() for fault in part.defects]

    def __getitem__(self, header):
        return self.message[header]

    def part(self, kind):
        body = self.message.get_body((kind,))
        return body.get_content() if body else ""

    @property
    def text(self):
        return self.part("plain")

    @property
    def html(self):
        return self.part("html")

    def link(self, pattern):
        """The first address in the text that the pattern is found in."""
        return next(url for url in re.findall(r"https?://[^\s<>\"]+", self.text) if re.search(pattern, url))


class Mailbox:
    def __init__(self, *options):
        self.options = options
        self.directory = tempfile.TemporaryDirectory(prefix="solidaires-mailbox-")
        self.port = network.free_port()
        self.process = None

    @property
    def url(self):
        return f"smtp://127.0.0.1:{self.port}"

    def start(self):
        self.process = subprocess.Popen(["/usr/bin/python3", "-B", "-W", "ignore", str(SERVER), self.directory.name, str(self.port), *self.options],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline() == "ready\n", "no SMTP server: is python3-aiosmtpd there?"
        return self

    def stop(self):
        if self.process:
            self.process.stdin.close()
            self.process.wait(timeout=20)
            self.process.stdout.close()
            self.process = None

    def remove(self):
        self.stop()
        self.directory.cleanup()

    def mails(self, to=None):
        found = [Mail(json.loads(path.read_text())) for path in sorted(pathlib.Path(self.directory.name).glob("*.json"))]
        return [mail for mail in found if to is None or to in mail.to]

    def await_mail(self, to, count=1, deadline_s=30):
        return network.until(lambda: len(self.mails(to)) >= count and self.mails(to), f"{count} mail(s) for {to}", deadline_s)[-1]
