"""Processes killed without warning, again and again, while people and files write."""
import random
import time
import unittest

import figures
import ledger
import network
import pages
import world

KILLS = 30 if figures.LONG else 8
RECORDS = 6


class Killing(unittest.TestCase):
    def setUp(self):
        self.world = world.World()
        self.addCleanup(self.world.remove)
        self.world.start()
        self.kept = ledger.Ledger()

    def test_hub_and_nodes_are_killed_during_writes_and_nothing_acknowledged_is_lost(self):
        hub, isere, savoie = self.world.all
        first = isere.browser(isere.moderator)
        records = [pages.create_structure(first, f"Fabrique Tenace {n}", then="publish") for n in range(RECORDS)]
        network.until(lambda: hub.total() == RECORDS, "the records at the hub", 60)
        # Two people on the same records, at the node and at the hub: conflicts are part of it.
        writers = [ledger.Writer(self.kept, isere, records, "Isère"), ledger.Writer(self.kept, hub, records, "Région")]
        for writer in writers:
            writer.start()
        chance, began, rows = random.Random(7), time.monotonic(), 0
        for kill in range(KILLS):
            file = self.kept.file(self.world.directory, f"Essaim {kill}", 600)
            importing = ledger.Importing(savoie, file, "--source", f"essaim-{kill}")
            importing.reaches(200)
            victims = ([hub], [isere], [savoie], [hub, isere, savoie])[kill % 4]
            time.sleep(chance.uniform(0, 0.3))  # the moment of a kill is nobody's to choose
            told = importing.done
            for victim in victims:
                victim.kill()
            for victim in victims:
                victim.start()
            code, out = importing.end()
            if code == 0:
                self.kept.imported(f"Essaim {kill}", 600)
                rows += 600
            else:
                # What the command had said to be kept is there, although its server died.
                self.assertIn(savoie, victims, out)
                self.kept.imported(f"Essaim {kill}", told)
                rows += told
        took = time.monotonic() - began
        forms = sum(writer.end() for writer in writers)
        self.world.await_links()
        self.kept.check_rows(self.world.all, 120)
        counts = ledger.check_edits(self.kept, [isere, hub])
        figures.tell(f"kill -9, {KILLS} times during writes (hub, nodes, all at once)",
                     f"{rows} rows and {forms} form edits acknowledged in {took:.0f} s; edits: {counts['visible']} visible or in conflict, "
                     f"{counts['superseded']} superseded; 0 lost")
