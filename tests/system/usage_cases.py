"""How the portal is used, counted by the server: from a browser's requests to the page, the metrics and across a restart."""
import tempfile
import unittest
import urllib.request

import network

BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def ask(instance, path, agent=BROWSER):
    request = urllib.request.Request(instance.base + path, headers={"User-Agent": agent})
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=30) as answer:
        return answer.headers, answer.read().decode()


def counts(browser):
    """{counter/detail: number}, of all days."""
    lines = browser.get("/espace/frequentation.csv?jours=7").body.decode("utf-8-sig").splitlines()[1:]
    found = {}
    for day, group, detail, number in (line.split(";") for line in lines):
        name = f"{group}/{detail}" if detail else group
        found[name] = found.get(name, 0) + int(number)
    return found


class Usage(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory(prefix="solidaires-usage-")
        self.addCleanup(self.directory.cleanup)
        self.one = network.Instance(self.directory.name, "seule", title="Portail d’Essai")
        self.one.start()
        self.addCleanup(lambda: self.one.alive() and self.one.kill())
        self.one.add_user("animation@exemple.fr", "animateur")

    def test_counts_pages_from_the_cache_too_and_keeps_them_across_a_restart(self):
        for _ in range(5):
            headers, _ = ask(self.one, "/aide")
            self.assertNotIn("Set-Cookie", headers)
        ask(self.one, "/structures?q=Dupont&lieu=Grenoble")
        ask(self.one, "/aide", agent="curl/8.0")
        ask(self.one, "/agenda.ics", agent="Google-Calendar-Importer")
        moderator = self.one.browser("animation@exemple.fr")
        seen = counts(moderator)
        self.assertEqual(seen["page/information"], 5)
        self.assertEqual((seen["search/structure"], seen["empty/structure"], seen["empty_place/38185"]), (1, 1, 1))
        self.assertEqual((seen["feed/ics"], seen["robot"]), (1, 1))
        self.assertIn("Grenoble", moderator.get("/espace/frequentation").text)
        metrics = self.one.ask("/metrics")[1]
        self.assertIn('solidaires_usage{of="information",what="page"} 5', metrics)
        self.assertNotIn("38185", metrics)
        self.assertEqual(self.one.stop(), 0)
        self.assertNotIn(b"Dupont", b"".join(file.read_bytes() for file in (self.one.directory / "data").rglob("*") if file.is_file()))
        self.one.start()
        ask(self.one, "/aide")
        self.assertEqual(counts(self.one.browser("animation@exemple.fr"))["page/information"], 6)
