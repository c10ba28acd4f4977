"""Mails that a portal sends, through a real SMTP server."""
import pathlib
import tempfile
import unittest

import mailbox
import network


class Configuration(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory(prefix="solidaires-mail-")
        self.addCleanup(self.directory.cleanup)
        self.box = mailbox.Mailbox().start()
        self.addCleanup(self.box.remove)

    def instance(self, name="seule", **keys):
        return network.Instance(self.directory.name, name, title="Portail d’Essai", keys=keys)

    def test_a_test_mail_tells_what_the_server_said(self):
        one = self.instance(mail=[f'server = "{self.box.url}"', 'sender = "portail@exemple.fr"'])
        self.assertIn("took the mail", one.run("mail", "test", "personne@exemple.org").stdout)
        mail = self.box.await_mail("personne@exemple.org")
        self.assertEqual(mail.faults, [])
        self.assertEqual((mail.sender, mail.hello), ("portail@exemple.fr", "exemple.fr"))
        self.assertEqual(mail["From"].addresses[0].display_name, "Portail d’Essai")
        self.assertEqual(mail["Subject"], "Essai – Portail d’Essai")
        self.assertEqual(mail["Auto-Submitted"], "auto-generated")
        self.assertTrue(mail["Message-ID"].strip().endswith("@exemple.fr>"), mail["Message-ID"])
        self.assertIn("courriel d’essai", mail.text)
        self.assertIn("recipient 550", one.run("mail", "test", "refusee@exemple.org", expect=1).stdout)
        self.assertIn("recipient 451", one.run("mail", "test", "differee@exemple.org", expect=1).stdout)
        self.box.stop()
        self.assertIn("could not be asked (connection", one.run("mail", "test", "personne@exemple.org", expect=1).stdout)

    def test_mail_is_off_until_a_server_is_named(self):
        self.assertIn("mail is off", self.instance().run("mail", "test", "personne@exemple.org", expect=1).stderr)

    def test_what_cannot_work_is_said_when_the_configuration_is_read(self):
        secret = pathlib.Path(self.directory.name, "password")
        secret.write_text("\n")
        for keys, said in ((['server = "mail.exemple.fr"'], "smtps://"), (['user = "x"'], "password_file"),
                           (['server = "smtp://127.0.0.1:25"', 'user = "x"', f'password_file = "{secret}"'], "holds no password")):
            one = self.instance(name=f"seule{len(said)}", mail=keys)
            self.assertIn(said, one.run("mail", "test", "personne@exemple.org", expect=1).stderr)


class Alerts(unittest.TestCase):
    """From the list to the mail, by a browser without script and a real SMTP server."""

    def setUp(self):
        self.directory = tempfile.TemporaryDirectory(prefix="solidaires-alerts-")
        self.addCleanup(self.directory.cleanup)
        self.box = mailbox.Mailbox().start()
        self.addCleanup(self.box.remove)
        self.one = network.Instance(self.directory.name, "seule", title="Portail d’Essai",
                                    keys={"mail": [f'server = "{self.box.url}"', 'sender = "portail@exemple.fr"']})
        self.addCleanup(lambda: self.one.alive() and self.one.kill())
        self.one.start()

    def ask(self, address, words="velo"):
        page = self.one.browser().get(f"/structures?q={words}")
        link = next(url for url, label in page.links if label == "Recevoir les nouveautés par courriel")
        answer = page.browser.get(link).form("/alertes").set("courriel", address).submit()
        self.assertIn("Regardez votre courrier", answer.text)

    def metric(self, name):
        lines = self.one.ask("/metrics")[1].splitlines()
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(f"solidaires_mail_{name}"))

    def test_an_alert_is_confirmed_by_mail_and_ended_by_one_click(self):
        self.ask("personne@exemple.org")
        mail = self.box.await_mail("personne@exemple.org")
        self.assertEqual(mail.faults, [])
        self.assertIn("« velo »", mail.text)
        self.assertIn("« velo »", mail.html)
        browser = self.one.browser()
        page = browser.get(mail.link("/alertes/confirmer/"))
        self.assertIn("no-store", page.headers.get("Cache-Control", ""))
        self.assertIn("Votre alerte est en place", page.form_with("m’écrire").submit("m’écrire").text)
        end = mail.link("/alertes/confirmer/").replace("confirmer", "fin")
        self.assertIn("Cette alerte est arrêtée", browser.get(end).form("/alertes/fin/").submit("Ne plus recevoir").text)
        self.assertEqual(browser.get(mail.link("/alertes/confirmer/")).status, 410)
        self.assertNotIn("personne@", self.one.log())

    def test_what_waits_outlives_a_crash_and_each_mail_arrives_once(self):
        self.box.stop()
        addresses = [f"personne{n}@exemple.org" for n in range(4)]
        for address in addresses:
            self.ask(address)
        network.until(lambda: "mail.server_unreachable" in self.one.log(), "it was tried", 30)
        self.assertEqual(self.metric("queued"), 4)
        self.assertEqual(self.metric("server_reachable"), 0)
        self.one.kill()
        self.box.start()
        self.one.start()
        for address in addresses:
            self.box.await_mail(address)
        network.until(lambda: self.metric("queued") == 0, "nothing waits")
        self.assertEqual(self.one.stop(), 0)
        self.one.start()
        network.until(lambda: self.one.ask("/readyz")[0] == 200, "it serves")
        self.assertEqual([len(self.box.mails(address)) for address in addresses], [1, 1, 1, 1])
        self.assertNotIn("personne", self.one.log())

    def test_a_refusal_is_final_and_a_delay_is_not(self):
        self.ask("refusee@exemple.org")
        self.ask("differee@exemple.org")
        network.until(lambda: self.metric("failed") == 1 and self.metric("deferred") == 1, "both were answered")
        self.assertEqual(self.metric("queued"), 1)
        self.assertIn('said="recipient 550"', self.one.log())
        self.assertNotIn("exemple.org", self.one.log())
