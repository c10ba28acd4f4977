"""Networks of real processes: configurations, enrolment, start, kill, and what one can ask of them."""
import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

import web

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("SOLIDAIRES_PROGRAM", str(ROOT / "build/release/node/app/solidaires"))
PASSWORD = "un mot de passe assez long"
HUB, DELEGATING, ALONE = "rhone-alpes", "isere", "savoie-mont-blanc"
TITLE = {DELEGATING: "Isère Solidaires", ALONE: "Savoie Mont-Blanc Solidaires"}
TERRITORY = {HUB: "01,07,26,38,42,69,73,74", DELEGATING: "38", ALONE: "73,74"}

_NO_PROXY = urllib.request.build_opener(urllib.request.ProxyHandler({}))
_given = set()


def free_port():
    """A port that nothing listens on now, and that this run has not given to anybody else."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        if port not in _given:
            _given.add(port)
            return port


def path_of(item):
    """The path of a public record's page, the same on every portal."""
    return urllib.parse.urlparse(item["url"]).path


def until(condition, what, deadline_s=60.0):
    """Asks until the answer is true, and gives it; says what was waited for if it never is."""
    ends, last = time.monotonic() + deadline_s, None
    while True:
        try:
            last = condition()
            if last:
                return last
        except (urllib.error.URLError, ConnectionError, TimeoutError, OSError) as error:
            last = error
        if time.monotonic() > ends:
            raise AssertionError(f"not within {deadline_s:.0f} s: {what} (last: {last!r})")
        time.sleep(0.01)


