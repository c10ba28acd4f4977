"""A node at the end of a bad line: 64 kbit/s and 300 ms of delay, with jitter."""
import threading
import time
import unittest

import figures
import ledger
import network
import pages
import relay
import world

ROWS = 500 if figures.LONG else 120
LENGTH = 2400
RESETS = 60 if figures.LONG else 15
MOVED = 4096  # bytes of a connection that is reset: it has got beyond the greeting


class SlowLine(unittest.TestCase):
    def setUp(self):
        # Little is under way inside the relay, as on a real line of this kind.
        self.world = world.World(relayed=lambda target: relay.Relay(target, delay_s=0.3, jitter_s=0.05, window=4096))
        self.addCleanup(self.world.remove)
        self.world.start()

    def test_a_node_bootstraps_while_edits_go_both_ways_and_its_portal_stays_quick(self):
        hub, isere, savoie = self.world.all
        kept = ledger.Ledger()
        moderator = isere.browser(isere.moderator)
        record = pages.create_structure(moderator, "Épicerie du Bout de la Ligne", then="publish")
        network.until(lambda: savoie.find("Épicerie du Bout de la Ligne"), "the record on the other node", 60)
        isere.host.slow("64kbit")
        savoie.run("import", "structures", kept.file(self.world.directory, "Masse", ROWS, length=LENGTH), "--quiet")
        kept.imported("Masse", ROWS)
        network.until(lambda: hub.total() >= ROWS, "the hub has everything", 60)
        began, connections = time.monotonic(), self.world.relay.connections
        regional, up, down, quick = hub.browser(hub.moderator), [], [], []
        n = 0
        while isere.total() < ROWS and time.monotonic() - began < 240:
            n += 1
            words = f"Écrit en bas de la ligne, la fois {n}."
            pages.edit(moderator, record, summary=words)
            up.append(appearance(lambda: ledger.versions(regional, record) == {words}))
            words = f"Écrit en haut de la ligne, la fois {n}."
            pages.edit(regional, record, summary=words)
            down.append(appearance(lambda: ledger.versions(moderator, record) == {words}))
            for path in ("/structures?dep=tous", "/agenda", "/"):
                asked = time.monotonic()
                self.assertEqual(isere.browser().get(path).status, 200)
                quick.append(time.monotonic() - asked)
        took = time.monotonic() - began
        kept.check_rows([isere], 30)
        self.assertGreaterEqual(n, 2, "edits were made while the bootstrap went on")
        self.assertEqual(self.world.relay.connections, connections, "one connection carried it all: none was taken for dead")
        figures.tell(f"64 kbit/s and 300 ms: bootstrap of {ROWS} records", f"{took:.0f} s, {self.world.relay.bytes / ROWS:.0f} bytes per record")
        figures.tell("… an edit to the other end meanwhile, worst", f"up {max(up):.1f} s, down {max(down):.1f} s ({len(up)} each way)")
        figures.tell("… a page of the node's portal meanwhile, worst", f"{max(quick) * 1000:.0f} ms")


def appearance(condition):
    began = time.monotonic()
    network.until(condition, "the edit at the other end", 240)
    return time.monotonic() - began


class BadLine(unittest.TestCase):
    def test_writes_survive_resets_stalls_and_dribbling(self):
        here = world.World(relayed=lambda target: relay.Relay(target, delay_s=0.02, jitter_s=0.02))
        self.addCleanup(here.remove)
        here.start()
        kept = ledger.Ledger()
        first = here.isere.browser(here.isere.moderator)
        records = [pages.create_structure(first, f"Atelier de la Ligne {n}", then="publish") for n in range(4)]
        here.converge()
        writers = [ledger.Writer(kept, here.isere, records, "Isère"), ledger.Writer(kept, here.hub, records, "Région")]
        rows = threading.Thread(target=importing, args=(here, kept))
        for thread in [*writers, rows]:
            thread.start()
        while here.relay.resets < RESETS:
            # As soon as something moves again it is reset; every third time after one direction was silent for a while.
            moved = here.relay.bytes
            network.until(lambda: here.relay.bytes > moved + MOVED, "something moves again", 60)
            if here.relay.resets % 3 == 2:
                here.relay.stall(up=here.relay.resets % 2 == 0, down=here.relay.resets % 2 == 1)
                time.sleep(0.5)  # the fault itself takes time
                here.relay.flow()
            here.relay.reset()
        here.relay.dribbling = True
        for thread in writers:
            thread.end()
        rows.join(120)
        here.relay.dribbling = False
        kept.check_rows(here.all)
        counts = ledger.check_edits(kept, [here.isere, here.hub])
        figures.tell(f"a line reset {RESETS} times, each time as soon as something moves again", f"{here.relay.resets} resets, {kept.acknowledged} writes acknowledged "
                     f"({counts['visible']} visible or in conflict, {counts['superseded']} superseded), 0 lost")


def importing(here, kept):
    for n in range(10):
        here.isere.run("import", "structures", kept.file(here.directory, f"Lot {n}", 40), "--quiet", "--source", f"lot-{n}")
        kept.imported(f"Lot {n}", 40)
