"""A peer that stands still, and a line that is cut in one direction only."""
import signal
import time
import unittest

import figures
import ledger
import network
import pages
import world

STALL_LIMIT_S = 30  # kStallLimit in sync/base/limits.h


class Peers(unittest.TestCase):
    def setUp(self):
        self.world = world.World()
        self.addCleanup(self.world.remove)
        self.world.start()
        self.hub, self.isere, self.savoie = self.world.all

    def test_a_node_that_stands_still_slows_nobody_and_comes_back(self):
        kept = ledger.Ledger()
        moderator = self.isere.browser(self.isere.moderator)
        record = pages.create_structure(moderator, "Atelier Patient", then="publish")
        network.until(lambda: self.savoie.find("Atelier Patient"), "the record on the other node", 60)
        self.savoie.process.send_signal(signal.SIGSTOP)
        self.addCleanup(lambda: self.savoie.alive() and self.savoie.process.send_signal(signal.SIGCONT))
        regional = self.hub.browser(self.hub.moderator)
        # More than the window and the buffers between them take in, so that the link does stall.
        self.isere.run("import", "structures", kept.file(self.world.directory, "Afflux", 1500, length=3000), "--quiet")
        kept.imported("Afflux", 1500)
        began, took, n = time.monotonic(), [], 0
        while True:
            n += 1
            words = f"Écrit pendant que l’autre dort, la fois {n}."
            pages.edit(moderator, record, summary=words)
            at = time.monotonic()
            network.until(lambda: ledger.versions(regional, record) == {words}, "the edit at the hub", 30)
            took.append(time.monotonic() - at)
            state = world.link_of(self.hub, self.savoie)
            if time.monotonic() - began > STALL_LIMIT_S and state["state"] != "live":
                break
            self.assertLess(time.monotonic() - began, 90, f"the hub has not noticed: {state}")
        self.assertRegex(state["last_error"], "stalled|silent|timeout|closed", "the reason is shown")
        noticed = time.monotonic() - began
        self.savoie.process.send_signal(signal.SIGCONT)
        self.world.await_links()
        kept.check_rows(self.world.all, 120)
        took.sort()
        figures.tell("SIGSTOP of a node beyond the stall limit", f"noticed after {noticed:.0f} s; {n} edits over the other link meanwhile, "
                     f"median {took[len(took) // 2] * 1000:.0f} ms, worst {took[-1] * 1000:.0f} ms")

    def test_half_a_cut_is_noticed_by_both_ends_and_everything_arrives_afterwards(self):
        kept = ledger.Ledger()
        # Isère is not heard by the hub; Savoie does not hear it.
        self.hub.host.deaf_to(self.isere.host)
        self.savoie.host.deaf_to(self.hub.host)
        began = time.monotonic()
        for node in (self.isere, self.savoie):
            node.run("import", "structures", kept.file(self.world.directory, f"Sourde {node.name}", 50), "--quiet")
            kept.imported(f"Sourde {node.name}", 50)
        for node in (self.isere, self.savoie):
            for one, other in ((self.hub, node), (node, self.hub)):
                network.until(lambda: world.link_of(one, other)["state"] != "live", f"{one.name} notices", 120)
            self.assertEqual(node.ask("/readyz")[0], 200)
        noticed = time.monotonic() - began
        for instance in (self.hub, self.savoie):
            instance.host.hears_all()
        self.world.await_links()
        kept.check_rows(self.world.all, 90)
        figures.tell("lines cut in one direction, either way", f"noticed by both ends within {noticed:.0f} s; "
                     f"{len(kept.rows)} rows written meanwhile, 0 lost")

    def test_a_cable_that_is_pulled_and_put_back_needs_nobody(self):
        kept = ledger.Ledger()
        for n in range(3):
            self.isere.host.unplug()
            self.isere.run("import", "structures", kept.file(self.world.directory, f"Câble {n}", 50), "--quiet", "--source", f"cable-{n}")
            self.savoie.run("import", "structures", kept.file(self.world.directory, f"Prise {n}", 50), "--quiet", "--source", f"prise-{n}")
            kept.imported(f"Câble {n}", 50)
            kept.imported(f"Prise {n}", 50)
            self.isere.host.plug()
        kept.check_rows(self.world.all, 120)