class Instance:
    def __init__(self, directory, name, **ports):
        self.name, self.directory = name, pathlib.Path(directory) / name
        self.directory.mkdir(parents=True)
        self.http, self.private = free_port(), free_port()
        self.link = ports.get("link")
        self.base = f"http://127.0.0.1:{self.http}"
        self.config = self.directory / "solidaires.toml"
        self.log_file = self.directory / "server.log"
        self.process = None
        hub_link = ports["hub_link"]
        link = (f'listen_address = "127.0.0.1"\nlisten_port = {self.link}\nadvertised = "127.0.0.1:{self.link}"\n'
                if self.link else f'hub = "127.0.0.1:{hub_link}"\n')
        self.config.write_text(
            f'extends = "{ROOT}/deploy/config/{name}.toml"\n'
            f'[instance]\nbase_url = "{self.base}"\n'
            f'[data]\ndirectory = "data"\n'
            f'[http]\naddress = "127.0.0.1"\nport = {self.http}\nprivate_port = {self.private}\ntrusted_proxies = []\n'
            f'[link]\n{link}')

    # --- the process ---

    def start(self, wait=True):
        with open(self.log_file, "ab") as log:
            self.process = subprocess.Popen([PROGRAM, "serve", "--config", str(self.config)], stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log, start_new_session=True)
        if wait:
            self.await_ready()
        return self

    def await_ready(self):
        def ready():
            assert self.process.poll() is None, f"{self.name} ended with {self.process.returncode}: {self.log()[-2000:]}"
            return self.ask("/readyz")[0] == 200
        until(ready, f"{self.name} is ready", 60)

    def kill(self):
        """Without any warning, as a power cut would."""
        self.process.kill()
        self.process.wait()

    def stop(self):
        """SIGTERM; gives the exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=60)

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def log(self):
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""

    # --- the command line ---

    def command(self, *words):
        return [PROGRAM, *words, "--config", str(self.config)]

    def run(self, *words, typed="", expect=0):
        done = subprocess.run(self.command(*words), input=typed, capture_output=True, text=True, timeout=300)
        assert expect is None or done.returncode == expect, \
            f"{self.name}: solidaires {' '.join(words)[:200]} ended with {done.returncode}: {done.stdout[-1500:]} {done.stderr[-1500:]}"
        return done

    def status(self):
        return json.loads(self.run("status", "--json").stdout)

    def documents(self):
        """Documents by scope, as the store counts them."""
        return {scope["scope"]: scope["documents"] for scope in self.status()["scopes"]}

    def heads(self):
        """How far each feed has come: it grows with every write."""
        return {scope["scope"]: scope["head"] for scope in self.status()["scopes"]}

    def add_user(self, address, role, name="Personne Inventée"):
        self.run("user", "add", "--email", address, "--name", name, "--role", role, "--password-stdin",
                 typed=PASSWORD + "\n")
        return address

    # --- what it serves ---

    def ask(self, path):
        try:
            with _NO_PROXY.open(f"http://127.0.0.1:{self.private}{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as answer:
            with answer:
                return answer.code, answer.read().decode()

    def browser(self, email=None):
        browser = web.Browser(self.base)
        if email:
            browser.log_in(email, PASSWORD)
        return browser

    def public(self, path):
        with _NO_PROXY.open(self.base + path, timeout=30) as answer:
            return json.loads(answer.read())

    def total(self, kind="structures", query=""):
        return self.public(f"/{kind}.json?dep=tous{query}")["total"]

    def items(self, kind="structures"):
        found, page = [], 1
        while True:
            part = self.public(f"/{kind}.json?dep=tous&page={page}")
            found += part["items"]
            if not part["items"] or len(found) >= part["total"]:
                return found
            page += 1

    def find(self, name, kind="structures"):
        """The public record of that name, or None."""
        words = urllib.parse.quote(name)
        key = {"structures": "name"}.get(kind, "title")
        return next((item for item in self.public(f"/{kind}.json?dep=tous&q={words}")["items"] if item.get(key) == name), None)


class Network:
    """One hub and two nodes: Isère delegates its moderation to the hub, Savoie Mont-Blanc does not."""

    def __init__(self):
        self.directory = tempfile.mkdtemp(prefix="solidaires-system-")
        link = free_port()
        self.hub = Instance(self.directory, HUB, link=link, hub_link=link)
        self.isere = Instance(self.directory, DELEGATING, hub_link=link)
        self.savoie = Instance(self.directory, ALONE, hub_link=link)
        self.all = [self.hub, self.isere, self.savoie]

    def start(self):
        self.hub.run("node", "init")
        self.hub.start()
        for node in (self.isere, self.savoie):
            delegation = ["--delegate-moderation"] if node is self.isere else []
            token = self.hub.run("node", "add", node.name, "--title", TITLE[node.name], "--territory", TERRITORY[node.name],
                                 "--url", node.base, "--subscribe", "all", *delegation).stdout.split()[-1]
            node.run("enrol", token)
            node.start()
        for instance in self.all:
            local = instance.name + ".example"
            instance.member = instance.add_user("membre@" + local, "member", "Camille Exemple")
            regional = "regional_" if instance is self.hub else ""
            moderator = "regional_moderator" if regional else "animateur"
            instance.moderator = instance.add_user("animation@" + local, moderator, "Dominique Exemple")
            instance.administrator = instance.add_user("administration@" + local, regional + "administrator", "Sacha Exemple")
        self.await_links()
        return self

    def await_links(self):
        def live():
            states = {link["peer"]: link["state"] for link in self.hub.status()["links"]}
            return all(states.get(node.name) == "live" for node in (self.isere, self.savoie) if node.alive())
        until(live, "the links of the hub are live", 90)

    def converge(self, deadline_s=120):
        """Waits until every scope that two instances share counts the same on both, and stays behind by nothing."""
        def same():
            counts = {instance: instance.documents() for instance in self.all}
            hub = counts[self.hub]
            unlike = [(instance.name, scope, count, hub.get(scope, 0)) for instance, scopes in counts.items()
                      for scope, count in scopes.items() if shared(scope) and hub.get(scope, 0) != count]
            missing = [(instance.name, scope) for instance, scopes in counts.items()
                       for scope, count in hub.items() if scope.startswith("public") and count and scope not in scopes]
            totals = {instance.total() for instance in self.all}
            same.last = (unlike, missing, totals)
            return not unlike and not missing and len(totals) == 1
        try:
            until(same, "the three instances hold the same", deadline_s)
        except AssertionError:
            raise AssertionError(f"not the same within {deadline_s} s: {same.last}") from None

    def close(self):
        for instance in self.all:
            if instance.alive():
                with contextlib.suppress(subprocess.TimeoutExpired):
                    instance.stop()
            if instance.alive():
                instance.kill()

    def remove(self):
        self.close()
        shutil.rmtree(self.directory, ignore_errors=True)


def shared(scope):
    """Scopes that travel; the others are of one instance alone."""
    return not re.match(r"local|private", scope)
