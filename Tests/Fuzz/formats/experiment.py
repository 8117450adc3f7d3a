"""Experiments: hostile values at every key, axes that explode, mangled copies of the committed files."""
from bench import Case
from mutate import HOSTILE, encode, flip_bytes, mangle_lines, replace_value

BASE = """schema: lookahead/experiment/1
name: x
seed: 3
defaults: {tokens: 64, threads: 1}
sweeps:
  - name: look
    set: {kernel: lookup, hidden: 64, tables: 8, table_rows: 16}
    axes: {threads: [1, 2]}
  - name: dense
    set: {kernel: dense, hidden: 64, intermediate: 128}
measure: {min_samples: 8, max_seconds: 0.1}
"""
NUMBERS = [
    "0", "1", "2", "3", "7", "16", "64", "100", "1000", "65536", "2147483647", "2147483648", "4294967296", "1099511627776",
    "4611686018427387904", "9223372036854775807", "-1", "all", "1.5", ".nan", "1e9", '"8"',
]
PARAMETERS = {
    "kernel": ["dense", "lookup"], "projection": ["bh4", "dense"], "dtype": ["fp32", "bf16", "int8"],
    "projection_dtype": ["fp32", "bf16"], "codes": ["uniform", "recorded", "zipf(1.1)", "zipf(10.1)", "zipf(nan)", "zipf("],
    "partition": ["tokens", "tables"], "order": ["token", "table", "sliced", "auto"],
    "group_prefetch": ["on", "off", "auto"], "cpus": ["compact", "scatter", "l3", "0", "0,1", "1-0", "0-2147483648"],
    "memory": ["local", "remote", "interleave", "node:0", "node:4294967296", "replicated", "first-touch"],
    "pages": ["4k", "thp", "hugetlb"], "isa": ["auto", "avx512", "avx2", "neon", "scalar"],
    "variant": ["a", '"a b"', "../x"],
} | {
    name: NUMBERS
    for name in ("hidden", "intermediate", "output", "tables", "table_rows", "block_size", "tokens", "threads", "token_tile",
                 "column_slice", "table_group", "prefetch_rows", "seed")
}
ENDS = ["0", "1", "8", "-8", "31", "32", "63", "64", "1000", "1000000", "1000000000", "9223372036854775807", "1.5"]
MEASURE = ["min_samples", "launches", "min_seconds", "max_seconds", "attempts", "timeout_seconds", "interval_width",
           "warmup_seconds", "multiplex", "calibrate", "x"]
PREFIXES = ["", "defaults.", "sweeps.look.", "sweeps..", "measure.", "constraints.", "x."]
FURTHER = ["name", "question", "machines", "counters", "seed", "constraints", "exclude", "zip", "include"]


def axis(random):
    kind = random.random()
    if kind < 0.5:
        return "[" + ", ".join(random.choice(NUMBERS + ["a"]) for _ in range(random.randint(0, 5))) + "]"
    if kind < 0.7:
        return "{pow2: [%s, %s]}" % (random.choice(ENDS), random.choice(ENDS))
    return "{range: [%s, %s, %s]}" % (random.choice(ENDS), random.choice(ENDS), random.choice(ENDS))


def changed(random, text, arguments):
    name = random.choice(list(PARAMETERS))
    value = random.choice(PARAMETERS[name] if random.random() < 0.85 else HOSTILE)
    kind = random.randrange(8)
    if kind == 0:
        return text.replace("set: {kernel: lookup,", f"set: {{{name}: {value}, kernel: lookup,", 1)
    if kind == 1:
        return text.replace("set: {kernel: dense,", f"set: {{{name}: {value}, kernel: dense,", 1)
    if kind == 2:
        return text.replace("axes: {", f"axes: {{{name}: {axis(random)}, ", 1)
    if kind == 3:
        return text.replace("defaults: {", f"defaults: {{{name}: {value}, ", 1)
    if kind == 4:
        bounds = [value, f"[{value}]", f"{{at_least: {value}}}", f"{{at_most: {value}, at_least: {random.choice(NUMBERS)}}}"]
        return text + f"exclude: [{{{name}: {random.choice(bounds)}}}]\n"
    if kind == 5:
        return text.replace("measure: {", f"measure: {{{random.choice(MEASURE)}: {random.choice(HOSTILE + NUMBERS)}, ", 1)
    if kind == 6:
        return text + f"{random.choice(FURTHER)}: {random.choice(HOSTILE)}\n"
    arguments += ["--set", random.choice(PREFIXES) + name + "=" + random.choice([value, axis(random)] + HOSTILE[:40])]
    return text


def cases(bench, random):
    (bench.work / "experiments").mkdir()
    (bench.work / "Tests").symlink_to(bench.root / "Tests")
    committed = [path.read_text() for path in sorted((bench.root / "experiments").glob("*.yaml"))]
    file = bench.work / "experiments/x.yaml"
    while True:
        arguments = ["run", "experiments/x.yaml", "--dry-run"]
        if random.random() < 0.6:
            text = BASE
            for _ in range(random.randint(1, 4)):
                text = changed(random, text, arguments)
        else:
            text = random.choice(committed)
            for _ in range(random.randint(1, 3)):
                text = (
                    replace_value(random, text, HOSTILE + NUMBERS) if random.random() < 0.5 else mangle_lines(random, text))
        data = encode(text)
        file.write_bytes(flip_bytes(random, data, 3) if random.random() < 0.03 else data)
        yield Case([argument.replace("\0", "") for argument in arguments], ["x.yaml", "--set"], inputs=[file])
