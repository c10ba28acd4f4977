#!/usr/bin/env python3
"""Checks who includes whom against layers.txt: rooms, fences of heavy libraries, and no loop.

Usage: layers.py [ROOT]. One line per fault; exit 1 if there is any.
"""

import dataclasses
import fnmatch
import pathlib
import re
import sys

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
SUFFIXES = {".h", ".hpp", ".cc", ".cpp", ".inl"}


@dataclasses.dataclass
class Rules:
    rooms: dict = dataclasses.field(default_factory=dict)  # room -> rooms it may include
    fences: dict = dataclasses.field(default_factory=dict)  # prefix -> patterns of files
    denied: dict = dataclasses.field(default_factory=dict)  # room -> headers
    faults: list = dataclasses.field(default_factory=list)


def read_rules(file):
    """The rules, and the faults of the file itself. Naming only rooms above leaves no loop."""
    rules = Rules()
    for number, line in enumerate(file.read_text().splitlines(), 1):
        text = line.split("#")[0].strip()
        if not text:
            continue
        head, _, tail = text.partition(":")
        kind, name = (head.split() + ["", ""])[:2]
        words = tail.split()
        if kind == "room":
            for word in words:
                if word not in rules.rooms:
                    rules.faults.append(f"{file.name}:{number}: {name} may not name {word}: "
                                        "it stands below it, or nowhere")
            rules.rooms[name] = set(words)
        elif kind == "fence":
            rules.fences[name] = words
        elif kind == "deny":
            rules.denied[name] = set(words)
        else:
            rules.faults.append(f"{file.name}:{number}: neither room, fence nor deny: {text}")
    return rules


def room_of(path, rooms):
    """The room of a file or header, by its longest matching folder; None if it is in none."""
    parts = path.split("/")
    for size in range(len(parts) - 1, 0, -1):
        if (room := "/".join(parts[:size])) in rooms:
            return room
    return None


def check_include(rules, path, room, header):
    """The fault of one include, or None."""
    for prefix, patterns in rules.fences.items():
        if header.startswith(prefix) and not any(fnmatch.fnmatchcase(path, p) for p in patterns):
            return f"<{header}> is fenced into {' '.join(patterns)}"
    if header in rules.denied.get(room, ()):
        return f"<{header}> is denied to {room}"
    if header.split("/")[0] == "tests":
        return f"{header}: the program includes nothing of its tests"
    target = room_of(header, rules.rooms)
    if target in (None, room) or target in rules.rooms[room]:
        return None
    return f"{room} may not include {target} ({header})"


def sources(root):
    for top in ("sync", "schema", "node"):
        for file in sorted((root / top).rglob("*")) if (root / top).is_dir() else ():
            if file.suffix in SUFFIXES and "node_modules" not in file.parts:
                yield file


def check(root, rules_file=None):
    """All faults of the tree under root, as "path:line: what"."""
    rules = read_rules(rules_file or root / "tests/lint/layers.txt")
    faults = list(rules.faults)
    for file in sources(root):
        path = file.relative_to(root).as_posix()
        room = room_of(path, rules.rooms)
        if room is None:
            faults.append(f"{path}:1: this folder is no room of layers.txt")
            continue
        for number, line in enumerate(file.read_text(errors="replace").splitlines(), 1):
            found = INCLUDE.match(line)
            fault = found and check_include(rules, path, room, found[2])
            if fault:
                faults.append(f"{path}:{number}: {fault}")
    return faults


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    faults = check(root)
    print("\n".join(faults), end="\n" if faults else "")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
