"""The lints. Each returns the faults that it found, as lines that begin with "path:line:" if they can."""

import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

import layers
import tree

CORES = os.cpu_count() or 1


def output(words, **more):
    done = subprocess.run(words, capture_output=True, text=True, **more)
    return [] if done.returncode == 0 else (done.stdout + done.stderr).strip().splitlines() or [
        f"{words[0]} failed without a word"]


def in_parallel(work, items):
    with concurrent.futures.ThreadPoolExecutor(CORES) as pool:
        return [line for lines in pool.map(work, items) for line in lines]


def check_layers(_):
    return layers.check(tree.ROOT)


def check_format(_):
    paths = tree.code()
    lines = output(["clang-format-19", "--dry-run", "-Werror", "--fno-color-diagnostics", *paths],
                   cwd=tree.ROOT)
    return [line for line in lines if "[-Wclang-format-violations]" in line] or lines[:20]


def check_scripts(_):
    """Shell, Python and JavaScript parse; shell scripts also pass shellcheck."""
    faults = []
    for path in tree.files():
        file = tree.ROOT / path
        first = file.open("rb").readline(80)
        if path.endswith(".sh") or first.startswith((b"#!/usr/bin/env bash", b"#!/bin/sh", b"#!/bin/bash")):
            faults += output(["bash", "-n", path], cwd=tree.ROOT)
            faults += output(["shellcheck", "-x", "-f", "gcc", "-S", "warning", path], cwd=tree.ROOT)
        elif path.endswith(".py") or first.startswith(b"#!/usr/bin/env python3"):
            try:
                compile(file.read_text(), path, "exec")
            except SyntaxError as error:
                faults.append(f"{path}:{error.lineno}: {error.msg}")
        elif path.endswith((".mjs", ".js")):
            # Browser modules are modules too: node decides by the suffix.
            faults += output(["node", "--input-type=module", "--check", "-"], input=file.read_text())
    return faults


def forbidden(path, text):
    """Words that must not be in a file: places of this machine, registries, addresses in lock files."""
    here = str(tree.ROOT)
    rules = [
        (re.escape(here) + r"\b", "the path of this checkout"),
        (r"(?<![\w.])/(root|home/\w+)/", "the path of a machine's account"),
        (r"registry\.[a-z]+\.(org|com)", "the address of a registry"),
        (r"^(<{7}|>{7}) ", "a merge that was not finished"),
    ]
    if path.endswith("package-lock.json"):
        rules.append((r'"resolved": *"http', "a download address in a lock file"))
    faults = []
    for number, line in enumerate(text.splitlines(), 1):
        faults += [f"{path}:{number}: {what}" for rule, what in rules if re.search(rule, line)]
    return faults


def check_words(_):
    faults = []
    for path in tree.files():
        data = (tree.ROOT / path).read_bytes()
        if b"\0" not in data[:8192] and path != "tests/lint/lint_test.py":
            faults += forbidden(path, data.decode(errors="replace"))
    return faults


def command_for(path, known):
    """The command of the file's own source, or of its nearest neighbour."""
    own = path.removesuffix(".h") + ".cc"
    if own in known:
        return known[own]
    near = [other for other in known if other.startswith(os.path.dirname(path) + "/")]
    return known[near[0]] if near else None


def check_headers(_):
    """Each header compiles alone: whoever includes it needs to include nothing before it."""
    known = tree.commands()
    if not known:
        return ["build/test is not configured: run tests/run lint"]
    # Not what is left of the precompiled header, nor other people's templates.
    out = tree.ROOT / "build/lint"
    out.mkdir(parents=True, exist_ok=True)

    def compile_alone(path):
        command = command_for(path, known)
        if command is None:
            return []  # a room that has no sources yet
        probe = out / (path.replace("/", "_") + ".cc")
        text = f'#include "{path}"\n#include "{path}"\n'
        if not probe.exists() or probe.read_text() != text:
            probe.write_text(text)
        ccache = ["ccache"] if shutil.which("ccache") else []
        return output([*ccache, *tree.plain(command), "-O0", "-g0", "-c", str(probe), "-o", f"{probe}.o"],
                      cwd=tree.TEST_TREE)

    return in_parallel(compile_alone, tree.code(".h"))


def tidy_sources(paths, known):
    """The sources to look at for changed files: themselves, and for a header its own source or test."""
    chosen = set()
    for path in paths:
        if path.endswith(".h"):
            own = path.removesuffix(".h") + ".cc"
            near = [other for other in known if os.path.dirname(other) == os.path.dirname(path)]
            path = own if own in known else next(
                (other for other in near if f'"{path}"' in (tree.ROOT / other).read_text()), "")
        if path in known:
            chosen.add(path)
    return sorted(chosen)


def check_tidy(everything):
    known = tree.commands()
    if not known:
        return ["build/test is not configured: run tests/run lint"]
    paths = known if everything else tree.changed()

    def tidy(path):
        command = tree.plain(known[path], with_standard_headers=True)
        words = ["clang-tidy-19", "--quiet", path, "--", *command[1:]]
        lines = output(words, cwd=tree.ROOT)
        found = [line for line in lines if re.search(r": (error|warning): ", line)]
        return [line.removeprefix(f"{tree.ROOT}/") for line in found] or lines[:5]

    return sorted(set(in_parallel(tidy, tidy_sources(paths, known))))


def check_standalone(_):
    """sync/ configures with node/ deleted, and links to none of its rooms."""
    with tempfile.TemporaryDirectory(prefix="solidaires-sync-") as name:
        copy = pathlib.Path(name)
        for path in tree.files():
            if not path.startswith(("node/", "deploy/npm/", "tests/browser/")):
                target = copy / path
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(tree.ROOT / path, target)
        faults = output(["cmake", "-S", name, "-B", f"{name}/build", "-G", "Ninja",
                         "-DCMAKE_CXX_COMPILER=clang++-19", "-DSOLIDAIRES_TESTS=ON"])
        if faults:
            return faults[-20:]
        rooms = {path.name for path in (tree.ROOT / "node").iterdir() if path.is_dir()} | {"app_config"}
        linked = set(re.findall(r"(?<=\s)-l(\w+)", (copy / "build/build.ninja").read_text()))
        return [f"something outside node/ links to node/{room}" for room in sorted(rooms & linked)]


CHECKS = {
    "layers": check_layers,
    "words": check_words,
    "format": check_format,
    "scripts": check_scripts,
    "standalone": check_standalone,
    "headers": check_headers,
    "tidy": check_tidy,
}
