"""The program itself: what it refuses and how it says so, how it starts, answers and stops."""
import pathlib
import re
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import unittest

import network


class One(unittest.TestCase):
    """One instance that stands alone."""

    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="solidaires-program-")
        self.addCleanup(shutil.rmtree, self.directory, ignore_errors=True)
        self.one = network.Instance(self.directory, network.DELEGATING, hub_link=network.free_port())
        self.addCleanup(self.end)

    def end(self):
        if self.one.alive():
            self.one.kill()

    def serve(self, instance=None):
        """`solidaires serve` that is expected to end by itself."""
        return subprocess.run((instance or self.one).command("serve"), capture_output=True, text=True, timeout=60)


class Starting(One):
    def test_a_second_process_on_the_same_store_is_refused(self):
        self.one.start()
        second = network.Instance(self.directory + "/second", network.DELEGATING, hub_link=network.free_port())
        second.config.write_text(second.config.read_text().replace('"data"', f'"{self.one.directory / "data"}"'))
        done = self.serve(second)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, r"in use")
        self.assertEqual(self.one.ask("/readyz")[0], 200, "the first one goes on")

    def test_an_unknown_key_is_refused_with_its_line_and_what_was_meant(self):
        self.one.config.write_text(self.one.config.read_text().replace("private_port", "privat_port"))
        done = self.serve()
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, r"solidaires\.toml:\d+: .*privat_port")
        self.assertIn("private_port", done.stderr)
        checked = subprocess.run([network.PROGRAM, "config", "check", str(self.one.config)], capture_output=True, text=True)
        self.assertEqual(checked.returncode, 1)
        self.assertIn("privat_port", checked.stdout)

    def test_a_busy_port_is_said_in_one_sentence(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", self.one.http))
            taken.listen()
            done = self.serve()
        self.assertEqual(done.returncode, 1)
        said = [line for line in done.stderr.splitlines() if line.startswith("solidaires:")]
        self.assertEqual(len(said), 1, done.stderr)
        self.assertIn(str(self.one.http), said[0])
        self.assertRegex(said[0].lower(), "in use|already")

    def test_a_missing_configuration_and_wrong_words_are_refused(self):
        run = lambda *words: subprocess.run([network.PROGRAM, *words], capture_output=True, text=True, timeout=30)  # noqa: E731
        self.assertEqual(run("serve", "--config", self.directory + "/none.toml").returncode, 1)
        self.assertEqual(run("seve").returncode, 2)
        self.assertEqual(run("user", "add", "--config", str(self.one.config)).returncode, 2)
        self.assertEqual(run("version").returncode, 0)

    def test_every_command_has_help(self):
        for words in ([], ["serve"], ["status"], ["enrol"], ["node"], ["node", "add"], ["user"], ["user", "add"], ["import"], ["geography"],
                      ["geography", "import"], ["config"], ["config", "check"], ["version"]):
            done = subprocess.run([network.PROGRAM, *words, "--help"], capture_output=True, text=True, timeout=30)
            self.assertEqual(done.returncode, 0, words)
            self.assertGreater(len(done.stdout), 60, words)

    def test_a_damaged_store_is_refused_and_left_as_it_is(self):
        self.one.start()
        self.assertEqual(self.one.stop(), 0)
        manifest = next((self.one.directory / "data/store").rglob("MANIFEST-*"))
        manifest.write_bytes(b"\0" * 100)
        before = {path: path.stat().st_size for path in (self.one.directory / "data/store").rglob("*.sst")}
        done = self.serve()
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, r"solidaires: .{20,}")
        self.assertEqual({path: path.stat().st_size for path in before}, before)


