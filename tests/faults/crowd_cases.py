"""Many nodes on one hub that come back at the same moment."""
import shutil
import tempfile
import time
import unittest

import figures
import hosts
import ledger
import network

NODES = 60 if figures.LONG else 20
SMALL = {"data": ["cache_bytes_max = 1048576"], "limits": ["page_cache_bytes_max = 1048576"], "search": ["results_per_page = 100"],
         "http": ["worker_threads = 1"]}


class Crowd(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="solidaires-faults-")
        self.addCleanup(shutil.rmtree, self.directory, ignore_errors=True)
        link = network.free_port()
        self.hub = network.Instance(self.directory, "region", link=link, host=hosts.Host(), title="Région", keys=SMALL)
        at = f"{self.hub.host.link_address}:{link}"
        self.nodes = [network.Instance(self.directory, f"noeud-{n:02}", hub_link=at, host=hosts.Host(), title=f"Nœud {n}", keys=SMALL)
                      for n in range(NODES)]
        self.addCleanup(self.end)
        self.hub.run("node", "init")
        self.hub.start()
        for node in self.nodes:
            node.run("enrol", self.hub.run("node", "add", node.name, "--title", node.title, "--territory", "38", "--url", node.base)
                     .stdout.split()[-1])
            node.start(wait=False)
        for node in self.nodes:
            node.await_ready()

    def end(self):
        for instance in [self.hub, *self.nodes]:
            if instance.alive():
                instance.kill()

    def all_live(self):
        states = {link["peer"]: link["state"] for link in self.hub.status()["links"]}
        return all(states.get(node.name) == "live" for node in self.nodes)

    def test_everybody_returns_at_once_after_the_hub_was_down(self):
        kept = ledger.Ledger()
        network.until(self.all_live, "every node is linked", 120)
        self.write(kept, "Avant", 5)
        network.until(lambda: self.hub.total() == len(kept.rows), "the hub has all", 60)
        self.hub.kill()
        self.write(kept, "Pendant", 10)
        began, before = time.monotonic(), [figures.cpu_s(node) for node in self.nodes]
        self.hub.start()
        network.until(self.all_live, "every node is back", 180)
        back = time.monotonic() - began
        peak = figures.memory_mib(self.hub)

        def everywhere():
            nonlocal peak
            peak = max(peak, figures.memory_mib(self.hub))
            return all(instance.total() == len(kept.rows) for instance in [self.hub, *self.nodes])
        network.until(everywhere, "everything is everywhere", 180)
        whole = time.monotonic() - began
        kept.check_rows([self.hub, *self.nodes], 60)
        memory = [figures.memory_mib(node) for node in self.nodes]
        cpu = [figures.cpu_s(node) - was for node, was in zip(self.nodes, before)]
        figures.tell(f"{NODES} nodes back at once after their hub was down",
                     f"all links live after {back:.1f} s, {len(kept.rows)} rows on all {NODES + 1} portals after {whole:.1f} s, 0 lost")
        figures.tell("… the hub", f"{peak:.0f} MiB at most, {figures.cpu_s(self.hub):.1f} s of processor with its start")
        figures.tell("… a node", f"{max(memory):.0f} MiB at most, {sum(cpu) / len(cpu):.1f} s of processor")

    def write(self, kept, words, count):
        for node in self.nodes:
            own = f"{words} {node.name}"
            node.run("import", "structures", kept.file(self.directory, own, count), "--quiet", "--source", own.replace(" ", "-").lower())
            kept.imported(own, count)
