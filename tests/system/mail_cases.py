"""Mails that a portal sends, through a real SMTP server."""
import datetime
import pathlib
import subprocess
import tempfile
import time
import unittest
import urllib.request
import zoneinfo

import mailbox
import network
import pages


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

    def test_who_sends_logs_in_and_a_wrong_password_costs_no_mail(self):
        box = mailbox.Mailbox("--password", "sésame").start()
        self.addCleanup(box.remove)
        secret = pathlib.Path(self.directory.name, "password")
        one = self.instance(mail=[f'server = "{box.url}"', 'sender = "portail@exemple.fr"', 'user = "portail"',
                                  f'password_file = "{secret}"'])
        secret.write_text("faux\n")
        said = one.run("mail", "test", "personne@exemple.org", expect=1).stdout
        self.assertIn("could not be asked (log-in", said)
        self.assertNotIn("faux", said)
        secret.write_text("sésame\n")
        one.run("mail", "test", "personne@exemple.org")
        self.assertEqual(len(box.mails()), 1)

    def test_a_server_has_to_prove_who_it_is(self):
        files = {name: str(pathlib.Path(self.directory.name, name + ".pem")) for name in ("server", "other")}
        for file in files.values():
            subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                            "-subj", "/CN=essai", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", file, "-out", file + ".crt"],
                           check=True, capture_output=True)
            with open(file, "a") as both:
                both.write(pathlib.Path(file + ".crt").read_text())
        box = mailbox.Mailbox("--tls", files["server"]).start()
        self.addCleanup(box.remove)
        for trusted, taken in (("other", False), ("server", True)):
            one = self.instance(name=f"seule-{trusted}", mail=[f'server = "smtps://127.0.0.1:{box.port}"', 'sender = "portail@exemple.fr"',
                                                               f'authorities = "{files[trusted]}.crt"'])
            said = one.run("mail", "test", "personne@exemple.org", expect=0 if taken else 1).stdout
            self.assertIn("took the mail" if taken else "could not be asked (connection", said)
        self.assertEqual(len(box.mails()), 1)

    def test_mail_is_off_until_a_server_is_named(self):
        self.assertIn("mail is off", self.instance().run("mail", "test", "personne@exemple.org", expect=1).stderr)

    def test_what_cannot_work_is_said_when_the_configuration_is_read(self):
        secret = pathlib.Path(self.directory.name, "password")
        secret.write_text("\n")
        for keys, said in ((['server = "mail.exemple.fr"'], "smtps://"), (['user = "x"'], "password_file"),
                           (['server = "smtp://127.0.0.1:25"', 'user = "x"', f'password_file = "{secret}"'], "holds no password")):
            one = self.instance(name=f"seule{len(said)}", mail=keys)
            self.assertIn(said, one.run("mail", "test", "personne@exemple.org", expect=1).stderr)


class WithMailbox(unittest.TestCase):
    """One portal whose mail goes to a mailbox of the test. It is not started yet."""

    def setUp(self):
        self.directory = tempfile.TemporaryDirectory(prefix="solidaires-mail-")
        self.addCleanup(self.directory.cleanup)
        self.box = mailbox.Mailbox().start()
        self.addCleanup(self.box.remove)
        self.one = network.Instance(self.directory.name, "seule", title="Portail d’Essai",
                                    keys={"mail": [f'server = "{self.box.url}"', 'sender = "portail@exemple.fr"']})
        self.addCleanup(lambda: self.one.alive() and self.one.kill())


class Alerts(WithMailbox):
    """From the list to the mail, by a browser without script and a real SMTP server."""

    def setUp(self):
        super().setUp()
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


