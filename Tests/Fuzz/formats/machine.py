"""Machine files: hostile figures in every place, then check, show, simulate and project."""
import re

from bench import Case
from mutate import HOSTILE, encode, mangle_lines, replace_value

SIZES = [
    "1GiB", "9999999999GiB", "8388608TiB", "1e30GiB", "-1KiB", "0.5KiB", ".nanKiB", "63", "64", "65", "lru", "victim",
    "inclusive", "exclusive", "nine", "[[0,0]]", "[[0,1],[0,1]]", "[[1,1],[0,0]]", "[[0, 100], [1e308, 1e308]]", "3.5",
    "0.0001", "1e-300", "1099511627776",
]
EXPERIMENT = """schema: lookahead/experiment/1
name: x
sweeps:
  - {name: a, set: {kernel: lookup, hidden: 64, tables: 8, tokens: 16, table_rows: 16}}
  - {name: b, set: {kernel: dense, hidden: 64, intermediate: 64, tokens: 16}}
"""


def mutated(random, text):
    for _ in range(random.choice([1, 1, 1, 2, 3])):
        kind = random.random()
        if kind < 0.6:
            text = replace_value(random, text, HOSTILE + SIZES)
        elif kind < 0.7:
            text = replace_value(random, text, HOSTILE + SIZES, r"(?<=[\[, ])([0-9.]+)(?=[\],])")
        elif kind < 0.95:
            text = mangle_lines(random, text)
        else:
            level = re.search(r"  - name: L2\n(?:    .*\n)*", text)
            if level:
                text = text[:level.end()] + level.group(0) * random.choice([1, 2, 20, 300]) + text[level.end():]
    return text


def cases(bench, random):
    catalogue = [path.read_text() for path in sorted((bench.root / "Sources/CacheModel").rglob("*.yaml"))]
    (bench.work / "e.yaml").write_text(EXPERIMENT)
    (bench.work / "t.din").write_text("".join(f"{number % 2} {0x1000 + number * 24:x} 8\n" for number in range(400)))
    file = bench.work / "m.yaml"
    while True:
        file.write_bytes(encode(mutated(random, random.choice(catalogue))))
        yield Case(random.choice([
            ["machines", "check", "m.yaml"],
            ["machines", "show", "m.yaml"] + random.choice([[], ["--json"]]),
            ["simulate", "--machine", "m.yaml", "--trace", "t.din"] + random.choice([[], ["--json"], ["--page", "2MiB"]]),
            ["project", "e.yaml", "--machine", "m.yaml"] + random.choice([[], ["--json"], ["--sensitivity"]]),
        ]), ["m.yaml", "--page"], inputs=[file])
