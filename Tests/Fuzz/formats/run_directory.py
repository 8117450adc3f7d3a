"""Run directories: damaged databases, manifests and plans of a finished run, read by every verb that reads runs."""
import re
import shutil
import sqlite3

from bench import Case
from mutate import flip_bytes

FILES = ["results.sqlite", "manifest.json", "plan.jsonl", "host.yaml"]
JSON = ["null", "-1", "0", "1e308", '"x"', "[]", "{}", "9223372036854775808", '""', "1.5", "NaN", '"../../x"', "true"]
VALUES = [None, -1, 0, 1e308, float("inf"), 2**63 - 1, -2**63, "x", "", b"\xff\xfe", "NaN", 1e-320, "\u00e9\n|", "1,2", 3.7]
VERSIONS = [0, 1, 2, 5, 7, 9, -1, 2**31 - 1]
NAMES = ["d/", "d:", "results.sqlite", "manifest", "plan.jsonl", "host.yaml", "'d'", " d"]


def damage_database(random, path):
    connection = sqlite3.connect(path)
    tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    for _ in range(random.choice([1, 1, 3])):
        table = random.choice(tables)
        columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
        where = random.choice(["", f"WHERE rowid = (SELECT min(rowid) FROM {table})"])
        kind = random.random()
        try:
            column = random.choice(columns)
            if kind < 0.7:
                connection.execute(f'UPDATE {table} SET "{column}" = ? {where}', (random.choice(VALUES),))
            elif kind < 0.8:
                connection.execute(f"DELETE FROM {table} {where}")
            elif kind < 0.86:
                connection.execute(f"DROP TABLE {table}")
            elif kind < 0.93:
                connection.execute(f'ALTER TABLE {table} RENAME COLUMN "{column}" TO zz')
            else:
                connection.execute(f"PRAGMA user_version = {random.choice(VERSIONS)}")
        except (sqlite3.Error, IndexError):
            pass  # the schema forbids it, or the table is gone
    connection.commit()
    connection.close()


def damage_bytes(random, data):
    kind = random.randrange(4)
    if kind == 0:
        return data[:random.choice([0, 1, 15, 16, 99, 100, 4095, 4096, random.randrange(len(data)), len(data) - 1])]
    if kind == 1:
        return flip_bytes(random, data, random.choice([1, 2, 5, 40]))
    if kind == 2:
        place, count = random.randrange(len(data)), random.choice([64, 512, 4096])
        return data[:place] + b"\0" * count + data[place + count:]
    return data + random.choice([b"\0" * 100, b"junk\n", data[:300]])


def damage_json(random, text):
    matches = list(re.finditer(r'(:\s*)("[^"]*"|-?[0-9.]+|null|true|false)', text))
    match = random.choice(matches)
    return text[:match.start(2)] + random.choice(JSON) + text[match.end(2):]


def restore(finished, directory):
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir()
    for name in FILES:
        shutil.copy(finished / name, directory)


def verbs(base):
    return [
        ["report", "d"], ["report", "d", "--json"], ["export", "d", "--output", "exported"], ["compare", "d", base],
        ["compare", base, "d"], ["compare", "d", "d", "--json"], ["validate", "d"],
        ["merge", "d", base, "--output", "merged"],
    ]


def cases(bench, random):
    finished = bench.finished_run()
    directory = bench.work / "d"
    while True:
        restore(finished, directory)
        file = directory / random.choice(FILES + ["results.sqlite"] * 2)
        if file.name == "results.sqlite" and random.random() < 0.5:
            damage_database(random, file)
        elif file.name in ("manifest.json", "plan.jsonl") and random.random() < 0.5:
            file.write_text(damage_json(random, file.read_text()))
        else:
            file.write_bytes(damage_bytes(random, file.read_bytes()))
        if random.random() < 0.04:
            (directory / random.choice(FILES)).unlink(missing_ok=True)
        for made in ("exported", "merged"):
            shutil.rmtree(bench.work / made, ignore_errors=True)
        before = {path.name: path.read_bytes() for path in directory.iterdir()}
        arguments = random.choice(verbs(str(finished)))

        def unchanged(outcome, before=before, reads=arguments[0] != "report"):
            # A verb that refuses, or that only reads, leaves every byte as it was.
            if not reads and outcome.status != 64:
                return []
            after = {path.name: path.read_bytes() for path in directory.iterdir()}
            changed = sorted(name for name in {**before, **after} if before.get(name) != after.get(name))
            return [f"changed the run: {', '.join(changed)}"] if changed else []

        yield Case(arguments, NAMES, (0, 1, 2, 3, 64), [directory], unchanged)