class Visitors(WithMailbox):
    """What people send without an account reaches those whom it is for."""

    def setUp(self):
        super().setUp()
        self.one.start()
        self.moderator = self.one.browser(self.one.add_user("garde@exemple.fr", "animateur"))

    def test_a_problem_is_reported_from_a_page_and_settled_in_the_office(self):
        browser = self.one.browser()
        link = next(url for url, label in browser.get("/aide").links if label.startswith("Signaler une erreur"))
        form = browser.get(link).form("/signaler").set("quoi", "Le numéro a changé.").set("courriel", "claude@exemple.org")
        self.assertEqual(form.value("ou"), "/aide")
        self.assertIn("bien reçu", form.submit().text)
        mail = self.box.await_mail("contact@exemple.fr")
        self.assertEqual(mail.faults, [])
        self.assertEqual(mail["Reply-To"], "claude@exemple.org")
        self.assertIn("Le numéro a changé.", mail.text)
        page = self.moderator.get("/espace/signalements")
        self.assertIn("claude@exemple.org", page.text)
        page = page.form_with("Sans suite").set("note", "C’est le bon numéro").submit("Sans suite")
        self.assertIn("sans suite : C’est le bon numéro", page.text)
        self.assertNotIn("claude@", page.text)
        self.assertNotIn("claude", self.one.log())

    def test_a_message_is_passed_on_without_showing_an_address_and_abuse_ends_it(self):
        record = pages.create_structure(self.moderator, "Atelier Discret", then="publish", contact_form="true",
                                        contact_email="cachee@exemple.net")
        path = network.path_of(network.until(lambda: self.one.find("Atelier Discret"), f"{record} is public"))
        browser = self.one.browser()
        link = next(url for url, label in browser.get(path).links if label == "Écrire par le portail")
        form = browser.get(link).form("/contacter")
        answer = form.set("nom", "Claude").set("courriel", "claude@exemple.org").set("message", "Bonjour à vous.").submit()
        self.assertIn("est parti", answer.text)
        mail = self.box.await_mail("cachee@exemple.net")
        self.assertEqual((mail.faults, mail["Reply-To"], mail.sender), ([], "claude@exemple.org", "portail@exemple.fr"))
        self.assertIn("Bonjour à vous.", mail.text)
        abuse = browser.get(mail.link("/contacter/abus/"))
        self.assertIn("c’est signalé", abuse.form("/contacter/abus/").submit().text)
        self.assertIn("Un message reçu par le formulaire", self.moderator.get("/espace/signalements").text)
        form.submit()
        self.box.await_mail("contact@exemple.fr")
        network.until(lambda: "solidaires_mail_queued 0" in self.one.ask("/metrics")[1], "nothing waits")
        self.assertEqual(len(self.box.mails("cachee@exemple.net")), 1, "the sender is heard no more")
        for page in (browser.get(path), browser.get(link), browser.get(path + ".json")):
            self.assertNotIn(b"cachee@", page.body)


class Mornings(WithMailbox):
    """Days that pass: the program's wall clock is set, its steady one runs on."""
    FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"

    def setUp(self):
        super().setUp()
        self.file = pathlib.Path(self.directory.name, "time")
        self.one.environment = {"LD_PRELOAD": self.FAKETIME, "FAKETIME_TIMESTAMP_FILE": str(self.file), "FAKETIME_NO_CACHE": "1",
                                "FAKETIME_DONT_FAKE_MONOTONIC": "1", "FAKETIME_DONT_RESET": "1"}

    def begin(self, day, hour):
        """Starts the program, again if it runs, on that day of January 2027 at that hour in Paris. The 11th is a Monday."""
        if self.one.alive():
            self.assertEqual(self.one.stop(), 0)
        at = datetime.datetime(2027, 1, day, hour, 30, tzinfo=zoneinfo.ZoneInfo("Europe/Paris"))
        self.file.write_text(f"{at.timestamp() - time.time():+.0f}\n")
        self.one.start()

    def publish(self, name):
        pages.create_structure(self.one.browser("garde@exemple.fr"), name, then="publish")
        network.until(lambda: self.one.find(name), f"{name} is public")

    def mails(self, alerts=0):
        """The news that have come, when the round of this start has seen so many alerts and nothing waits any more."""
        network.until(lambda: f"solidaires_alerts_confirmed {alerts}" in self.one.ask("/metrics")[1], "the round has been", 30)
        network.until(lambda: "solidaires_mail_queued 0" in self.one.ask("/metrics")[1], "nothing waits")
        return [mail for mail in self.box.mails("claude@exemple.org") if "À confirmer" not in mail["Subject"]]

    def test_news_come_once_in_the_morning_until_one_click_ends_them(self):
        self.begin(5, 10)
        self.one.add_user("garde@exemple.fr", "animateur")
        self.publish("Déjà Connue")
        form = self.one.browser().get("/alertes?recherche=%2Fstructures").form("/alertes")
        form.set("courriel", "claude@exemple.org").set("rythme", "jour").submit()
        confirm = self.box.await_mail("claude@exemple.org").link("/alertes/confirmer/")
        self.one.browser().get(confirm).form_with("m’écrire").submit("m’écrire")
        self.publish("Toute Neuve")
        self.begin(6, 4)
        self.assertEqual(self.mails(), [], "nobody is woken")
        self.begin(6, 8)
        news = self.box.await_mail("claude@exemple.org", 2)
        self.assertEqual(news.faults, [])
        self.assertIn("Toute Neuve", news.text)
        self.assertIn("Toute Neuve", news.html)
        self.assertNotIn("Déjà Connue", news.text)
        self.assertEqual(news["List-Unsubscribe-Post"], "List-Unsubscribe=One-Click")
        self.begin(6, 9)
        self.assertEqual(len(self.mails(alerts=1)), 1, "once a morning")
        self.begin(7, 8)
        self.assertEqual(len(self.mails(alerts=1)), 1, "never twice, and no empty mail")
        self.publish("La Suivante")
        end = news["List-Unsubscribe"].strip("<> ")
        with urllib.request.urlopen(urllib.request.Request(end, b"List-Unsubscribe=One-Click")) as answer:
            self.assertEqual(answer.status, 200)
        self.begin(8, 8)
        self.assertEqual(len(self.mails()), 1, "ended")
        self.assertNotIn("claude", self.one.log())
