"""What was acknowledged, and where it is at the end. Every write of a run goes through here: rows by `solidaires import`, edits by the
forms of the back office, as people do it. A write counts as acknowledged when the program has said so; one that was cut off in between
may or may not have happened. At the end each acknowledged write must be, on every replica that holds the record: visible, or kept beside
another in a conflict, or superseded by a write whose author had it on their screen."""
import random
import re
import subprocess
import threading
import time
import urllib.error
import urllib.parse

import network
import pages

COMMUNES = [("38000", "Grenoble"), ("38500", "Voiron"), ("38200", "Vienne"), ("38300", "Bourgoin-Jallieu")]
HEADER = "id;nom;famille;secteur;résumé;description;adresse;code postal;commune\r\n"
FIELD = "summary"


class Ledger:
    def __init__(self):
        self.rows = {}  # name of a record -> its last acknowledged summary, of records that only imports write
        self.edits = []  # every write of a form, in the order of their beginning
        self.lock = threading.Lock()

    @property
    def acknowledged(self):
        return len(self.rows) + sum(1 for edit in self.edits if edit.acknowledged)

    # --- rows ---

    def file(self, directory, words, count, first=0, version=0, length=0):
        """A table of `count` invented organisations, each with a description of `length` characters that hardly compresses."""
        lines, chance = [], random.Random(count)
        for n in range(first, first + count):
            code, commune = COMMUNES[n % len(COMMUNES)]
            lines.append(f"{words}-{n};{words} {n:05};association;environnement;{self.summary(words, n, version)};"
                         f"{chance.randbytes(length // 2).hex()};"
                         f"{n % 200 + 1} rue des Essais;{code};{commune}\r\n")
        path = network.pathlib.Path(directory) / f"{words.lower()}.csv"
        path.write_text(HEADER + "".join(lines))
        return str(path)

    @staticmethod
    def summary(words, n, version=0):
        return f"Une association inventée, {words} {n}, écrite la fois {version}."

    def imported(self, words, count, first=0, version=0):
        for n in range(first, first + count):
            self.rows[f"{words} {n:05}"] = self.summary(words, n, version)

    def check_rows(self, instances, deadline_s=90):
        """Every row acknowledged, with its last words, on every portal."""
        for instance in instances:
            def missing():
                found = {item["name"]: item.get("summary") for item in instance.items()}
                return [(name, found.get(name)) for name, summary in self.rows.items() if found.get(name) != summary]
            network.until(lambda: not missing(), f"every row on {instance.name}", deadline_s)


class Edit:
    """One write by a form: what it says, and what its author saw before."""

    def __init__(self, instance, record, value):
        self.instance, self.record, self.value = instance, record, value
        self.saw, self.acknowledged, self.in_doubt = set(), False, False


def beside(browser, record):
    """The versions that stand in a conflict here; empty without one."""
    page = browser.get(record)
    if page.status != 200:
        raise ConnectionError(f"{page.status} at {page.url}")
    found = set()
    for link in pages.conflict_links(page):
        found |= set(re.findall(r"Dit par \w+, la fois \d+\.", browser.get(link).text))
    return found


def versions(browser, record):
    """What a record's field holds here: the shown value, and those kept beside it in a conflict."""
    return {browser.get(record + "/modifier").form("/modifier").value(FIELD)} | beside(browser, record)


