"""The link between instances when it is cut: nothing is lost, fields merge, clashes are shown and settled."""
import json
import pathlib
import sys
import tempfile
import unittest

import network
import pages

# A child node of Python that says what an honest one never would.
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "conformance"))
import conformance  # noqa: E402
import node  # noqa: E402
import transport  # noqa: E402
import wire  # noqa: E402

NET = None


def setUpModule():
    global NET
    NET = network.Network()
    unittest.addModuleCleanup(NET.remove)
    NET.start()


class Quarantine(unittest.TestCase):
    def test_what_a_node_sends_that_cannot_be_taken_is_shown_until_it_is_mended(self):
        with tempfile.TemporaryDirectory() as folder:
            child = conformance.World(NET.hub.run("node", "add", "drome", "--title", "Drôme", "--territory", "26").stdout.split()[-1], None, folder)
            key, request = transport.new_key_and_request(child.directory)
            certificate, _ = child.hub.enrol(child.token.node, child.token.secret, request)
            child.adopt(certificate, key)
            session = node.Session(child.node).up()
            scope = child.node.public
            at, bad = session.cursor(scope), child.node.document("far")
            bad.fields["title"][0].stamp = (1 << 63) - 1
            session.send(wire.batch(scope, 1, at, at + 1, [bad]))
            session.expect("Nack", scope)

            def shown():
                return next(link for link in NET.hub.status()["links"] if link["peer"] == "drome")["quarantine"]
            network.until(shown, "the quarantine in status", 30)
            self.assertEqual(len(shown()), 1)
            self.assertIn(scope, shown()[0])
            said = NET.hub.run("status").stdout
            self.assertIn("in quarantine, so that nothing behind it is taken for done", said)
            self.assertIn('solidaires_link_quarantine{peer="drome"} 1', NET.hub.ask("/metrics")[1])
            administrator = NET.hub.browser(NET.hub.administrator)
            self.assertRegex(administrator.get("/region").text, "1 en quarantaine")
            session.send(wire.batch(scope, 2, at, at + 2, [child.node.document("mended")]))
            session.expect("Ack", scope)
            network.until(lambda: not shown(), "nothing is shown any more", 30)
            self.assertNotIn("in quarantine", NET.hub.run("status").stdout)
            session.end()
        NET.hub.run("node", "suspend", "drome")


class Verifying(unittest.TestCase):
    def tearDown(self):
        if not NET.savoie.alive():
            NET.savoie.start()
        NET.await_links()

    def test_verify_proves_each_scope_in_words_and_for_programs_and_names_who_is_away(self):
        name = "Vérifiée des Deux Côtés"
        pages.create_structure(NET.isere.browser(NET.isere.moderator), name, then="publish")
        for instance in NET.all:
            network.until(lambda: instance.find(name), f"« {name} » on {instance.name}", 30)
        for asking, peer in ((NET.hub, NET.isere), (NET.isere, NET.hub)):
            said = asking.run("verify", "--peer", peer.name).stdout
            self.assertIn("both sides hold the same", said)
            self.assertRegex(said, rf"public/{NET.isere.name}: proven, [1-9]\d* documents")
        found = json.loads(NET.hub.run("verify", "--json").stdout)
        self.assertTrue(found["same"])
        self.assertEqual((found["proven"], found["differing"], found["not_compared"]), (found["scopes"], 0, 0))
        self.assertIn(NET.savoie.name, [link["peer"] for link in found["links"]])
        self.assertIn("no link with", NET.hub.run("verify", "--peer", "nulle-part", expect=1).stderr)
        NET.savoie.kill()
        network.until(lambda: "live" not in [link["state"] for link in NET.hub.status()["links"] if link["peer"] == NET.savoie.name],
                      "the hub has noticed", 60)
        self.assertIn("while the link is away", NET.hub.run("verify", "--peer", NET.savoie.name, expect=1).stderr)
        rest = NET.hub.run("verify")
        self.assertIn(f"{NET.savoie.name} is away: not asked", rest.stderr)
        self.assertFalse([line for line in rest.stdout.splitlines() if line.startswith(NET.savoie.name)])


