"""deploy/up and deploy/down, with a program that only answers /readyz: order, repetition, accidents."""

import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

# Whoever starts the tests in the background may have told them to ignore interruptions; deploy/up must not.
signal.signal(signal.SIGINT, signal.default_int_handler)

ROOT = pathlib.Path(__file__).resolve().parents[2]
NAMES = ("rhone-alpes", "savoie-mont-blanc", "isere")


def free_base(start=None):
    """A --port-base whose seven ports are free now; another test machine's ports are left alone."""
    for base in range(start or 20000 + os.getpid() % 20000, 60000, 211):
        offsets = (84, 73, 38, 100, 184, 173, 138)
        try:
            held = [socket.create_server(("127.0.0.1", base + offset)) for offset in offsets]
        except OSError:
            continue
        for one in held:
            one.close()
        return base
    raise RuntimeError("no free ports")


def alive(pid):
    """False also for a process that has ended and that nobody has collected."""
    try:
        state = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0]
    except OSError:
        return False
    return state not in "ZX"


class DeployTest(unittest.TestCase):
    def setUp(self):
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="solidaires-deploy-"))
        self.data = self.home / "network"
        self.program = self.home / "solidaires"
        shutil.copy(ROOT / "tests/deploy/fake_solidaires", self.program)
        self.base = free_base()

    def tearDown(self):
        self.down()
        shutil.rmtree(self.home)

    def command(self, name, *options):
        return [str(ROOT / "deploy" / name), "--data", str(self.data), *options]

    def environment(self, **more):
        return {**os.environ, "SOLIDAIRES_PROGRAM": str(self.program), **more}

    def up(self, *options, **environment):
        return subprocess.run(
            self.command("up", "--port-base", str(self.base), *options),
            env=self.environment(**environment), capture_output=True, text=True, timeout=120)

    def down(self):
        return subprocess.run(self.command("down"), capture_output=True, text=True, timeout=120)

    def events(self):
        file = self.data / "events"
        return file.read_text().splitlines() if file.exists() else []

    def pids(self):
        files = [self.data / name / "server.pid" for name in NAMES]
        return [int(file.read_text().split()[0]) for file in files if file.exists()]

    def test_starts_the_hub_enrols_the_nodes_and_fills_them_in_this_order(self):
        done = self.up()
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        events = [event for event in self.events() if "user add" not in event]
        self.assertEqual(events, [
            "rhone-alpes: node init",
            "rhone-alpes: serve",
            "rhone-alpes: node add savoie-mont-blanc --title Savoie Mont-Blanc Solidaires"
            f" --territory 73,74 --url http://127.0.0.1:{self.base + 73} --subscribe all --delegate-moderation",
            "savoie-mont-blanc: enrol token-of-savoie-mont-blanc",
            "rhone-alpes: node add isere --title Isère Solidaires"
            f" --territory 38 --url http://127.0.0.1:{self.base + 38} --subscribe all --delegate-moderation",
            "isere: enrol token-of-isere",
            "savoie-mont-blanc: serve",
            "isere: serve",
            "rhone-alpes: demo load",
            "savoie-mont-blanc: demo load",
            "isere: demo load",
        ])
        self.assertEqual(len([e for e in self.events() if "user add" in e]), 9)
        self.assertIn(f"http://127.0.0.1:{self.base + 73}/", done.stdout)
        self.assertIn("administration@isere.example", done.stdout)

    def test_changes_nothing_when_everything_is_up(self):
        self.assertEqual(self.up().returncode, 0)
        events, pids = self.events(), self.pids()
        again = self.up()
        self.assertEqual(again.returncode, 0, again.stderr)
        self.assertEqual((self.events(), self.pids()), (events, pids))
        self.assertIn("already up, unchanged", again.stdout)

    def test_restarts_all_three_when_the_program_has_changed(self):
        self.assertEqual(self.up().returncode, 0)
        before = self.pids()
        with open(self.program, "a") as program:
            program.write("# changed\n")
        again = self.up()
        self.assertEqual(again.returncode, 0, again.stderr)
        self.assertFalse(set(before) & set(self.pids()))
        self.assertEqual(sum("demo load" in event for event in self.events()), 3)

    def test_keeps_the_ports_of_the_network_when_none_are_named(self):
        self.assertEqual(self.up().returncode, 0)
        pids = self.pids()
        again = subprocess.run(self.command("up"), env=self.environment(), capture_output=True,
                               text=True, timeout=120)
        self.assertEqual(again.returncode, 0, again.stderr)
        self.assertEqual(self.pids(), pids)

    def test_moves_a_network_to_other_ports_without_enrolling_again(self):
        self.assertEqual(self.up().returncode, 0)
        self.base = free_base(self.base + 211)
        moved = self.up()
        self.assertEqual(moved.returncode, 0, moved.stderr)
        self.assertEqual(sum("enrol" in event for event in self.events()), 2)
        self.assertTrue(any("node add isere" in event and f":{self.base + 38} " in event
                            for event in self.events()))

    def test_starts_what_has_died_and_leaves_the_others(self):
        self.assertEqual(self.up().returncode, 0)
        hub, savoie, isere = self.pids()
        os.kill(savoie, signal.SIGKILL)
        self.assertEqual(self.up().returncode, 0)
        self.assertEqual([self.pids()[0], self.pids()[2]], [hub, isere])
        self.assertNotEqual(self.pids()[1], savoie)

    def test_an_empty_network_stays_without_demonstration(self):
        self.assertEqual(self.up("--empty").returncode, 0)
        self.assertEqual(self.up().returncode, 0)
        self.assertFalse([event for event in self.events() if "demo load" in event])
        self.assertTrue([event for event in self.events() if "user add" in event])

    def test_names_a_busy_port_and_starts_nothing_on_it(self):
        with socket.create_server(("127.0.0.1", self.base + 84)):
            refused = self.up()
        self.assertNotEqual(refused.returncode, 0)
        self.assertRegex(refused.stderr, rf"Port {self.base + 84} is already used.*--port-base")
        self.assertEqual(self.pids(), [])

    def test_says_why_a_server_did_not_start_and_goes_on_when_it_can(self):
        refused = self.up(FAKE_FAIL="serve")
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn("did not start", refused.stderr)
        self.assertIn("this was to fail", refused.stderr)
        self.assertEqual(self.up().returncode, 0)

    def test_takes_up_a_set_up_where_it_failed(self):
        for step in ("enrol", "node add", "demo load"):
            refused = self.up(FAKE_FAIL=step)
            self.assertNotEqual(refused.returncode, 0, step)
            self.assertIn("this was to fail", refused.stderr)
        self.assertEqual(self.up().returncode, 0)
        self.assertEqual(sum("node init" in event for event in self.events()), 1)

    def test_an_interruption_stops_the_server_that_was_starting(self):
        process = subprocess.Popen(
            self.command("up", "--port-base", str(self.base)), env=self.environment(FAKE_SLOW="60"),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
        deadline = time.monotonic() + 60
        while not any("serve" in event for event in self.events()):
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.02)
        pid = self.pids()[0]
        os.killpg(process.pid, signal.SIGINT)
        _, errors = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 130)
        self.assertIn("Interrupted", errors)
        self.assertFalse(alive(pid))
        self.assertEqual(self.up().returncode, 0)

    def test_two_at_once_make_one_network(self):
        both = [subprocess.Popen(self.command("up", "--port-base", str(self.base)),
                                 env=self.environment(), stdout=subprocess.PIPE,
                                 stderr=subprocess.STDOUT, text=True) for _ in range(2)]
        outputs = [process.communicate(timeout=120)[0] for process in both]
        self.assertEqual([process.returncode for process in both], [0, 0], "\n".join(outputs))
        self.assertEqual(sum(event.endswith("serve") for event in self.events()), 3)

    def test_down_stops_all_three_and_can_be_repeated(self):
        self.assertEqual(self.up().returncode, 0)
        pids = self.pids()
        stopped = self.down()
        self.assertEqual(stopped.returncode, 0, stopped.stderr)
        self.assertIn("Solidaires is down", stopped.stdout)
        self.assertFalse(any(map(alive, pids)))
        self.assertIn("Nothing was running", self.down().stdout)

    def test_foreground_stops_the_network_when_it_is_interrupted(self):
        process = subprocess.Popen(
            self.command("up", "--port-base", str(self.base), "--foreground"),
            env=self.environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            start_new_session=True)
        for line in process.stdout:
            if "Ctrl-C" in line:
                break
        pids = self.pids()
        self.assertTrue(all(map(alive, pids)))
        time.sleep(0.2)  # the trap is set right after this line is printed
        os.killpg(process.pid, signal.SIGINT)
        rest, _ = process.communicate(timeout=60)
        self.assertIn("Solidaires is down", rest)
        self.assertEqual(process.returncode, 0)

    def test_never_touches_a_process_that_took_over_an_old_id(self):
        with subprocess.Popen(["sleep", "60"]) as other:
            (self.data / "isere").mkdir(parents=True)
            (self.data / "isere/server.pid").write_text(f"{other.pid} 1\n")
            self.assertIn("Nothing was running", self.down().stdout)
            self.assertIsNone(other.poll())
            other.terminate()

    def test_names_a_directory_that_may_not_be_written(self):
        self.data.write_text("a file stands where the directory should")
        refused = self.up()
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn(f"may not write to {self.data}", refused.stderr)
        self.data.unlink()

    def test_refuses_what_it_does_not_know(self):
        self.assertEqual(self.up("--emtpy").returncode, 2)
        self.assertIn("does not know '--emtpy'", self.up("--emtpy").stderr)
        self.assertIn("must be a number", subprocess.run(
            self.command("up", "--port-base", "many"), env=self.environment(), capture_output=True,
            text=True, timeout=60).stderr)


