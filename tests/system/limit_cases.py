"""Who hammers the search or the API is slowed, and nobody else."""
import tempfile
import unittest
import urllib.error
import urllib.request

import network

MOST = 20  # a minute


class Limits(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.TemporaryDirectory(prefix="solidaires-limits-")
        cls.addClassCleanup(cls.directory.cleanup)
        cls.one = network.Instance(cls.directory.name, "seule", title="Portail d’Essai",
                                   keys={"limits": [f"requests_per_minute_max = {MOST}"], "http": []})
        config = cls.one.config.read_text().replace("trusted_proxies = []", 'trusted_proxies = ["127.0.0.1"]')
        cls.one.config.write_text(config)
        cls.one.start()
        cls.addClassCleanup(lambda: cls.one.alive() and cls.one.kill())

    def ask(self, path, client):
        request = urllib.request.Request(self.one.base + path, headers={"X-Forwarded-For": client})
        try:
            with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=30) as answer:
                return answer.status, answer.headers, answer.read().decode()
        except urllib.error.HTTPError as answer:
            with answer:
                return answer.code, answer.headers, answer.read().decode()

    def hammer(self, path, client):
        """Until it is refused; gives how many were answered, and the refusal."""
        for n in range(4 * MOST):
            status, headers, body = self.ask(path.format(n), client)
            if status != 200:
                return n, status, headers, body
        self.fail(f"{path} is answered as often as one likes")

    def test_a_robot_that_hammers_the_search_is_slowed_and_not_the_visitors(self):
        answered, status, headers, body = self.hammer("/recherche?q=mot{}", "192.0.2.66")
        self.assertEqual(status, 429)
        self.assertGreaterEqual(answered, MOST)
        self.assertIn(int(headers["Retry-After"]), range(1, 5))
        self.assertIn("Trop de demandes", body)
        self.assertIn("<html", body)
        self.assertEqual(self.ask("/recherche?q=vélo".replace("é", "%C3%A9"), "192.0.2.1")[0], 200, "somebody else")
        self.assertEqual(self.ask("/aide", "192.0.2.66")[0], 200, "other pages are open to the same")
        self.assertEqual(self.ask("/recherche?q=mot0", "192.0.2.66")[0], 200, "what is ready costs nothing")

    def test_programs_are_told_how_they_stand(self):
        status, headers, _ = self.ask("/api/v1/structures?q=un", "192.0.2.67")
        self.assertEqual((status, headers["RateLimit-Policy"]), (200, f'"client";q={MOST};w=60'))
        self.assertRegex(headers["RateLimit"], rf'^"client";r={MOST - 1};t=[1-9]')
        answered, status, headers, body = self.hammer("/api/v1/structures?q=mot{}", "192.0.2.67")
        self.assertEqual((status, headers.get_content_type()), (429, "text/plain"))
        self.assertGreaterEqual(answered, MOST - 1)
        self.assertGreaterEqual(int(headers["Retry-After"]), 1)
        self.assertEqual(headers["Access-Control-Allow-Origin"], "*")
        self.assertEqual(self.ask("/structures?q=personne", "192.0.2.67")[0], 200, "people beside the program go on reading")
        described = self.one.public("/api/v1/openapi.json")["paths"]["/structures"]["get"]["responses"]
        self.assertIn("Retry-After", described["429"]["headers"])
        self.assertIn("RateLimit", described["200"]["headers"])
        self.assertIn(f"{MOST} réponses par minute", self.ask("/api", "192.0.2.1")[2])
