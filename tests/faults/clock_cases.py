"""A clock that jumps by years."""
import pathlib
import unittest

import figures
import ledger
import network
import pages
import world

FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"


class Clocks(unittest.TestCase):
    def setUp(self):
        self.assertTrue(pathlib.Path(FAKETIME).exists(), "libfaketime is missing: deploy/packages/test.txt names it")
        self.world = world.World()
        self.addCleanup(self.world.remove)
        self.world.start()
        self.time = pathlib.Path(self.world.directory) / "time"
        self.set("+0")

    def set(self, offset):
        """Of the machine of Isère, at once, also for what runs."""
        self.time.write_text(offset + "\n")

    def test_a_clock_years_off_neither_loses_nor_refuses_a_write(self):
        hub, isere, savoie = self.world.all
        kept = ledger.Ledger()
        moderator = isere.browser(isere.moderator)
        record = pages.create_structure(moderator, "Horloge Folle", then="publish")
        network.until(lambda: hub.find("Horloge Folle"), "the record at the hub", 60)
        isere.kill()
        # Only the wall clock lies; the steady one, by which timers run, does not.
        isere.environment = {"LD_PRELOAD": FAKETIME, "FAKETIME_TIMESTAMP_FILE": str(self.time), "FAKETIME_NO_CACHE": "1",
                             "FAKETIME_DONT_FAKE_MONOTONIC": "1", "FAKETIME_DONT_RESET": "1"}
        isere.start()
        regional = hub.browser(hub.moderator)
        for n, offset in enumerate(("+7y", "-9y", "+0")):
            self.set(offset)
            # The session of a browser may have ended with the years.
            moderator = isere.browser(isere.moderator)
            words = f"Dit à {offset}."
            pages.edit(moderator, record, summary=words)
            self.assertEqual(ledger.versions(moderator, record), {words}, "a local write is never refused, nor hidden by a later date")
            isere.run("import", "structures", kept.file(self.world.directory, f"Année {n}", 20), "--quiet", "--source", f"annee-{n}")
            kept.imported(f"Année {n}", 20)
            if offset == "+0":
                self.world.await_links()
            network.until(lambda: ledger.versions(regional, record) == {words} or world.link_of(hub, isere)["state"] != "live",
                          "the edit at the hub", 90)
            if ledger.versions(regional, record) != {words}:
                continue  # the certificates are out of their time: the link waits, work does not
            words = f"Répondu de la région à {offset}."
            pages.edit(regional, record, summary=words)
            network.until(lambda: ledger.versions(moderator, record) == {words}, "the answer at the node", 60)
        kept.check_rows([hub, isere, savoie], 90)
        figures.tell("clock of a node 7 years ahead, 9 years behind, right again", f"{len(kept.rows)} rows and every edit kept, 0 refused, 0 lost")
