"""A tree of three levels: a national hub, two regional ones, departments below them."""
import shutil
import tempfile
import time
import unittest

import figures
import hosts
import ledger
import network
import pages

TOP, REGION, OTHER, LEAF, FAR = "france", network.HUB, "bretagne", network.DELEGATING, "finistere"


class ThreeLevels(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="solidaires-faults-")
        self.addCleanup(shutil.rmtree, self.directory, ignore_errors=True)
        self.all = []
        self.addCleanup(self.end)
        self.top = self.instance(TOP, None, title="Réseau national", hub=True)
        self.region = self.instance(REGION, self.top, hub=True)
        self.other = self.instance(OTHER, self.top, title="Bretagne", hub=True)
        self.leaf = self.instance(LEAF, self.region)
        self.far = self.instance(FAR, self.other, title="Finistère")
        for instance in (self.top, self.region, self.leaf):
            role = "animateur" if instance is self.leaf else "regional_moderator"
            instance.moderator = instance.add_user(f"animation@{instance.name}.example", role, "Dominique Exemple")

    def instance(self, name, above, title=None, hub=False):
        """Founded, enrolled under `above`, started, linked."""
        at = f"{above.host.link_address}:{above.link}" if above else None
        made = network.Instance(self.directory, name, link=network.free_port() if hub else None, hub_link=at, host=hosts.Host(), title=title,
                                keys={"search": ["results_per_page = 100"]})
        self.all.append(made)
        if hub:
            made.run("node", "init")
        if above:
            words = ["--hub"] if hub else []
            made.run("enrol", above.run("node", "add", name, "--title", made.title, "--territory", "38", "--url", made.base, "--subscribe", "all",
                                        "--delegate-moderation", *words).stdout.split()[-1])
        made.start()
        if above:
            network.until(lambda: self.linked(above, made), f"{name} is linked", 60)
        return made

    @staticmethod
    def linked(above, below):
        return {link["peer"]: link["state"] for link in above.status()["links"]}.get(below.name) == "live"

    def end(self):
        for instance in self.all:
            if instance.alive():
                instance.kill()

    def names(self, instance):
        return sorted(node["name"] for node in network.json.loads(instance.run("node", "list", "--json").stdout))

    def test_a_leaf_reaches_another_region_and_all_levels_edit_apart_and_heal(self):
        every = sorted([TOP, REGION, OTHER, LEAF, FAR])
        for instance in self.all:
            network.until(lambda: self.names(instance) == every, f"the whole tree is known at {instance.name}", 60)
        local = self.leaf.browser(self.leaf.moderator)
        began = time.monotonic()
        records = [pages.create_structure(local, f"Refuge des Trois Niveaux {n}", then="publish") for n in range(3)]
        network.until(lambda: self.far.find("Refuge des Trois Niveaux 2"), "a leaf's record on a leaf of another region", 60)
        figures.tell("three levels: three records from a leaf to a leaf of another region, over three hubs", f"{time.monotonic() - began:.1f} s")
        # Moderation is delegated upward, step by step: the national team works on the leaf's own record.
        national = self.top.browser(self.top.moderator)
        pages.edit(national, records[0], summary="Relu par l’équipe nationale.")
        for instance in (self.leaf, self.far):
            network.until(lambda: instance.find("Refuge des Trois Niveaux 0")["summary"] == "Relu par l’équipe nationale.",
                          f"the national edit on {instance.name}", 60)
        kept = ledger.Ledger()
        writers = [ledger.Writer(kept, instance, records, voice) for instance, voice in
                   ((self.leaf, "Isère"), (self.region, "Région"), (self.top, "Nation"))]
        for writer in writers:
            writer.start()
        # The region alone in the middle, then dead, then there again, while all three levels write.
        for n in range(6 if figures.LONG else 2):
            self.region.host.unplug()
            self.leaf.run("import", "structures", kept.file(self.directory, f"Feuille {n}", 60), "--quiet", "--source", f"feuille-{n}")
            kept.imported(f"Feuille {n}", 60)
            self.far.run("import", "structures", kept.file(self.directory, f"Rivage {n}", 60), "--quiet", "--source", f"rivage-{n}")
            kept.imported(f"Rivage {n}", 60)
            counts = [writer.count for writer in writers]
            network.until(lambda: all(writer.trouble or writer.count > was for writer, was in zip(writers, counts)),
                          "each level writes during the cut", 60)
            self.region.host.plug()
            time.sleep(0.5)  # so that the links may be in the middle of it
            self.region.kill()
            self.region.start()
        for writer in writers:
            writer.end()
        kept.check_rows(self.all, 150)
        counts = ledger.check_edits(kept, [self.leaf, self.region, self.top], 150)
        figures.tell("three levels, the region cut off and killed while all levels write the same records",
                     f"{sum(writer.count for writer in writers)} edits ({counts['visible']} visible or in conflict, {counts['superseded']} superseded) "
                     f"and {len(kept.rows)} rows acknowledged, 0 lost, all replicas equal")
