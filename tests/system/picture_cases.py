"""A picture from the form on one portal to the pages of all, through cuts; and to nobody else."""
import contextlib
import hashlib
import json
import os
import secrets
import shutil
import struct
import unittest
import urllib.error
import urllib.parse
import urllib.request
import zlib

import network
import pages

NET = None
CHUNK = 256 * 1024
PASSPHRASE = "trois moulins sur une riviere\n"
CANARY = b"CanaryPlace45North"


def setUpModule():
    global NET
    NET = network.Network()
    unittest.addModuleCleanup(NET.remove)
    NET.start()


def png(width=64, height=48, noise=False):
    """Tells a place, as cameras do. `noise`: nothing makes it smaller."""
    def part(name, content):
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
    row = secrets.token_bytes if noise else lambda size: secrets.token_bytes(3) * (size // 3)
    pixels = b"".join(b"\0" + row(3 * width) for _ in range(height))
    return (b"\x89PNG\r\n\x1a\n" + part(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
            + part(b"tEXt", b"Comment\0" + CANARY) + part(b"IDAT", zlib.compress(pixels, 1)) + part(b"IEND", b""))


def publish(name, picture, alt="Une image inventée", then="publish"):
    """Address of the record in the office of Isère."""
    editor = NET.isere.browser(NET.isere.moderator)
    form = editor.get("/espace/nouveau/structure").form("/espace/nouveau/structure")
    pages.fill_structure(form, name, **{"picture.alt": alt}).attach("picture.file", "photo.png", picture)
    page = form.submit(then)
    assert page.status == 200 and "/espace/fiches/" in page.url, f"{page.status} {page.url} {page.text[:800]}"
    return editor, page


def picture_of(instance, name):
    item = network.until(lambda: instance.find(name), f"« {name} » on {instance.name}", 60)
    page = instance.browser().get(network.path_of(item))
    return next(one for one in page.pictures if "/fichiers/" in one["src"])


def served(instance, address, headers=None):
    """(status, headers, bytes), as they come."""
    request = urllib.request.Request(instance.base + address, headers=headers or {})
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=30) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as answer:
        with answer:
            return answer.code, answer.headers, answer.read()


def holders(text):
    return [instance.name for instance in NET.all if any(text in path.name for path in (instance.directory / "data").rglob("*"))]


class Pictures(unittest.TestCase):
    def test_a_picture_that_is_sent_on_one_portal_is_shown_on_every_one(self):
        name = "Photographes Inventés"
        publish(name, png(), alt="Deux appareils sur une table")
        shown = picture_of(NET.isere, name)
        self.assertEqual((shown["alt"], shown["width"], shown["height"]), ("Deux appareils sur une table", "64", "48"))
        status, headers, original = served(NET.isere, shown["src"])
        self.assertEqual((status, headers["Content-Type"]), (200, "image/png"))
        self.assertNotIn(CANARY, original)
        self.assertEqual(hashlib.sha256(original).hexdigest(), shown["src"].split("/")[3])
        for instance in (NET.hub, NET.savoie):
            self.assertEqual(picture_of(instance, name)["src"], shown["src"])
            network.until(lambda: served(instance, shown["src"])[0] == 200, f"the picture on {instance.name}", 30)
            self.assertEqual(served(instance, shown["src"])[2], original)
        status, headers, part = served(NET.savoie, shown["src"], {"Range": "bytes=10-19"})
        self.assertEqual((status, part), (206, original[10:20]))
        self.assertIn("immutable", headers["Cache-Control"])
        self.assertEqual(headers["X-Content-Type-Options"], "nosniff")
        self.assertEqual(served(NET.savoie, shown["src"], {"If-None-Match": headers["ETag"]})[0], 304)

    def test_a_picture_of_a_draft_is_shown_to_its_office_and_to_nobody_else(self):
        editor, page = publish("Brouillon Illustré", png(), then="save")
        inside = next(one["src"] for one in page.pictures if "/fichiers/" in one["src"])
        self.assertEqual(editor.get(inside).status, 200)
        record, sha256 = inside.split("/")[4], inside.split("/")[6]
        network.until(lambda: len(holders(sha256)) == 2, "the hub has it too, for it moderates", 30)
        self.assertNotIn(NET.savoie.name, holders(sha256))
        for instance in NET.all:
            self.assertEqual(served(instance, f"/fichiers/{record}/{sha256}/image.png")[0], 404)
            self.assertIn("/espace/connexion", instance.browser().get(inside).url)
        self.assertEqual(NET.hub.browser(NET.hub.moderator).get(inside).status, 200)
        self.assertEqual(NET.savoie.browser(NET.savoie.administrator).get(inside).status, 404)

    def test_a_withdrawn_or_erased_record_takes_its_picture_along(self):
        name = "Image Retirée"
        editor, page = publish(name, png())
        address = picture_of(NET.isere, name)["src"]
        sha256 = address.split("/")[3]
        for instance in NET.all:
            picture_of(instance, name)
            network.until(lambda: served(instance, address)[0] == 200, f"the picture on {instance.name}", 30)
        record = urllib.parse.urlparse(page.url).path
        pages.decide(editor, record, "Retirer", sur="oui")
        for instance in NET.all:
            network.until(lambda: served(instance, address)[0] == 410, f"410 on {instance.name}", 30)
        NET.isere.run("erase", "request", record.rsplit("/", 1)[-1], "--yes")
        network.until(lambda: holders(sha256) == [], "the file has left every disk", 90)

    def test_a_picture_comes_back_from_a_backup(self):
        name = "Image Sauvegardée"
        publish(name, png())
        address = picture_of(NET.isere, name)["src"]
        before = served(NET.isere, address)[2]
        path = NET.isere.directory / "with-a-picture"
        NET.isere.run("backup", str(path), "--passphrase-stdin", typed=PASSPHRASE)
        NET.isere.kill()
        shutil.rmtree(NET.isere.directory / "data")
        NET.isere.run("restore", str(path), "--passphrase-stdin", typed=PASSPHRASE)
        report = json.loads(NET.isere.run("check", "--json").stdout)
        self.assertEqual((report["whole"], report["files_awaited"]), (True, 0), report)
        self.assertGreaterEqual(report["files"], 1)
        NET.isere.start()
        self.assertEqual(served(NET.isere, address)[2], before)
        NET.await_links()

    def test_a_transfer_that_was_cut_goes_on_and_ends_whole(self):
        hub_files = NET.hub.directory / "data" / "store" / "blobs"
        for attempt in range(5):
            name = f"Grande Image {attempt}"
            publish(name, png(1280, 1000, noise=True))
            address = picture_of(NET.isere, name)["src"]
            sha256 = address.split("/")[3]
            part = self.caught_in_the_middle(hub_files, sha256)
            if part:
                break
        else:
            self.fail("five pictures of 4 MB all came before anybody could look")
        size, inode = part
        self.assertFalse((hub_files / sha256[:2] / sha256).exists(), "not shown before it is whole")
        NET.hub.start()
        network.until(lambda: served(NET.hub, address)[0] == 200, "the picture on the hub", 60)
        whole = served(NET.hub, address)[2]
        self.assertEqual(hashlib.sha256(whole).hexdigest(), sha256)
        self.assertGreaterEqual(len(whole), size)
        self.assertEqual(os.stat(hub_files / sha256[:2] / sha256).st_ino, inode, "it went on with what it had")

    def caught_in_the_middle(self, files, sha256):
        """Kills the hub while it has a part; (bytes, inode) of the part, or None if it was whole already."""
        whole = files / sha256[:2] / sha256

        def begun():
            return next((files / "partial").glob(sha256 + "*"), None) or whole.exists()
        network.until(begun, "the transfer begins", 30)
        NET.hub.kill()
        with contextlib.suppress(StopIteration):
            found = next((files / "partial").glob(sha256 + "*")).stat()
            if found.st_size >= CHUNK:
                return found.st_size, found.st_ino
        NET.hub.start()
        NET.await_links()
        return None
