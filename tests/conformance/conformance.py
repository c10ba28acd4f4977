"""Acts as a child node against a running hub and says which rules of sync/PROTOCOL.md it keeps.

  run                      starts a hub of our own program, invites a node, and checks it
  run --token TOKEN        checks the hub that gave this one-time token (the node's earlier enrolment ends!)
      --hub HOST:PORT      ... at another address than the token's
  run ... WORD...          only checks whose section, rule or name contains a word (enrolment always runs)

It writes some notes into office/NODE and public/NODE. Ends with "N passed, N failed".
"""
import argparse
import hashlib
import pathlib
import ssl
import sys
import tempfile
import time
import traceback

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE))
import checks  # noqa: E402
import transport  # noqa: E402
from node import Node  # noqa: E402

ALWAYS = ("enrols", "hello_first")  # the others stand on what they learn


class World:
    def __init__(self, token, address, directory):
        self.token, self.directory = transport.Token(token), pathlib.Path(directory)
        self.hub = transport.Hub(address or self.token.address, self.token.hub)
        self.hub.roots = self.pinned_root()
        self.node, self.parent, self.model = None, 0, 0

    def pinned_root(self):
        """Section "Enrolment": nothing is sent before the root of that hash is found in the chain shown."""
        for pem in transport.shown_chain(self.hub.host, self.hub.port):
            if hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).digest() == self.token.root_hash:
                return pem
        raise AssertionError("the hub does not show the root that the token pins")

    def adopt(self, certificate, key, folder=None):
        credentials = transport.write_files(folder or self.directory, certificate, key)
        if self.node:
            self.node.credentials = credentials
        else:
            self.node = Node(self.hub, self.token.node, credentials)


def own_hub(directory):
    sys.path.insert(0, str(HERE.parent / "processes"))
    import network
    if not pathlib.Path(network.PROGRAM).is_file():
        raise SystemExit(f"There is no program at {network.PROGRAM}: build it with deploy/up or tests/run.")
    link = network.free_port()
    hub = network.Instance(directory, network.HUB, link=link, hub_link=link)
    hub.run("node", "init")
    hub.start()
    hub.run("node", "rotate-authority")  # so that there is a succession to be looked at
    network.until(lambda: hub.status()["roots_overlap"], "the hub trusts both", 30)
    hub.run("node", "retire-authority")
    network.until(lambda: not hub.status()["roots_overlap"], "the hub shows the new one", 30)
    token = hub.run("node", "add", network.DELEGATING, "--title", "Conformité", "--territory", "38",
                    "--subscribe", "all").stdout.split()[-1]
    return hub, token


def run(world, words):
    passed = failed = 0
    for section, rule, function in checks.CHECKS:
        name = f"{section}: {rule}"
        if words and function.__name__ not in ALWAYS and not any(word in name + function.__name__ for word in words):
            continue
        began = time.monotonic()
        try:
            function(world)
            passed += 1
            print(f"ok   {name} ({time.monotonic() - began:.1f} s)", flush=True)
        except Exception as error:  # whatever a hub does must not end the run
            failed += 1
            print(f"FAIL {name}\n     {function.__name__}: {error or type(error).__name__}", flush=True)
            print("".join("     " + line for line in traceback.format_exc().splitlines(True)[-6:]), flush=True)
    return passed, failed


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--token")
    parser.add_argument("--hub")
    parser.add_argument("words", nargs="*")
    chosen = parser.parse_args()
    hub = None
    with tempfile.TemporaryDirectory(prefix="solidaires-conformance-") as directory:
        try:
            if not chosen.token:
                hub, chosen.token = own_hub(directory)
            passed, failed = run(World(chosen.token, chosen.hub, directory), chosen.words)
            if hub and not hub.alive():
                print("FAIL the hub is not running any more")
                failed += 1
        finally:
            if hub and hub.alive():
                hub.stop()
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
