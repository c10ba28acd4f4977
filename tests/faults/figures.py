"""The figures of a run: printed as they come, and written to FIGURES.md by `tests/faults/run --figures`."""
import os
import pathlib
import platform
import tempfile
import time

LONG = bool(os.environ.get("SOLIDAIRES_LONG"))
_PAGE = pathlib.Path(__file__).parent / "FIGURES.md"
_KEPT = "figures"  # in the temporary directory of the run, for write()


def tell(what, figure):
    print(f"     {what}: {figure}", flush=True)
    with open(pathlib.Path(tempfile.gettempdir()) / _KEPT, "a", encoding="utf-8") as kept:
        kept.write(f"| {what} | {figure} |\n")


def memory_mib(instance):
    """Resident memory of a process, as the kernel counts it."""
    for line in pathlib.Path(f"/proc/{instance.process.pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def cpu_s(instance):
    """Seconds of processor that a process has used."""
    fields = pathlib.Path(f"/proc/{instance.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _memory_gib():
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30


def write():
    text = f"""# Figures of tests/faults

What real instances on hosts of their own (network namespaces) held while they were killed, cut, slowed, filled and set to wrong
times. Written by `tests/faults/run --figures{" --long" if LONG else ""}`; every run prints the same lines. They say what happened under the
conditions below and promise nothing for others: the tests themselves assert what was lost (nothing), never a time.

Conditions: {time.strftime("%Y-%m-%d")}, {os.cpu_count()} cores, {_memory_gib():.0f} GiB of memory, Linux {platform.release().split("-")[0]},
RelWithDebInfo; other work may have run on the machine at the same time.

| what | figure |
|---|---|
"""
    _PAGE.write_text(text + (pathlib.Path(tempfile.gettempdir()) / _KEPT).read_text())


if __name__ == "__main__":
    write()