class Writer(threading.Thread):
    """A person who edits records at one instance, as fast as the forms allow, whatever happens to the instance."""

    def __init__(self, ledger, instance, records, voice):
        super().__init__(daemon=True)
        self.ledger, self.instance, self.records, self.voice = ledger, instance, records, voice
        self.count, self.ending, self.slowest_s = 0, threading.Event(), 0.0
        self.trouble = None

    def run(self):
        browser, n = None, 0
        while not self.ending.is_set():
            record = self.records[n % len(self.records)]
            n += 1
            try:
                browser = browser or self.instance.browser(self.instance.moderator)
                self.write(browser, record, n)
            except (urllib.error.URLError, ConnectionError, TimeoutError, OSError, EOFError):
                browser = None  # the instance is down, or was killed: log in again
                time.sleep(0.02)
            except Exception as error:  # pylint: disable=broad-except
                if self.instance.alive():
                    self.trouble = error
                    return
                browser = None

    def write(self, browser, record, n):
        edit = Edit(self.instance.name, record, f"Dit par {self.voice}, la fois {n}.")
        form = browser.get(record + "/modifier").form("/modifier")
        # What the form was made from is still here, or was superseded since by a write that saw it.
        edit.saw = {form.value(FIELD)} | beside(browser, record)
        form.set(FIELD, edit.value)
        with self.ledger.lock:
            self.ledger.edits.append(edit)
        edit.in_doubt = True
        began = time.monotonic()
        page = form.submit("publish")
        edit.acknowledged = page.status == 200 and "/modifier" not in page.url
        edit.in_doubt = not edit.acknowledged  # it may have been saved, and refused as a publication
        self.slowest_s = max(self.slowest_s, time.monotonic() - began)
        self.count += edit.acknowledged

    def end(self):
        self.ending.set()
        self.join(120)
        assert not self.is_alive(), f"the writer at {self.instance.name} does not end"
        if self.trouble:
            raise self.trouble
        return self.count


def check_edits(ledger, instances, deadline_s=90):
    """Gives how many writes are visible, in conflict, superseded. Fails if one is none of these, or if two replicas disagree."""
    records = sorted({edit.record for edit in ledger.edits})
    browsers = {instance: instance.browser(instance.moderator) for instance in instances}
    held = {}

    def agree():
        for record in records:
            if record in held:
                continue
            seen = [versions(browser, record) for browser in browsers.values()]
            if any(one != seen[0] for one in seen):
                agree.last = (record, dict(zip((i.name for i in instances), seen)))
                return False
            held[record] = seen[0]
        return True
    agree.last = None
    try:
        network.until(agree, "the same versions everywhere", deadline_s)
    except AssertionError:
        raise AssertionError(f"replicas disagree after {deadline_s} s: {agree.last}") from None
    counts, lost = {"visible": 0, "superseded": 0}, []
    for record in records:
        edits = [edit for edit in ledger.edits if edit.record == record]
        covered = set(held[record])
        for edit in reversed(edits):  # who saw a value came later than who wrote it
            if edit.value in covered and (edit.acknowledged or edit.in_doubt):
                covered |= edit.saw
        for edit in edits:
            if not edit.acknowledged:
                continue
            if edit.value in held[record]:
                counts["visible"] += 1
            elif edit.value in covered:
                counts["superseded"] += 1
            else:
                lost.append((record, edit.instance, edit.value))
    assert not lost, f"{len(lost)} acknowledged writes are lost: {lost[:5]}; versions held: {held[lost[0][0]]}"
    return counts


class Importing:
    """`solidaires import` under way; knows how many rows it says are kept."""

    def __init__(self, instance, file, *words):
        self.process = subprocess.Popen(instance.command("import", "structures", file, "--quiet", *words), stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.done, self.said = 0, b""
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        while part := self.process.stderr.read1(4096):
            self.said += part
            numbers = [piece.split(b"/")[0].strip() for piece in self.said.split(b"\r") if b"/" in piece]
            self.done = max([int(number) for number in numbers if number.isdigit()], default=self.done)

    def reaches(self, count, deadline_s=120):
        network.until(lambda: self.done >= count or self.process.poll() is not None, f"{count} rows", deadline_s)
        assert self.process.poll() is None or self.done >= count, self.said.decode(errors="replace")

    def end(self):
        out = self.process.stdout.read()
        self.process.wait(timeout=300)
        self.reader.join(30)
        return self.process.returncode, out.decode()