class PackagesTest(unittest.TestCase):
    """The set-up's steps with programs that only pretend: no package is touched."""

    TOOLS = ("awk", "basename", "bash", "cat", "cut", "date", "df", "dirname", "env", "grep", "head",
             "mkdir", "nproc", "rm", "sed", "sha256sum", "sort", "tail", "tee", "tr", "wc")

    def setUp(self):
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="solidaires-packages-"))
        self.bin = self.home / "bin"
        self.bin.mkdir()
        for tool in self.TOOLS:
            (self.bin / tool).symlink_to(shutil.which(tool))
        self.pretend("id", 'case $1 in -u) echo "${FAKE_ID:-0}" ;; *) echo somebody ;; esac')
        self.pretend("node", "true")
        self.pretend("dpkg-query", 'case "$4" in ninja*) exit 1 ;; *) printf "install ok installed" ;; esac')
        self.pretend("apt-get", 'echo "apt-get $*" >>"$FAKE_HOME/calls"')
        (self.home / "list.txt").write_text("cmake\n# a comment\nninja-build  # why\nnodejs\n\n")

    def tearDown(self):
        shutil.rmtree(self.home)

    def pretend(self, name, text):
        file = self.bin / name
        file.unlink(missing_ok=True)  # a link to the machine's own tool is replaced, never followed
        file.write_text(f"#!/bin/sh\n{text}\n")
        file.chmod(0o755)

    def shell(self, text, **environment):
        return subprocess.run(
            [shutil.which("bash"), "-c", f'. "{ROOT}/deploy/lib.sh"; {text}'], capture_output=True, text=True,
            timeout=60, env={"PATH": str(self.bin), "HOME": str(self.home), "FAKE_HOME": str(self.home),
                             "SOLIDAIRES_LOGS": str(self.home), **environment})

    def install(self, **environment):
        return self.shell(f'install_packages "{self.home}/list.txt"', **environment)

    def calls(self):
        file = self.home / "calls"
        return file.read_text() if file.exists() else ""

    def test_installs_only_what_is_missing_without_what_is_merely_recommended(self):
        done = self.install()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(self.calls(), r"apt-get -y .* install --no-install-recommends ninja-build\s")

    def test_asks_nothing_of_apt_when_nothing_is_missing(self):
        self.pretend("dpkg-query", 'printf "install ok installed"')
        self.assertIn("nothing is missing", self.install().stdout)
        self.assertEqual(self.calls(), "")

    def test_wants_nodejs_only_where_there_is_no_node(self):
        (self.bin / "node").unlink()
        self.pretend("dpkg-query", "exit 1")
        self.pretend("npm", "true")
        done = self.install()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(self.calls(), "install --no-install-recommends cmake ninja-build nodejs")

    def test_says_what_root_must_install_where_the_right_is_missing(self):
        refused = self.install(FAKE_ID="1000")
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn("As root: apt-get install --no-install-recommends ninja-build", refused.stderr)
        self.assertEqual(self.calls(), "")

    def test_says_that_there_is_no_network(self):
        self.pretend("apt-get", "echo \"W: Failed to fetch http://deb/ Temporary failure resolving 'deb'\"")
        refused = self.install()
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn("No way to the network", refused.stderr)

    def test_says_that_the_disk_is_full(self):
        self.pretend("apt-get", 'echo "E: You do not have enough free space in /var/cache/apt" ; exit 100')
        self.assertIn("The disk is full", self.install().stderr)
        self.pretend("df", "echo head; echo '/dev/x 100 90 10 90% /'")
        self.assertRegex(self.install().stderr, "too full: installing the packages needs .* only 10 MiB")

    def test_says_where_this_is_not_debian(self):
        (self.bin / "apt-get").unlink()
        self.assertIn("This is not Debian", self.install().stderr)

    def test_fetches_npm_packages_again_only_when_the_lock_changes(self):
        at = self.home / "packages"
        at.mkdir()
        lock = at / "package-lock.json"
        lock.write_text("{}")
        self.pretend("npm", 'echo "npm $*" >>"$FAKE_HOME/calls"; mkdir -p node_modules')
        for text in ("{}", "{}", '{"new": 1}'):
            lock.write_text(text)
            self.assertEqual(self.shell(f'npm_packages "{at}"').returncode, 0)
        self.assertEqual(self.calls().count("npm ci"), 2)

    def test_a_failed_npm_is_tried_again(self):
        at = self.home / "packages"
        at.mkdir()
        (at / "package-lock.json").write_text("{}")
        self.pretend("npm", 'echo "npm error code EAI_AGAIN"; exit 1')
        self.assertIn("No way to the network", self.shell(f'npm_packages "{at}"').stderr)
        self.pretend("npm", 'echo "npm $*" >>"$FAKE_HOME/calls"; mkdir -p node_modules')
        self.assertEqual(self.shell(f'npm_packages "{at}"').returncode, 0)
        self.assertIn("npm ci", self.calls())


if __name__ == "__main__":
    result = unittest.main(exit=False).result
    bad = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - bad} passed, {bad} failed", flush=True)
    sys.exit(1 if bad or not result.testsRun else 0)