class Serving(One):
    def test_health_readiness_and_metrics_answer_on_the_private_port_only(self):
        self.one.start()
        self.assertEqual(self.one.ask("/healthz")[0], 200)
        self.assertEqual(self.one.ask("/readyz")[0], 200)
        for path in ("/", "/structures", "/agenda", "/nulle-part"):
            self.one.browser().get(path)
        code, text = self.one.ask("/metrics")
        self.assertEqual(code, 200)
        for line in text.splitlines():
            self.assertRegex(line, r'^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\{[^}]*\})? [-+0-9.eInfNa]+)$')
        for part in ("request", "store", "cache"):
            self.assertRegex(text, rf"(?m)^solidaires_[a-z_]*{part}")
        for path in ("/healthz", "/readyz", "/metrics"):
            self.assertEqual(self.one.browser().get(path).status, 404)

    def test_sigterm_lets_a_request_under_way_finish(self):
        self.one.start()
        body = b"courriel=x%40exemple.fr&mot_de_passe=12345678"
        head = (f"POST /espace/connexion HTTP/1.1\r\nHost: 127.0.0.1:{self.one.http}\r\nOrigin: {self.one.base}\r\n"
                f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n").encode()
        with socket.create_connection(("127.0.0.1", self.one.http), timeout=30) as connection:
            connection.sendall(head + body[:10])
            # The server has this request when another that came later is answered.
            self.assertEqual(self.one.browser().get("/").status, 200)
            self.one.process.send_signal(signal.SIGTERM)
            network.until(lambda: "instance.stopping" in self.one.log(), "it has heard SIGTERM", 10)
            connection.sendall(body[10:])
            answer = connection.makefile("rb").readline()
        self.assertRegex(answer.decode(), r"HTTP/1\.1 (422|200)")
        self.assertEqual(self.one.process.wait(timeout=30), 0)
        self.assertIn("instance.stopped", self.one.log())
        self.assertNotRegex(self.one.log(), re.compile(r"Sanitizer|terminate|Aborted"))

    def certificate(self, name):
        """A certificate that signs itself, where the configuration looks for it."""
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                        "-subj", f"/CN={name}", "-days", "2", "-keyout", self.directory + "/tls.key", "-out",
                        self.directory + "/tls.crt"], check=True, capture_output=True)

    def shown(self):
        """The name in the certificate that a new connection is shown."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with socket.create_connection(("127.0.0.1", self.one.http), timeout=30) as plain, context.wrap_socket(plain) as tls:
            return re.search(rb"(first|second)\.example", tls.getpeercert(binary_form=True)).group(0).decode()

    def test_sighup_takes_a_renewed_certificate_and_keeps_the_old_one_if_the_new_is_none(self):
        self.certificate("first.example")
        text = self.one.config.read_text()
        files = f'[http]\ntls_certificate = "{self.directory}/tls.crt"\ntls_key = "{self.directory}/tls.key"\n'
        self.one.config.write_text(text.replace("[http]\n", files).replace(self.one.base, self.one.base.replace("http:", "https:")))
        self.one.start()
        self.assertEqual(self.shown(), "first.example")
        self.certificate("second.example")
        self.one.process.send_signal(signal.SIGHUP)
        network.until(lambda: "instance.reloaded" in self.one.log(), "it has heard SIGHUP", 10)
        self.assertEqual(self.shown(), "second.example")
        pathlib.Path(self.directory, "tls.crt").write_text("no certificate")
        self.one.process.send_signal(signal.SIGHUP)
        network.until(lambda: "instance.reload_failed" in self.one.log(), "it says that this is none", 10)
        self.assertEqual(self.shown(), "second.example")
        self.assertEqual(self.one.stop(), 0)

    def test_sigterm_ends_an_idle_server_with_0_and_it_starts_again(self):
        self.one.start()
        self.one.add_user("garde@exemple.fr", "administrator")
        self.assertEqual(self.one.stop(), 0)
        self.assertIn("garde@exemple.fr", self.one.run("user", "list").stdout, "a command without a server opens the store itself")
        self.one.start()
        self.one.browser("garde@exemple.fr")

    def test_an_invitation_opens_one_account_once(self):
        self.one.start()
        link = self.one.run("user", "invite", "--email", "nouvelle@exemple.fr", "--role", "member").stdout.strip()
        self.assertTrue(link.startswith(self.one.base + "/espace/invitation/"), link)
        browser = self.one.browser()
        form = browser.get(link).form("/espace/invitation/")
        form.set("nom", "Nouvelle Personne").set("mot_de_passe", network.PASSWORD).set("mot_de_passe_encore", network.PASSWORD)
        self.assertEqual(form.submit().status, 200)
        self.assertEqual(self.one.browser().get(link).status, 410)
        self.one.browser("nouvelle@exemple.fr")

    def test_guessing_a_password_is_slowed_down_and_a_log_in_renews_the_session(self):
        self.one.start()
        self.one.add_user("cible@exemple.fr", "member")
        browser, last = self.one.browser(), None
        for _ in range(12):
            form = browser.get("/espace").form("/espace/connexion")
            last = form.set("courriel", "cible@exemple.fr").set("mot_de_passe", "faux-mot-de-passe").submit()
        self.assertEqual(last.status, 429)

    def test_a_forged_request_is_refused(self):
        self.one.start()
        self.one.add_user("membre@exemple.fr", "member")
        browser = self.one.browser("membre@exemple.fr")
        form = browser.get("/espace/nouveau/article").form("/espace/nouveau/article").set("title", "Forgé")
        form.fields = [field for field in form.fields if field[0] != "_csrf"]
        self.assertEqual(form.submit().status, 403)

    def test_commands_and_their_errors_name_no_internal_thing(self):
        self.one.start()
        done = self.one.run("user", "add", "--email", "pas-une-adresse", "--name", "X", "--role", "member", "--password-stdin",
                            typed=network.PASSWORD + "\n", expect=1)
        self.assertNotRegex(done.stderr, r"\.cc|0x|std::|Result")
        short = self.one.run("user", "add", "--email", "a@exemple.fr", "--name", "X", "--role", "member", "--password-stdin",
                             typed="court\n", expect=1)
        self.assertRegex(short.stderr, r"mot de passe|password")
        self.assertEqual(pathlib.Path(self.one.directory / "data").stat().st_mode & 0o077, 0, "others may not read the data")
