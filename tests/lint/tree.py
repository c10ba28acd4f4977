"""The files of the checkout that the lints look at, and the commands that compile them."""

import json
import pathlib
import shlex
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
TEST_TREE = ROOT / "build/test"
OWN_CODE = ("sync/", "schema/", "node/", "tests/")


def git(*words):
    """The lines that git prints; none if it fails (a tree without history)."""
    done = subprocess.run(["git", "-C", str(ROOT), *words], capture_output=True, text=True)
    return done.stdout.splitlines() if done.returncode == 0 else []


def files(*suffixes):
    """Paths, relative to the root, of every file of the project that exists (new ones too)."""
    listed = git("ls-files", "--cached", "--others", "--exclude-standard")
    if not listed:
        listed = [str(path.relative_to(ROOT)) for path in ROOT.rglob("*") if path.is_file()]
        listed = [path for path in listed if not path.startswith(("build/", ".git/"))
                  and "node_modules/" not in path]
    return sorted(path for path in set(listed)
                  if (not suffixes or path.endswith(suffixes)) and (ROOT / path).is_file())


def code(*suffixes):
    return [path for path in files(*(suffixes or (".h", ".cc"))) if path.startswith(OWN_CODE)]


def changed():
    """Files that differ from where this line of work left the main one; on main, from the last commit."""
    base = ""
    for main in ("origin/main", "main"):
        found = git("merge-base", "HEAD", main)
        if found and found != git("rev-parse", "HEAD"):
            base = found[0]
            break
    base = base or next(iter(git("rev-parse", "--verify", "--quiet", "HEAD~")), "")
    if not base:
        return set(files())
    return set(git("diff", "--name-only", base)) | set(git("ls-files", "--others", "--exclude-standard"))


def commands():
    """path -> compiler's words as the test tree has them."""
    database = TEST_TREE / "compile_commands.json"
    if not database.exists():
        return {}
    found = {}
    for entry in json.loads(database.read_text()):
        path = pathlib.Path(entry["file"])
        if path.is_relative_to(ROOT) and not path.is_relative_to(ROOT / "build"):
            found[str(path.relative_to(ROOT))] = shlex.split(entry["command"])
    return found


def plain(words, with_standard_headers=False):
    """A compiler's command without its launcher, precompiled header, dependencies, input and output.

    With `with_standard_headers`, the text that the precompiled header was made of comes instead of it.
    """
    start = next(at for at, word in enumerate(words) if "clang++" in pathlib.Path(word).name)
    kept, skip = [words[start]], 0
    rest = words[start + 1:]
    for at, word in enumerate(rest):
        if skip:
            skip -= 1
        elif word == "-Xclang" and rest[at + 1:at + 2] in (["-include-pch"], ["-include"]):
            skip = 3
            if rest[at + 1] == "-include" and with_standard_headers:
                kept += rest[at:at + 4]
        elif word in ("-o", "-c", "-MF", "-MT"):
            skip = 1
        elif word not in ("-MD", "-Winvalid-pch") and not word.startswith("-fsanitize"):
            kept.append(word)
    return kept
