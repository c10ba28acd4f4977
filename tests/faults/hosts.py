"""Hosts of this run's own network: namespaces joined by two bridges. Over one the tests talk to the instances, over the other the
instances talk to each other; only the second is slowed and cut. The run itself lives in a namespace without any way out (see run)."""
import pathlib
import subprocess

_WATCH, _LINKS = "10.83.0", "10.84.0"
_made = []


def ip(*words):
    done = subprocess.run(["ip", *words], capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, f"ip {' '.join(words)}: {done.stderr}"


def _batch(lines):
    done = subprocess.run(["ip", "-batch", "-"], input="".join(line + "\n" for line in lines), capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, f"ip -batch: {done.stderr}"


def _bridges():
    if _made:
        return
    # Names of namespaces in a directory that no other run sees.
    pathlib.Path("/run/netns").mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/run/netns"], check=True)
    lines = ["link set lo up"]
    for bridge, net in (("watch", _WATCH), ("links", _LINKS)):
        lines += [f"link add {bridge} type bridge", f"addr add {net}.1/24 dev {bridge}", f"link set {bridge} up"]
    _batch(lines)


# Where the relays of the tests listen, among the hosts.
CROSSROADS = f"{_LINKS}.1"


class Host:
    """One machine: `address` is reached by the tests, `link_address` by the other hosts."""

    def __init__(self):
        _bridges()
        n = len(_made) + 2
        assert n < 255
        _made.append(self)
        self.name = f"h{n}"
        self.address, self.link_address = f"{_WATCH}.{n}", f"{_LINKS}.{n}"
        ns = self.name
        lines = [f"netns add {ns}"]
        for end, bridge in (("w", "watch"), ("l", "links")):
            lines += [f"link add {end}{n} type veth peer name {bridge} netns {ns}", f"link set {end}{n} master {bridge} up"]
        _batch(lines)
        for line in (["link", "set", "lo", "up"], ["addr", "add", f"{self.address}/24", "dev", "watch"],
                     ["addr", "add", f"{self.link_address}/24", "dev", "links"], ["link", "set", "watch", "up"],
                     ["link", "set", "links", "up"]):
            ip("-n", ns, *line)
        self.outer = f"l{n}"

    def command(self, words):
        return ["nsenter", f"--net=/run/netns/{self.name}", "--", *words]

    def do(self, *words, check=True):
        done = subprocess.run(self.command(words), capture_output=True, text=True, timeout=30)
        assert not check or done.returncode == 0, f"{' '.join(words)} on {self.name}: {done.stderr}"
        return done

    # --- faults ---

    def unplug(self):
        ip("link", "set", self.outer, "down")

    def plug(self):
        ip("link", "set", self.outer, "up")

    def deaf_to(self, other):
        """Drops what comes from the other host; what goes there still arrives: half a cut."""
        self.do("nft", "add table inet faults")
        self.do("nft", "add chain inet faults heard { type filter hook input priority 0; }")
        self.do("nft", f"add rule inet faults heard ip saddr {other.link_address} counter drop")

    def hears_all(self):
        self.do("nft", "delete table inet faults", check=False)

    def slow(self, rate="64kbit"):
        """The line to the other hosts carries so much and no more, both ways."""
        shape = ["root", "tbf", "rate", rate, "burst", "4kb", "latency", "2s"]
        self.do("tc", "qdisc", "replace", "dev", "links", *shape)
        subprocess.run(["tc", "qdisc", "replace", "dev", self.outer, *shape], check=True, capture_output=True, timeout=30)

    def fast(self):
        self.do("tc", "qdisc", "del", "dev", "links", "root", check=False)
        subprocess.run(["tc", "qdisc", "del", "dev", self.outer, "root"], capture_output=True, timeout=30)
