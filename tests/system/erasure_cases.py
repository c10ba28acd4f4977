"""Erasure: the bytes are looked for in every file of every instance, before and after."""
import fcntl
import json
import os
import pathlib
import secrets
import shutil
import tempfile
import unittest
import urllib.error

import network
import pages

NET = None
HEADER = "id;nom;famille;secteur;résumé;adresse;code postal;commune\r\n"
PIECE = 8


def setUpModule():
    global NET
    NET = network.Network()
    unittest.addModuleCleanup(NET.remove)
    NET.start()


def mark():
    """Letters by chance: what compresses them keeps them whole where they stand first."""
    return "m" + secrets.token_hex(4) + "z" + secrets.token_urlsafe(18).replace("-", "a").replace("_", "b")


def files_with(directory, text):
    """Files that hold a piece of the text; pieces, for compression may have cut it."""
    pieces = [text[at:at + PIECE].encode() for at in range(0, len(text) - PIECE + 1, PIECE)]
    found = []
    for path in sorted(pathlib.Path(directory).rglob("*")):
        try:
            content = path.read_bytes() if path.is_file() else b""
        except FileNotFoundError:  # a table that was just replaced
            continue
        if any(piece in content for piece in pieces):
            found.append(str(path))
    return found


class Erasure(unittest.TestCase):
    def setUp(self):
        for instance in NET.all:
            if not instance.alive():
                instance.start()
        NET.await_links()

    def load(self, name, summary, at=None, source="ligne-1"):
        with tempfile.TemporaryDirectory() as elsewhere:
            file = pathlib.Path(elsewhere) / "annuaire.csv"
            file.write_text(HEADER + f"{source};{name};association;environnement;{summary};3 rue des Essais;38000;Grenoble\r\n")
            return (at or NET.isere).run("import", "structures", str(file)).stdout

    def published_everywhere(self, source):
        """A record whose name and summary hold a mark; its path and its marks."""
        name, summary = "Maison " + mark(), mark()
        self.load(name, "Une maison inventée : " + summary, source=source)
        for instance in NET.all:
            network.until(lambda: instance.find(name), f"the record on {instance.name}", 60)
        return network.path_of(NET.isere.find(name)), [name.split()[1], summary]

    def orders(self, instance):
        return json.loads(instance.run("erase", "list", "--json").stdout)

    def request(self, path):
        return json.loads(NET.isere.run("erase", "request", path, "--yes", "--json").stdout)["order"]

    def await_waiting_for(self, order, names):
        """That the hub knows the order as confirmed by all but those."""
        def waiting():
            return next((one["waiting_for"] for one in self.orders(NET.hub) if one["order"] == order), None)
        network.until(lambda: waiting() == names, f"{order} waits for {names}", 60)

    def receipt_of(self, instance, order):
        report = json.loads(NET.hub.run("erase", "show", order, "--json").stdout)
        return next((one for one in report["receipts"] if one["node"] == instance.name), None)

    def expect_none_left(self, marks, instances):
        for instance in instances:
            self.assertEqual([files_with(instance.directory / "data", text) for text in marks], [[]] * len(marks), instance.name)

    def test_a_node_that_is_restored_from_an_older_backup_obeys_again_and_says_so(self):
        path, marks = self.published_everywhere("ligne-2")
        backup = pathlib.Path(NET.directory) / "savoie-before"
        NET.savoie.run("backup", str(backup), "--passphrase-stdin", typed="trois moulins sur une riviere\n")
        done = NET.isere.run("erase", "request", path, "--yes", "--json")
        self.assertIn("Backups made before", done.stderr)
        order = json.loads(done.stdout)["order"]
        self.await_waiting_for(order, [])
        self.assertEqual(self.receipt_of(NET.savoie, order)["issue"], 1)
        NET.savoie.kill()
        shutil.rmtree(NET.savoie.directory / "data")
        NET.savoie.run("restore", str(backup), "--passphrase-stdin", typed="trois moulins sur une riviere\n")
        self.assertTrue(files_with(NET.savoie.directory / "data", marks[1]), "the backup brings it back")
        NET.savoie.start()
        network.until(lambda: self.receipt_of(NET.savoie, order)["issue"] == 2, "the second receipt", 60)
        self.assertTrue(self.receipt_of(NET.savoie, order)["verified"])
        self.await_waiting_for(order, [])
        self.expect_none_left(marks, NET.all)
        shutil.rmtree(backup)

    def test_a_legal_hold_keeps_a_copy_that_nobody_sees_until_it_is_released(self):
        path, marks = self.published_everywhere("ligne-3")
        NET.savoie.run("erase", "hold", path, "--scope", f"public/{NET.isere.name}", "--reason", "demande d'un tribunal")
        order = self.request(path)
        self.await_waiting_for(order, [NET.savoie.name])
        network.until(lambda: (self.receipt_of(NET.savoie, order) or {}).get("held"), "the receipt that tells the hold", 60)
        self.assertEqual(self.receipt_of(NET.savoie, order)["held"][0]["reason"], "demande d'un tribunal")
        with self.assertRaises(urllib.error.HTTPError) as gone:
            NET.savoie.public(path)
        gone.exception.close()
        self.expect_none_left(marks, (NET.isere, NET.hub))
        self.assertTrue(files_with(NET.savoie.directory / "data", marks[1]), "the copy for the court")
        self.assertIn("a copy is kept", NET.savoie.run("erase", "holds").stdout)
        NET.savoie.stop()
        NET.savoie.start()
        held = json.loads(NET.savoie.run("erase", "holds", "--json").stdout)[0]["document"].split()[1]
        NET.savoie.run("erase", "release", held, "--scope", f"public/{NET.isere.name}")
        self.await_waiting_for(order, [])
        self.expect_none_left(marks, NET.all)

    def test_an_objection_holds_at_every_node_and_after_a_restart(self):
        path, marks = self.published_everywhere("ligne-4")
        name = NET.isere.find("Maison " + marks[0])["name"]
        order = json.loads(NET.isere.run("erase", "request", path, "--yes", "--object", "--json").stdout)["order"]
        self.await_waiting_for(order, [])
        for instance in (NET.isere, NET.savoie):
            instance.stop()
            instance.start()
            self.assertIn("opposition", self.load(name, "Revenue", at=instance, source="ligne-4"))
            # By its name in its commune, too, whatever another source calls it.
            self.assertIn("opposition", self.load(name.upper(), "Revenue", at=instance, source="autre-4"))
            self.assertIsNone(instance.find(name))
        self.assertNotIn("opposition", self.load("Maison sans Histoire", "Une autre", source="ligne-5"))
        self.assertTrue(NET.isere.find("Maison sans Histoire"))

    def test_nothing_is_confirmed_while_a_backup_holds_on_to_the_old_files(self):
        path, marks = self.published_everywhere("ligne-6")
        data = NET.savoie.directory / "data"
        # What `backup` copies from, and the lock that it holds meanwhile.
        shutil.copytree(data / "store/db", data / "checkpoint/db", copy_function=os.link)
        self.assertTrue(files_with(data / "checkpoint", marks[1]))
        purged = NET.savoie.log().count("erasure.purged")
        lock = os.open(data, os.O_RDONLY)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            order = self.request(path)
            network.until(lambda: NET.savoie.log().count("erasure.purged") > purged, "savoie has erased", 60)
            pages.create_structure(NET.savoie.browser(NET.savoie.moderator), "Maison d'Après", then="publish")
            network.until(lambda: NET.hub.find("Maison d'Après"), "what savoie wrote after it at the hub", 60)
            self.assertIsNone(self.receipt_of(NET.savoie, order))
            self.await_waiting_for(order, [NET.savoie.name])
        finally:
            os.close(lock)
        network.until(lambda: self.receipt_of(NET.savoie, order), "savoie has confirmed", 60)
        self.assertFalse((data / "checkpoint").exists(), "a backup that was killed removes nothing itself")
        self.await_waiting_for(order, [])
        self.expect_none_left(marks, NET.all)

    def test_what_is_erased_is_in_no_file_of_any_instance_that_confirmed(self):
        name, imported, published, draft = "Maison " + mark(), mark(), mark(), mark()
        marks = [name.split()[1], imported, published, draft]
        self.load(name, "Une maison inventée : " + imported)
        for instance in NET.all:
            network.until(lambda: instance.find(name), f"the record on {instance.name}", 60)
        item = NET.isere.find(name)
        path, record = network.path_of(item), f"/espace/fiches/{NET.isere.name}/{item['id']}"
        editor = NET.isere.browser(NET.isere.moderator)
        pages.edit(editor, record, summary="Réécrit : " + published)
        network.until(lambda: published in NET.savoie.find(name)["summary"], "the edit on Savoie Mont-Blanc", 30)
        pages.edit(editor, record, then="save", summary="Pas encore publié : " + draft)
        network.until(lambda: files_with(NET.hub.directory, draft), "the draft at the hub", 30)
        for text in marks:
            for instance in (NET.isere, NET.hub):
                self.assertTrue(files_with(instance.directory, text), f"{text} is nowhere on {instance.name}: the search is blind")
        self.assertTrue(files_with(NET.savoie.directory, published))
        NET.savoie.kill()

        refused = NET.isere.run("erase", "request", path, expect=1)
        self.assertIn("--yes", refused.stderr)
        self.assertTrue(NET.isere.find(name))
        order = json.loads(NET.isere.run("erase", "request", path, "--yes", "--object", "--json").stdout)["order"]
        for text in marks:
            self.assertEqual(files_with(NET.isere.directory, text), [], "at once, on the node that asked")

        def waiting():
            return [one["waiting_for"] for one in self.orders(NET.hub) if one["order"] == order]
        network.until(lambda: waiting() == [[NET.savoie.name]], "all but the node that is away have confirmed", 60)
        self.assertIn("2 of 3 confirmed, waiting for savoie-mont-blanc", NET.hub.run("erase", "list").stdout)
        NET.savoie.start()
        network.until(lambda: waiting() == [[]], "the node that was away has confirmed", 60)
        for instance in NET.all:
            self.assertEqual([files_with(instance.directory, text) for text in marks], [[]] * len(marks), instance.name)
            self.assertIsNone(instance.find(name))
            with self.assertRaises(urllib.error.HTTPError) as gone:
                instance.public(path)
            self.assertIn(gone.exception.code, (404, 410))
            gone.exception.close()
        proof = NET.hub.run("erase", "show", order).stdout
        self.assertEqual(proof.count("verified"), 3, proof)
        self.assertNotIn("NOT VERIFIED", proof)
        self.assertGreaterEqual(proof.count("BEGIN CERTIFICATE"), 4)

        self.assertIn("opposition", self.load(name, "Revenue : " + imported))
        self.assertIsNone(NET.isere.find(name))
        for instance in NET.all:
            instance.stop()
            instance.start()
            self.assertEqual([files_with(instance.directory, text) for text in marks], [[]] * len(marks), instance.name)
