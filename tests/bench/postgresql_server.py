"""A PostgreSQL 15 server in a directory of its own, reached by a Unix socket there. Run by root, it runs as postgres."""
import contextlib
import os
import pathlib
import shutil
import subprocess

PROGRAMS = pathlib.Path("/usr/lib/postgresql/15/bin")


class Cluster:
    """Started when made; stop() ends it. `directory` must be open to every user."""

    def __init__(self, directory, name, settings):
        self.data, self.socket = directory / name / "data", directory / name
        self.socket.mkdir()
        if os.geteuid() == 0:
            shutil.chown(self.socket, "postgres")
        self.call("initdb", "-D", self.data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync")
        with open(self.data / "postgresql.conf", "a") as file:
            file.writelines(f"{key} = {value}\n" for key, value in settings.items())
            file.write(f"listen_addresses = ''\nunix_socket_directories = '{self.socket}'\n")
        self.call("pg_ctl", "-D", self.data, "-w", "-l", self.socket / "log", "start")

    def command(self, program, *words):
        user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        return [*user, str(PROGRAMS / program), *map(str, words)]

    def call(self, program, *words, **more):
        done = subprocess.run(self.command(program, *words), capture_output=True, text=True, cwd="/", **more)
        if done.returncode != 0:
            raise RuntimeError(f"{program}: {done.stderr[-2000:]}")
        return done.stdout

    def sql(self, *statements):
        words = [word for statement in statements for word in ("-c", statement)]
        return self.call("psql", "-h", self.socket, "-U", "postgres", "-v", "ON_ERROR_STOP=1", "-qAt", *words).strip()

    def stop(self):
        with contextlib.suppress(RuntimeError):
            self.call("pg_ctl", "-D", self.data, "-m", "immediate", "stop")
