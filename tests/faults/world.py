"""A hub and two nodes, each on a host of its own, with one person at each who may write."""
import tempfile

import hosts
import network

HUB, ISERE, SAVOIE = network.HUB, network.DELEGATING, network.ALONE


class World(network.Network):
    """Isère delegates its moderation to the hub. Where `relayed`, Isère's link runs through a relay (see relay.py)."""

    def __init__(self, relayed=None, keys=None):
        # No super().__init__: the same network, on other machines.
        self.directory = tempfile.mkdtemp(prefix="solidaires-faults-")
        link, keys = network.free_port(), keys or {}
        more = {"search": ["results_per_page = 100"]}
        self.hub = network.Instance(self.directory, HUB, link=link, host=hosts.Host(), keys=more | keys.get(HUB, {}))
        straight = f"{self.hub.host.link_address}:{link}"
        self.relay = relayed(straight) if relayed else None
        self.isere = network.Instance(self.directory, ISERE, hub_link=self.relay.address if self.relay else straight, host=hosts.Host(),
                                      keys=more | keys.get(ISERE, {}))
        self.savoie = network.Instance(self.directory, SAVOIE, hub_link=straight, host=hosts.Host(), keys=more | keys.get(SAVOIE, {}))
        self.all = [self.hub, self.isere, self.savoie]

    def start(self):
        self.hub.run("node", "init")
        self.hub.start()
        for node in (self.isere, self.savoie):
            self.enrol(node)
            node.start()
        for instance in self.all:
            role = "regional_moderator" if instance is self.hub else "animateur"
            instance.moderator = instance.add_user(f"animation@{instance.name}.example", role, "Dominique Exemple")
        self.await_links()
        return self

    def enrol(self, node):
        delegation = ["--delegate-moderation"] if node is self.isere else []
        token = self.hub.run("node", "add", node.name, "--title", network.TITLE[node.name], "--territory", network.TERRITORY[node.name],
                             "--url", node.base, "--subscribe", "all", *delegation).stdout.split()[-1]
        node.run("enrol", token)

    def remove(self):
        if self.relay:
            self.relay.close()
        super().remove()


def link_of(instance, peer):
    return next((link for link in instance.status()["links"] if link["peer"] == peer.name), {"state": "none"})
