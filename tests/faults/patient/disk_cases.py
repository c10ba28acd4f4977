"""A full disk."""
import subprocess
import unittest

import figures
import ledger
import network
import pages
import world

DISK_MB = 48
PASSPHRASE = "trois moulins sur une riviere\n"


class FullDisk(unittest.TestCase):
    def setUp(self):
        self.world = world.World(keys={world.ISERE: {"data": ["disk_reserve_bytes = 4194304"]}})
        self.addCleanup(self.world.remove)
        data = self.world.isere.directory / "data"
        data.mkdir()
        # Only this run sees it, and it goes with the run.
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "tmpfs", str(data)], check=True)
        self.ballast = data / "ballast"
        self.world.start()

    def fill(self):
        with open(self.ballast, "ab", buffering=0) as file:
            try:
                while file.write(bytes(1 << 16)):
                    pass
            except OSError:
                pass  # no byte is left

    def small(self, path):
        """A disk of 300 kB."""
        path.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", str(path)], check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", str(path)], check=False, stderr=subprocess.DEVNULL)

    def test_a_backup_and_a_restore_onto_a_full_disk_say_so_and_touch_nothing_else(self):
        savoie, kept = self.world.savoie, ledger.Ledger()
        savoie.run("import", "structures", kept.file(self.world.directory, "Grenier", 300, length=4000), "--quiet")
        kept.imported("Grenier", 300)
        words = ["--passphrase-stdin", "--quiet"]
        small, whole = savoie.directory / "small", savoie.directory / "whole"
        self.small(small)
        full = savoie.run("backup", str(small / "new"), *words, typed=PASSPHRASE, expect=1)
        self.assertRegex(full.stderr, "No space left.*is no backup.*make room")
        self.assertIn("cut off", savoie.run("check", "--backup", str(small / "new"), expect=1).stderr)
        self.assertFalse((savoie.directory / "data/checkpoint").exists())
        self.assertEqual(savoie.ask("/readyz")[0], 200)
        savoie.run("backup", str(whole), *words, typed=PASSPHRASE)
        savoie.kill()
        data = savoie.directory / "data"
        data.rename(savoie.directory / "lost")
        self.small(data)
        full = savoie.run("restore", str(whole), *words, typed=PASSPHRASE, expect=1)
        self.assertRegex(full.stderr, "No space left.*Nothing was restored.*make room")
        self.assertEqual([path for path in data.rglob("*") if path.is_file()], [])
        subprocess.run(["umount", str(data)], check=True)
        savoie.run("restore", str(whole), *words, typed=PASSPHRASE)
        savoie.start()
        self.world.await_links()
        kept.check_rows(self.world.all, 60)

    def test_writes_are_refused_in_words_pages_are_served_and_it_goes_on_when_there_is_room(self):
        hub, isere, savoie = self.world.all
        kept = ledger.Ledger()
        moderator = isere.browser(isere.moderator)
        record = pages.create_structure(moderator, "Grenier Plein", then="publish")
        network.until(lambda: hub.find("Grenier Plein"), "the record at the hub", 60)
        for round_ in range(2):
            if round_ == 1:  # in the middle of an import, so that the disk refuses what is under way
                importing = ledger.Importing(isere, kept.file(self.world.directory, "Trop Plein", 5000))
                importing.reaches(200)
            self.fill()
            if round_ == 1:
                code, _ = importing.end()
                self.assertEqual(code, 1, "the import says that it could not finish")
                kept.imported("Trop Plein", importing.done)
                self.assertRegex(importing.said.decode(errors="replace"), "(?i)disk|space|disque")
            refused = pages.try_edit(moderator, record, summary="Refusé, faute de place.")
            self.assertGreaterEqual(refused.status, 400)
            self.assertRegex(refused.text, "(?i)disque|disk")
            done = isere.run("import", "structures", kept.file(self.world.directory, "Refusée", 3), "--quiet", expect=1)
            self.assertRegex(done.stderr, r"(?i)disk .*(free some space|MB left)")
            for path in ("/", "/structures?dep=tous", "/agenda", network.path_of(isere.find("Grenier Plein"))):
                self.assertEqual(isere.browser().get(path).status, 200, path)
            self.assertEqual(isere.ask("/readyz")[0], 200)
            # What others write meanwhile waits for it.
            words = f"Voisine {round_}"
            savoie.run("import", "structures", kept.file(self.world.directory, words, 30), "--quiet", "--source", f"voisine-{round_}")
            kept.imported(words, 30)
            network.until(lambda: hub.total() >= 31, "the hub has them", 60)
            self.ballast.unlink()
            words = f"Écrit quand il y eut de la place, la fois {round_}."
            network.until(lambda: pages.try_edit(moderator, record, summary=words).status == 200, "a write is taken again", 60)
        # A link that met the full disk comes back within a minute.
        network.until(lambda: hub.find("Grenier Plein")["summary"] == words, "the edit at the hub", 120)
        kept.check_rows(self.world.all, 120)
        figures.tell("disk of a node full, twice (once during an import)", f"writes refused in words, pages served, went on by itself; "
                     f"{kept.acknowledged} rows acknowledged, 0 lost")
