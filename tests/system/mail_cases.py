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
