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

ROOT = pathlib.Path(__file__).resolve().parents[2]
NAMES = ("rhone-alpes", "savoie-mont-blanc", "isere")


def free_base():
    """A --port-base whose seven ports are free now; another test machine's ports are left alone."""
    for base in range(20000 + os.getpid() % 20000, 60000, 211):
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
            " --territory 73,74 --subscribe all --delegate-moderation",
            "savoie-mont-blanc: enrol token-of-savoie-mont-blanc",
            "rhone-alpes: node add isere --title Isère Solidaires"
            " --territory 38 --subscribe all --delegate-moderation",
            "isere: enrol token-of-isere",
            "savoie-mont-blanc: serve",
            "isere: serve",
            "rhone-alpes: demo load",
            "savoie-mont-blanc: demo load",
            "isere: demo load",
        ])
        self.assertEqual(len([e for e in self.events() if "user add" in e]), 9)
        self.assertIn(f"http://127.0.0.1:{self.base + 73}/", done.stdout)
        self.assertIn("administrator@isere.example", done.stdout)

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


if __name__ == "__main__":
    result = unittest.main(exit=False).result
    bad = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - bad} passed, {bad} failed", flush=True)
    sys.exit(1 if bad or not result.testsRun else 0)
