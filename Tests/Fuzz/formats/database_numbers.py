"""Hostile numbers in one column after the other of a finished run's database, then every verb that reads runs."""
import re
import shutil
import sqlite3

from bench import Case
from formats.run_directory import NAMES, restore, verbs

VALUES = [float("inf"), 2**63 - 1, -2**63, 0, -1, 1e308, -1e308, None, 1e-320, float("-inf")]
WORD = re.compile(r"(?<![a-z/_-])(nan|inf)(?![a-z_])")


def cases(bench, random):
    finished = bench.finished_run()
    directory = bench.work / "d"
    connection = sqlite3.connect(finished / "results.sqlite")
    tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    places = [(table, row[1]) for table in tables for row in connection.execute(f"PRAGMA table_info({table})")]
    connection.close()
    number = random.randrange(len(places) * len(VALUES))
    while True:
        restore(finished, directory)
        table, column = places[number % len(places)]
        value = VALUES[number // len(places) % len(VALUES)]
        number += 1
        connection = sqlite3.connect(directory / "results.sqlite")
        try:
            where = random.choice(["", f" WHERE rowid = (SELECT max(rowid) FROM {table})"])
            connection.execute(f'UPDATE {table} SET "{column}" = ?{where}', (value,))
            connection.commit()
        except sqlite3.Error:
            pass  # the schema forbids it
        connection.close()
        for made in ("exported", "merged"):
            shutil.rmtree(bench.work / made, ignore_errors=True)

        def finite(outcome, place=f"{table}.{column} = {value}"):
            report = directory / "report.md"
            if outcome.status == 0 and report.exists() and WORD.search(report.read_text()):
                return [f"a report with a number that is not finite ({place})"]
            return []

        yield Case(random.choice(verbs(str(finished))), NAMES, (0, 1, 2, 3, 64), [directory], finite)
