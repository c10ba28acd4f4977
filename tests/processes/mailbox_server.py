"""An SMTP server on loopback that writes what it takes into a directory, for mailbox.py. Runs by Debian's own Python, which has aiosmtpd.
The part before '@' of an address tells what it answers: "refusee" 550, "differee" 451 the first time. Ends when its input ends."""
import json
import pathlib
import sys

from aiosmtpd.controller import Controller


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
    controller = Controller(Handler(sys.argv[1]), hostname="127.0.0.1", port=int(sys.argv[2]))
    controller.start()
    print("ready", flush=True)
    sys.stdin.read()
    controller.stop()