class CutLink(unittest.TestCase):
    def setUp(self):
        for instance in NET.all:
            if not instance.alive():
                instance.start()
        NET.await_links()

    def publish(self, name):
        """A record that all three know; gives its address in the back office."""
        record = pages.create_structure(NET.isere.browser(NET.isere.moderator), name, then="publish")
        for instance in NET.all:
            network.until(lambda: instance.find(name), f"« {name} » on {instance.name}", 30)
        return record

    def apart(self, record, on_node, on_hub):
        """Edits the record on the node while the hub is dead, and on the hub while the node is down."""
        NET.hub.kill()
        pages.edit(NET.isere.browser(NET.isere.moderator), record, **on_node)
        NET.isere.kill()
        NET.hub.start()
        pages.edit(NET.hub.browser(NET.hub.moderator), record, **on_hub)
        NET.isere.start()
        NET.await_links()

    def test_different_fields_changed_on_both_sides_merge(self):
        name = "Moulin des Deux Rives"
        record = self.publish(name)
        self.apart(record, {"summary": "Écrit en Isère pendant la coupure."}, {"website": "https://moulin.exemple.fr/"})
        for instance in NET.all:
            def merged():
                item = instance.find(name)
                return item["summary"] == "Écrit en Isère pendant la coupure." and "moulin.exemple.fr" in str(item)
            network.until(merged, f"both changes on {instance.name}", 60)
        for instance in (NET.isere, NET.hub):
            page = instance.browser(instance.moderator).get(record)
            self.assertEqual(pages.conflict_links(page), [], pages.short(page.text))

    def test_the_same_field_changed_on_both_sides_is_a_conflict_until_somebody_settles_it(self):
        name = "Jardin des Avis Partagés"
        record = self.publish(name)
        ours, theirs = "Ouvert du lundi au vendredi, dit le portail.", "Ouvert le samedi, dit la région."
        self.apart(record, {"summary": ours}, {"summary": theirs})
        sides = [NET.isere.browser(NET.isere.moderator), NET.hub.browser(NET.hub.moderator)]
        for side in sides:
            links = network.until(lambda: pages.conflict_links(side.get(record)), f"the conflict on {side.base}", 60)
            page = side.get(links[0])
            for word in (ours, theirs, "Dominique Exemple", "Isère Solidaires"):
                self.assertIn(word, page.text)
            self.assertIn(name, side.get("/espace/fiches?conflits=1").text)
        shown = network.until(lambda: same([i.find(name)["summary"] for i in NET.all]), "one version shown everywhere", 30)
        self.assertIn(shown, (ours, theirs))
        # The one that is not shown is chosen: choosing changes something.
        kept = theirs if shown == ours else ours
        form = side.get(pages.conflict_links(side.get(record))[0]).form("/conflit")
        before_words = form.boxes["version"]
        self.assertEqual(len(before_words), 2)
        form.set("version", next(value for value in before_words if value != form.value("version")))
        self.assertEqual(form.submit().status, 200)
        # Settling is an edit: like every other, the public sees it when it is published.
        self.assertEqual(pages.decide(side, record, "Publier").status, 200)
        for other in sides:
            network.until(lambda: not pages.conflict_links(other.get(record)), f"settled on {other.base}", 30)
            self.assertIn(kept, other.get(record).text)
            self.assertNotIn(name, other.get("/espace/fiches?conflits=1").text)
        for instance in NET.all:
            network.until(lambda: instance.find(name)["summary"] == kept, f"the kept version on {instance.name}", 30)

    def test_a_portal_works_on_without_its_hub_and_catches_up(self):
        NET.hub.kill()
        names = [f"Coopérative Isolée {n}" for n in range(3)]
        moderator = NET.isere.browser(NET.isere.moderator)
        for name in names:
            pages.create_structure(moderator, name, then="publish")
            self.assertIsNotNone(NET.isere.find(name))
        self.assertEqual(NET.isere.ask("/readyz")[0], 200)
        network.until(lambda: NET.isere.status()["links"][0]["state"] != "live", "the node sees that its hub is gone", 60)
        NET.hub.start()
        for name in names:
            network.until(lambda: NET.savoie.find(name), f"« {name} » on the other node", 90)
        NET.converge()

    def test_the_state_of_the_link_is_told_to_those_who_watch(self):
        code, text = NET.isere.ask("/metrics")
        self.assertEqual(code, 200)
        self.assertRegex(text, rf'(?m)^solidaires_link_live{{peer="{NET.hub.name}"}} 1$')
        for part in ("seconds", "documents", "bytes"):
            self.assertRegex(text, rf'(?m)^solidaires_scope_behind_{part}{{[^}}]*scope="public/isere"[^}}]*}} ')
        link = NET.isere.status()["links"][0]
        self.assertEqual((link["peer"], link["state"]), (NET.hub.name, "live"))
        network.until(lambda: NET.isere.status()["links"][0]["documents_behind"] == 0, "nothing is behind", 30)

    def test_a_suspended_node_is_cut_off_until_it_is_admitted(self):
        NET.hub.run("node", "suspend", NET.savoie.name)
        state = lambda: {link["peer"]: link["state"] for link in NET.savoie.status()["links"]}.get(NET.hub.name)  # noqa: E731
        network.until(lambda: state() in ("refused", "waiting"), "the node sees that it is suspended", 60)
        name = "Fabrique Retenue"
        pages.create_structure(NET.isere.browser(NET.isere.moderator), name, then="publish")
        network.until(lambda: NET.hub.find(name), "on the hub", 30)
        self.assertIsNone(NET.savoie.find(name))
        NET.hub.run("node", "admit", NET.savoie.name)
        network.until(lambda: NET.savoie.find(name), "on the node that is admitted again", 120)

    def test_a_token_of_enrolment_serves_once(self):
        token = NET.hub.run("node", "add", "loire", "--title", "Loire", "--territory", "42").stdout.split()[-1]
        stranger = network.Instance(NET.directory, "loire", hub_link=NET.hub.link)
        stranger.run("enrol", token)
        done = stranger.run("enrol", token, expect=1)
        self.assertRegex(done.stderr, r"^solidaires: .{20,}")
        forged = stranger.run("enrol", token[:-4] + "AAAA", expect=1)
        self.assertRegex(forged.stderr, r"^solidaires: .{20,}")


def same(values):
    return values[0] if len(set(values)) == 1 else None
