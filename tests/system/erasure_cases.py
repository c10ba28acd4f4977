"""Erasure: the bytes are looked for in every file of every instance, before and after."""
import json
import pathlib
import secrets
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
    def load(self, name, summary):
        with tempfile.TemporaryDirectory() as elsewhere:
            file = pathlib.Path(elsewhere) / "annuaire.csv"
            file.write_text(HEADER + f"ligne-1;{name};association;environnement;{summary};3 rue des Essais;38000;Grenoble\r\n")
            return NET.isere.run("import", "structures", str(file)).stdout

    def orders(self, instance):
        return json.loads(instance.run("erase", "list", "--json").stdout)

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
