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


class Loopback:
    """Where an instance runs: on this machine's loopback, like all the others."""
    address = link_address = "127.0.0.1"

    def command(self, words):
        return words


class Instance:
    """One instance. `link`: the port on which it accepts nodes, for a hub; `hub_link`: the port (on its host), or "host:port", that it
    dials. Without a sample of its name in deploy/config, `title`. `keys`: more of the configuration, {"section": ["key = value"]}."""

    def __init__(self, directory, name, link=None, hub_link=None, host=None, title=None, keys=None):
        self.name, self.directory = name, pathlib.Path(directory) / name
        self.directory.mkdir(parents=True)
        self.host = host or Loopback()
        self.http, self.private = free_port(), free_port()
        self.link, self.hub_link = link, hub_link if isinstance(hub_link, (str, type(None))) else f"{self.host.link_address}:{hub_link}"
        self.title = title or TITLE.get(name, name)
        self.base = f"http://{self.host.address}:{self.http}"
        self.config = self.directory / "solidaires.toml"
        self.log_file = self.directory / "server.log"
        self.process = None
        self.environment = {}
        self.configure(sample=title is None, keys=keys or {})

    def configure(self, sample, keys):
        address = self.host.address
        sections = {"instance": [f'base_url = "{self.base}"'], "data": ['directory = "data"'],
                    "http": [f'address = "{address}"', f"port = {self.http}", f'private_address = "{address}"',
                             f"private_port = {self.private}", "trusted_proxies = []"],
                    "link": []}
        if not sample:
            sections["instance"] += [f'name = "{self.name}"', f'title = "{self.title}"', 'territory = ["38"]',
                                     f'role = "{"hub" if self.link else "node"}"']
            sections["contact"] = ['email = "contact@exemple.fr"']
        if self.link:
            at = self.host.link_address
            sections["link"] += [f'listen_address = "{at}"', f"listen_port = {self.link}", f'advertised = "{at}:{self.link}"']
        if self.hub_link:
            sections["link"].append(f'hub = "{self.hub_link}"')
        for section, lines in keys.items():
            sections[section] = sections.get(section, []) + lines
        # Cases about them say so; the others log in by password.
        sections.setdefault("accounts", ['second_factor = "offered"'])
        # Cases ask as fast as they can; those about the limit say so.
        if not any(line.startswith("requests_per_minute_max") for line in sections.get("limits", [])):
            sections["limits"] = sections.get("limits", []) + ["requests_per_minute_max = 0"]
        text = f'extends = "{ROOT}/deploy/config/{self.name}.toml"\n' if sample else ""
        for section, lines in sections.items():
            text += f"[{section}]\n" + "".join(line + "\n" for line in lines)
        self.config.write_text(text)

    # --- the process ---

    def start(self, wait=True):
        with open(self.log_file, "ab") as log:
            self.process = subprocess.Popen(self.command("serve"), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            start_new_session=True, env=os.environ | self.environment)
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
        return self.host.command([PROGRAM, *words, "--config", str(self.config)])

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
            with _NO_PROXY.open(f"http://{self.host.address}:{self.private}{path}", timeout=5) as answer:
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
