"""Importing files: through kill -9 of every process, twice, undone, and files that are none."""
import collections
import random
import subprocess
import threading
import unittest

import network

NET = None
ROWS = 3000
COMMUNES = [("38000", "Grenoble"), ("38500", "Voiron"), ("38200", "Vienne"), ("38300", "Bourgoin-Jallieu"), ("38130", "Échirolles"),
            ("38240", "Meylan"), ("38350", "La Mure"), ("38250", "Villard-de-Lans"), ("38160", "Saint-Marcellin"), ("38920", "Crolles")]
HEADER = "id;nom;famille;secteur;résumé;adresse;code postal;commune\r\n"


def setUpModule():
    global NET
    NET = network.Network()
    unittest.addModuleCleanup(NET.remove)
    NET.start()


def rows(count, words, seed=1):
    """Invented organisations; every name is there once."""
    chance = random.Random(seed)
    lines = []
    for n in range(count):
        code, commune = chance.choice(COMMUNES)
        lines.append(f"{words}-{n};{words} {n:04};association;environnement;Une association inventée, la numéro {n}, pour l’essai.;"
                     f"{chance.randint(1, 200)} rue des Essais;{code};{commune}\r\n")
    return lines


def write(name, text, encoding="utf-8"):
    path = network.pathlib.Path(NET.directory) / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
    return str(path)


