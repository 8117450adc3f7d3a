"""Counter groups: hostile formulas, codes and names, read by the dry run of an experiment that asks for the group."""
from bench import Case
from mutate import HOSTILE, encode, mangle_lines, replace_value

FORMULAS = [
    "1/0", "'a", "''", "(((((1)))))", "(" * 100 + "1" + ")" * 100, "-" * 5000 + "1", "1" + "+1" * 100000, "1e999",
    "seconds/threads", "0/0", "'perf::NOPE'", "--1", "1 2", "2**3", "cycles", "\u00e9", "nan", "inf", "1" * 5000, "+", "()",
    "'perf::CYCLES' / 'perf::CYCLES' * ", "9" * 400,
]
CODES = ["0x1ffffffffffffffff", "[0x10-0x1f]", "[0x1f-0x10]", "[0-99999999999999999999]", "socket", "thread", "perf_raw",
         '"perf::CYCLES"', "18446744073709551615"]
EXPERIMENT = """schema: lookahead/experiment/1
name: x
counters: [./g.yaml]
sweeps:
  - {name: a, set: {kernel: lookup, hidden: 64, tables: 8, tokens: 16, table_rows: 16}}
"""


def cases(bench, random):
    groups = [path.read_text() for path in sorted((bench.root / "Sources/Profiler").rglob("*.yaml"))]
    (bench.work / "e.yaml").write_text(EXPERIMENT)
    file = bench.work / "g.yaml"
    while True:
        text = random.choice(groups)
        for _ in range(random.choice([1, 1, 2])):
            kind = random.random()
            if kind < 0.35:
                text = replace_value(random, text, FORMULAS, r"formula:(?: >-\n)?\s+(.*)")
            elif kind < 0.7:
                text = replace_value(random, text, HOSTILE + CODES)
            else:
                text = mangle_lines(random, text)
        file.write_bytes(encode(text))
        yield Case(["run", "e.yaml", "--dry-run"], ["g.yaml"], inputs=[file])
