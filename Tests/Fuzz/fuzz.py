#!/usr/bin/env python3
"""Feeds the tool mutated input files, one process a case, and judges how it takes them.

    fuzz.py [--seed N] [--count N] [--limit SECONDS] [--tool PATH] [FORMAT ...]

A FORMAT is a module in formats/: layer, experiment, machine, trace, group, run_directory, database_numbers; all of them by
default. The same seed gives the same cases. LOOKAHEAD names the tool, or --tool; by default it is the debug build.

A case fails where the tool dies of a signal, does not end within the limit, takes more than 1 GiB, ends with an exit
code that is no answer to the format, or refuses its input with anything but lines that name the file, one for each problem:
at most 300 characters, no control characters, nothing on standard output. An answer must hold no number that is not finite.
Inputs of failed cases are kept, and the directory is printed. Exit code 1 where a case failed.
"""
import argparse
import collections
import importlib
import os
import pathlib
import random
import re
import shutil
import sys
import tempfile

sys.dont_write_bytecode = True
from bench import Bench, ROOT  # noqa: E402

FORMATS = ["layer", "experiment", "machine", "trace", "group", "run_directory", "database_numbers"]
RESIDENT_MIB = 1024
LONGEST_MESSAGE = 300
# As a value, not in a name or between quotes.
NOT_FINITE = re.compile(rb"(?<![a-z0-9/_.\"'-])\.?(nan|inf|infinity)(?![a-z0-9_.\"'-])")


def faults(case, outcome):
    """What is wrong with how the tool took a case; empty where nothing is."""
    found = []
    if outcome.hung:
        return ["hang"]
    if outcome.died:
        return [f"died with {outcome.status}"]
    if outcome.resident_mib > RESIDENT_MIB:
        found.append("more than 1 GiB")
    if outcome.status not in case.answers:
        found.append(f"exit code {outcome.status}")
    if outcome.status == 64:
        lines = outcome.messages.decode("utf8", "replace").rstrip("\n").split("\n")
        # The tool's own name stands before the error.
        if any(len(line) > LONGEST_MESSAGE + len("lookahead: error: ") for line in lines):
            found.append(f"a refusal of more than {LONGEST_MESSAGE} characters")
        # Lines with details of a complaint, such as a difference, are indented.
        if not all(line.startswith("  ") or any(name in line for name in case.names) for line in lines):
            found.append("a refusal that names no file")
        if any(byte < 32 and byte != 10 for byte in outcome.messages):
            found.append("control characters in a refusal")
        if outcome.output:
            found.append("output beside a refusal")
    if outcome.status == 0 and NOT_FINITE.search(outcome.output.lower()):
        found.append("a number in the output that is not finite")
    if not found and case.look:
        found += case.look(outcome)
    return found


def fuzz(name, arguments, folder, kept):
    """Runs the cases of a format; returns how many failed."""
    bench = Bench(arguments.tool, folder / name, arguments.limit, not arguments.no_address_limit)
    # A format's cases depend on the seed alone, not on which formats ran before.
    source = random.Random(f"{name} {arguments.seed}")
    make = importlib.import_module(f"formats.{name}").cases(bench, source)
    codes, kinds, failed = collections.Counter(), {}, 0
    for number in range(arguments.count):
        case = next(make)
        outcome = bench.run(case.arguments)
        codes["killed" if outcome.hung else outcome.status] += 1
        found = faults(case, outcome)
        if not found:
            continue
        failed += 1
        words = outcome.messages.decode("utf8", "replace")[:160].replace("\n", " | ")
        for fault in found:
            kinds.setdefault(fault + ": " + re.sub("[0-9]+", "N", re.sub("'[^']*'", "'…'", words))[:90], []).append(number)
        for path in map(pathlib.Path, case.inputs):
            place = kept / f"{name}-{arguments.seed}-{number}-{path.name}"
            shutil.copytree(path, place, dirs_exist_ok=True) if path.is_dir() else shutil.copy(path, place)
        with open(kept / "cases.txt", "a") as log:
            log.write(f"{name} {arguments.seed} {number}: {' '.join(case.arguments)!r}: {', '.join(found)}: {words!r}\n")
    ends = ", ".join(f"{count} x {code}" for code, count in sorted(codes.items(), key=str))
    print(f"{name}: {arguments.count} cases with seed {arguments.seed}, {failed} failed; exit codes {ends}", flush=True)
    for kind, numbers in sorted(kinds.items()):
        print(f"  {len(numbers)} x {kind!r} (case {numbers[0]})")
    return failed


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("formats", nargs="*", metavar="FORMAT", default=FORMATS)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--limit", type=float, default=20, help="seconds that a case may take")
    parser.add_argument("--tool", default=os.environ.get("LOOKAHEAD", str(ROOT / ".build/debug/lookahead")))
    parser.add_argument("--no-address-limit", action="store_true", help="for builds with a sanitizer")
    arguments = parser.parse_args()
    for name in arguments.formats:
        if name not in FORMATS:
            parser.error(f"no format is called {name!r}: {', '.join(FORMATS)}")
    kept = pathlib.Path(tempfile.mkdtemp(prefix="lookahead-fuzz-failed-"))
    failed = 0
    with tempfile.TemporaryDirectory(prefix="lookahead-fuzz-") as folder:
        for name in arguments.formats:
            failed += fuzz(name, arguments, pathlib.Path(folder), kept)
    total = arguments.count * len(arguments.formats)
    if failed:
        print(f"fuzz: inputs of failed cases are in {kept}")
    else:
        shutil.rmtree(kept)
    print(f"{total - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