class Importing:
    """`solidaires import` under way; knows how many rows it says it has done."""

    def __init__(self, instance, file):
        self.process = subprocess.Popen(instance.command("import", "structures", file, "--quiet"), stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.done, self.said = 0, b""
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        while part := self.process.stderr.read1(4096):
            self.said += part
            numbers = [piece.split(b"/")[0].strip() for piece in self.said.split(b"\r") if b"/" in piece]
            self.done = max([int(number) for number in numbers if number.isdigit()], default=self.done)

    def reaches(self, count):
        network.until(lambda: self.done >= count or self.process.poll() is not None, f"{count} rows", 120)
        assert self.process.poll() is None or self.done >= count, self.said.decode(errors="replace")

    def end(self):
        out = self.process.communicate(timeout=300)[0] if not self.reader.is_alive() else self.process.stdout.read()
        self.process.wait(timeout=300)
        return self.process.returncode, out.decode()


class Killing(unittest.TestCase):
    def test_every_process_killed_during_an_import_and_each_row_is_there_once(self):
        words = "Essaim"
        whole = NET.isere.total() + ROWS
        file = write("essaim.csv", HEADER + "".join(rows(ROWS, words)))

        importing = Importing(NET.isere, file)
        importing.reaches(300)
        NET.isere.kill()
        code, _ = importing.end()
        self.assertEqual(code, 1, "the command says that its server has gone")
        self.assertLess(importing.done, ROWS, "killed in the middle")
        NET.isere.start()
        held = NET.isere.total()
        self.assertLess(held, whole)

        importing = Importing(NET.isere, file)
        network.until(lambda: NET.hub.total() > held or not importing.reader.is_alive(), "the hub receives rows", 60)
        NET.hub.kill()
        code, out = importing.end()
        self.assertEqual(code, 0, "the hub's death does not disturb an import: " + out)
        self.assertEqual(NET.isere.total(), whole)
        NET.hub.start()

        received = NET.savoie.total()
        network.until(lambda: NET.savoie.total() > received or NET.savoie.total() == whole, "the other node receives rows", 90)
        NET.savoie.kill()
        NET.savoie.start()
        NET.await_links()

        code, out = Importing(NET.isere, file).end()
        self.assertEqual(code, 0)
        self.assertIn(f"{ROWS} ", out)
        NET.converge(180)
        wanted = collections.Counter(f"{words} {n:04}" for n in range(ROWS))
        for instance in NET.all:
            found = collections.Counter(item["name"] for item in instance.items() if item["name"].startswith(words))
            self.assertEqual(found, wanted, f"{instance.name}: {[(n, c) for n, c in (found - wanted).items()][:5]}, "
                                            f"{len(wanted - found)} missing")
        heads = NET.isere.heads()
        again = NET.isere.run("import", "structures", file, "--quiet")
        self.assertEqual(content(NET.isere.heads()), content(heads), "the same file again changes nothing: " + again.stdout)

    def test_the_asking_command_killed_leaves_what_is_committed(self):
        file = write("nuee.csv", HEADER + "".join(rows(1500, "Nuée", seed=2)))
        importing = Importing(NET.isere, file)
        importing.reaches(200)
        importing.process.kill()
        importing.end()
        NET.isere.run("import", "structures", file, "--quiet")
        names = collections.Counter(item["name"] for item in NET.isere.items() if item["name"].startswith("Nuée"))
        self.assertEqual((len(names), max(names.values())), (1500, 1))


class Files(unittest.TestCase):
    def refused(self, file, *words, sentence):
        before = NET.isere.heads()
        done = NET.isere.run("import", "structures", file, "--source", "essai-refuse", *words, expect=None)
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertRegex(done.stderr, sentence)
        self.assertNotIn("terminate", done.stderr)
        self.assertEqual(NET.isere.heads(), before, "nothing changed")

    def test_an_empty_file_is_refused(self):
        self.refused(write("vide.csv", b""), sentence="vide")
        self.refused(write("blanc.csv", b"\r\n \r\n\t\r\n"), sentence="vide")

    def test_a_binary_file_is_refused(self):
        noise = random.Random(3).randbytes(200_000)
        self.refused(write("image.csv", b"\x89PNG\r\n\x1a\n" + noise), sentence="tableau")
        self.refused(write("classeur.csv", b"PK\x03\x04" + noise), sentence="tableau|CSV")
        self.refused(write("texte.csv", "Ceci est une lettre.\r\nElle n’a pas de colonnes.\r\n"), sentence="en-tête|colonnes")

    def test_a_file_of_100_mb_is_refused_whole_and_through_a_pipe(self):
        line = "".join(rows(1, "Trop"))
        path = write("enorme.csv", (HEADER + line * (100_000_000 // len(line.encode()))).encode())
        self.refused(path, sentence="Mo")
        before = NET.isere.heads()
        with open(path, "rb") as file:
            done = subprocess.run(NET.isere.command("import", "structures", "-", "--source", "tuyau"), stdin=file, capture_output=True,
                                  text=True, timeout=120)
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertIn("Mo", done.stderr)
        self.assertEqual(NET.isere.heads(), before)

    def test_a_missing_file_and_a_directory_are_refused(self):
        self.refused(NET.directory + "/absent.csv", sentence="absent.csv")
        self.refused(NET.directory, sentence=r"solidaires: .{10,}")

    def test_files_of_other_encodings_are_read_right_and_garbled_ones_refused(self):
        for n, (encoding, name) in enumerate((("windows-1252", "Bœuf écru à façon"), ("utf-16", "Crèche Œcuménique"))):
            text = (HEADER + rows(1, "Encodage")[0].replace("Encodage 0000", name).replace("Encodage-0", f"e{n}"))
            done = NET.isere.run("import", "structures", write(f"{encoding}.csv", text, encoding), "--source", f"encodage-{n}")
            self.assertIn("1 ", done.stdout)
            self.assertIsNotNone(NET.isere.find(name), done.stdout)
        # Says UTF-16 and is not.
        self.refused(write("menteur.csv", b"\xff\xfe" + HEADER.encode() + rows(1, "Faux")[0].encode()), sentence=r"solidaires: .{20,}")

    def test_twice_changes_nothing_and_undo_takes_it_all_back(self):
        NET.converge()  # what other tests imported may still be on its way
        before = {instance: instance.total() for instance in NET.all}
        file = write("annulable.csv", HEADER + "".join(rows(40, "Annulable", seed=4)))
        dry = NET.isere.run("import", "structures", file, "--dry-run")
        self.assertIn("rien n’a été écrit", dry.stdout)
        self.assertEqual(NET.isere.total(), before[NET.isere])
        first = NET.isere.run("import", "structures", file)
        batch = first.stdout.split("Lot : ")[1].split()[0]
        self.assertEqual(NET.isere.total(), before[NET.isere] + 40)
        heads = content(NET.isere.heads())
        second = NET.isere.run("import", "structures", file)
        self.assertEqual(content(NET.isere.heads()), heads, second.stdout)
        network.until(lambda: NET.savoie.total() == before[NET.savoie] + 40, "all rows on the other node", 60)
        undone = NET.isere.run("import", "structures", "--undo", batch)
        self.assertIn("40 ", undone.stdout)
        for instance in NET.all:
            network.until(lambda: instance.total() == before[instance], f"undone on {instance.name}", 60)
        wrong = NET.isere.run("import", "structures", "--undo", "pas-un-lot", expect=1)
        self.assertIn("lot", wrong.stderr)

    def test_rows_that_are_none_are_reported_with_line_and_reason(self):
        good = rows(2, "Mitigée", seed=5)
        file = write("mitigee.csv", HEADER + good[0] + "m-x;;association;;;;99999;Nullepart\r\n" + good[1])
        done = NET.isere.run("import", "structures", file)
        self.assertRegex(done.stdout, r"ligne 3\b.{10,}")
        self.assertIsNotNone(NET.isere.find("Mitigée 0000"))
        self.assertIsNotNone(NET.isere.find("Mitigée 0001"))

    def test_local_edits_survive_the_next_import(self):
        import pages
        text = HEADER + "".join(rows(1, "Protégée", seed=6))
        NET.isere.run("import", "structures", write("protegee.csv", text))
        moderator = NET.isere.browser(NET.isere.moderator)
        record = next(href for href, label in moderator.get("/espace/fiches?q=Prot%C3%A9g%C3%A9e").links if "Protégée 0000" in label)
        pages.edit(moderator, record, summary="Corrigé à la main par une personne.")
        NET.isere.run("import", "structures", write("protegee.csv", text.replace("la numéro 0", "la toute première")))
        self.assertEqual(NET.isere.find("Protégée 0000")["summary"], "Corrigé à la main par une personne.")


def content(heads):
    """Feeds of content: what an instance keeps for itself (the mapping of a source) does not count."""
    return {scope: head for scope, head in heads.items() if scope != "local"}
