"""Backup and restore of real processes: while people write, of a node and of the hub, cut off, damaged."""
import json
import shutil
import subprocess
import threading
import unittest

import network
import pages

NET = None
PASSPHRASE = "trois moulins sur une riviere\n"


def setUpModule():
    global NET
    NET = network.Network()
    unittest.addModuleCleanup(NET.remove)
    NET.start()


def back_up(instance, name, *words):
    path = instance.directory / name
    return path, instance.run("backup", str(path), "--passphrase-stdin", *words, typed=PASSPHRASE)


def restore(instance, path, typed=PASSPHRASE, expect=0):
    return instance.run("restore", str(path), "--passphrase-stdin", typed=typed, expect=expect)


def lose_the_disk(instance):
    instance.kill()
    shutil.rmtree(instance.directory / "data")


class Keeping(unittest.TestCase):
    def setUp(self):
        for instance in NET.all:
            if not instance.alive():
                instance.start()
        NET.await_links()

    def check(self, instance):
        report = json.loads(instance.run("check", "--json").stdout)
        self.assertTrue(report["whole"], report)
        self.assertEqual(report["problems"], [])
        return report

    def await_everywhere(self, *names):
        for name in names:
            for instance in NET.all:
                network.until(lambda: instance.find(name), f"« {name} » on {instance.name}", 60)

    def test_a_node_that_is_backed_up_while_people_write_loses_nothing_with_its_disk(self):
        written, stop = [], threading.Event()

        def write():
            moderator = NET.isere.browser(NET.isere.moderator)
            while not stop.is_set() or len(written) < 6:
                name = f"Atelier Sauvegardé {len(written)}"
                pages.create_structure(moderator, name, then="publish")
                written.append(name)
        writer = threading.Thread(target=write)
        writer.start()
        try:
            network.until(lambda: len(written) >= 2, "somebody writes", 60)
            path, done = back_up(NET.isere, "while-writing")
            self.assertIn("secrets sealed", done.stdout)
            second, _ = back_up(NET.isere, "while-writing-2", "--since", str(path))
            held_then = list(written)
        finally:
            stop.set()
            writer.join()
        self.await_everywhere(*written)
        replica = NET.isere.status()["replica"]
        self.check(NET.isere)
        lose_the_disk(NET.isere)
        self.assertIn("is whole", NET.isere.run("check", "--backup", str(second)).stdout)
        restore(NET.isere, second)
        self.assertNotEqual(NET.isere.status()["replica"], replica)
        alone = self.check(NET.isere)
        self.assertGreaterEqual(alone["records"], 2)
        NET.isere.start()
        for name in held_then[:2]:
            self.assertIsNotNone(NET.isere.find(name), "acknowledged before the backup")
        NET.await_links()
        self.await_everywhere(*written)
        NET.converge()
        name = "Atelier d’après la Restauration"
        pages.create_structure(NET.isere.browser(NET.isere.moderator), name, then="publish")
        self.await_everywhere(name)
        self.check(NET.isere)

    def test_a_hub_that_is_restored_gets_back_what_its_nodes_hold_and_its_own_words_from_the_one_it_names(self):
        path, _ = back_up(NET.hub, "hub")
        name, own = "Épicerie d’Entre-Temps", "Maison de la Région"
        pages.create_structure(NET.isere.browser(NET.isere.moderator), name, then="publish")
        pages.create_structure(NET.hub.browser(NET.hub.moderator), own, then="publish")
        self.await_everywhere(name, own)
        lose_the_disk(NET.hub)
        restore(NET.hub, path)
        NET.hub.start()
        NET.await_links()  # without another enrolment: its authority came back with it
        self.await_everywhere(name)
        self.assertIsNone(NET.hub.find(own))
        NET.hub.run("node", "take-back", NET.isere.name)
        self.await_everywhere(own)
        NET.hub.run("node", "take-back", NET.isere.name, "--end")
        NET.converge()
        self.check(NET.hub)

    def test_an_older_copy_that_is_put_back_is_named_with_the_command_that_mends_it(self):
        data, kept = NET.isere.directory / "data", NET.isere.directory / "older"
        NET.isere.stop()
        shutil.copytree(data, kept)
        NET.isere.start()
        NET.await_links()
        name = "Recyclerie d’Après la Copie"
        pages.create_structure(NET.isere.browser(NET.isere.moderator), name, then="publish")
        self.await_everywhere(name)
        NET.isere.kill()
        shutil.rmtree(data)
        kept.rename(data)
        NET.isere.start()
        for instance, peer in ((NET.isere, NET.hub), (NET.hub, NET.isere)):
            def said():
                link = next(link for link in instance.status()["links"] if link["peer"] == peer.name)
                return "solidaires node renew-identity" in link["last_error"]
            network.until(said, f"{instance.name} names the command", 60)
        self.assertIn("renew-identity", NET.isere.log())
        NET.isere.run("node", "renew-identity")
        NET.await_links()
        self.await_everywhere(name)
        NET.converge()

    def test_the_authority_is_changed_without_cutting_anybody_off(self):
        NET.hub.run("node", "rotate-authority")
        self.assertTrue(NET.hub.status()["roots_overlap"])

        def retired():
            return NET.hub.run("node", "retire-authority", expect=None).returncode == 0
        network.until(retired, "every node has a certificate of the new authority", 90)
        self.assertFalse(NET.hub.status()["roots_overlap"])
        for instance in (NET.savoie, NET.isere, NET.hub):
            self.assertEqual(instance.stop(), 0)
            instance.start()
        NET.await_links()
        NET.converge()

    def test_what_is_wrong_with_a_backup_is_said_before_anything_is_touched(self):
        path, _ = back_up(NET.savoie, "to-spoil")
        again = NET.savoie.run("backup", str(path), "--passphrase-stdin", typed=PASSPHRASE, expect=1)
        self.assertIn("holds a backup already", again.stderr)
        NET.savoie.stop()
        held = restore(NET.savoie, path, expect=1)
        self.assertIn("is not empty", held.stderr)
        data, kept = NET.savoie.directory / "data", NET.savoie.directory / "kept"
        data.rename(kept)
        try:
            wrong = restore(NET.savoie, path, typed="quatre moulins sur une riviere\n", expect=1)
            self.assertIn("passphrase", wrong.stderr)
            table = next(iter(sorted((path / "store/db").glob("*.sst"))))
            whole = table.read_bytes()
            table.write_bytes(whole[:100] + bytes([whole[100] ^ 1]) + whole[101:])
            for refused in (restore(NET.savoie, path, expect=1),
                            NET.savoie.run("check", "--backup", str(path), expect=1)):
                self.assertIn(f"store/db/{table.name}", refused.stderr)
            table.write_bytes(whole)
            manifest = (path / "MANIFEST").read_bytes()
            (path / "MANIFEST").unlink()
            self.assertIn("cut off", restore(NET.savoie, path, expect=1).stderr)
            (path / "MANIFEST").write_bytes(manifest)
            self.assertFalse((data / "store").exists())
            restore(NET.savoie, path)
        finally:
            if (data / "store").exists():
                shutil.rmtree(kept)
            else:
                shutil.rmtree(data)
                kept.rename(data)
        NET.savoie.start()
        NET.converge()

    def test_a_backup_that_is_killed_is_recognised_and_leaves_no_checkpoint(self):
        path = NET.isere.directory / "killed"
        ended_whole = 0
        for delay in (0.05, 0.2, 0.4, 0.6):
            process = subprocess.Popen(NET.isere.command("backup", str(path), "--passphrase-stdin"), stdin=subprocess.PIPE,
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            process.stdin.write(PASSPHRASE.encode())
            process.stdin.close()
            try:
                process.wait(timeout=delay)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if (path / "MANIFEST").exists():
                ended_whole += 1
                NET.isere.run("check", "--backup", str(path))
            elif path.exists():
                self.assertIn("cut off", NET.isere.run("check", "--backup", str(path), expect=1).stderr)
            shutil.rmtree(path, ignore_errors=True)
        self.assertLess(ended_whole, 4, "none was cut off: the delays are too long")
        back_up(NET.isere, "after-the-killed")
        self.assertFalse((NET.isere.directory / "data/checkpoint").exists())
        self.assertEqual(NET.isere.ask("/readyz")[0], 200)
