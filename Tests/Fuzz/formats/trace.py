"""Memory traces in both formats: addresses and sizes at the ends of their types, odd line ends, foreign lines."""
from bench import Case
from mutate import encode, flip_bytes

ADDRESSES = [0, 1, 63, 64, 2**31, 2**32, 2**47, 2**48, 2**63 - 1, 2**63, 2**64 - 1, 2**64 - 8, 2**64 - 64, 2**64 - 65, 2**64]
SIZES = [0, 1, 2, 8, 63, 64, 65, 128, 4096, 2**20, 2**31 - 1, 2**31, 2**32, 2**63 - 1, 2**63, 2**64, -1]
ODD = ["", "g", "0x10", "-", "+5", "0x", "f" * 20, "\u0661", "1e3", " ", "1 2", "\0", "ffff_ffff"]
FIRST = ["#c\n", "\ufeff", "==123== lackey\n", "--123-- lackey\n", "**123** lackey\n", "\n\n", "\0", "\x1f\x8b\x08"]


def address(random):
    kind = random.random()
    if kind < 0.6:
        return "%x" % (0x10000 + random.randrange(5000) * random.choice([1, 8, 64]))
    return "%x" % random.choice(ADDRESSES) if kind < 0.93 else random.choice(ODD)


def size(random):
    kind = random.random()
    if kind < 0.6:
        return str(random.choice([1, 2, 4, 8, 16, 32, 64]))
    return str(random.choice(SIZES)) if kind < 0.93 else random.choice(ODD)


def line(random, is_din):
    if is_din:
        label = random.choice(["0", "1"]) if random.random() < 0.95 else random.choice(["2", "3", "r", "-1", "", "9"])
        text = label + random.choice([" ", "  ", "\t"]) + address(random)
        return text + " " + size(random) if random.random() < 0.7 else text
    label = random.choice([" L", " S", " M", "I "]) if random.random() < 0.95 else random.choice(["I", " X", "==1==", "", "--1--"])
    return label + " " * random.choice([1, 1, 2]) + address(random) + random.choice([",", ",", ",", " ", ""]) + size(random)


def cases(bench, random):
    file = bench.work / "t.trace"
    machines = ["epyc-7742", "a64fx", "grace", "zen5-vm-2core", "xeon-8280"]
    pages = ["0", "1", "3KiB", "8EiB", "9223372036854775807", "1GiB", "-4KiB", "x", "4KiB", "2MiB"]
    lines = ["1", "2", "64", "128", "0", "63", "-64", "9223372036854775807", "4611686018427387904", "x"]
    samples = ["0.5", "0", "1.1", "nan", "1e-300", "1e-9", "-1", "inf"]
    while True:
        is_din = random.random() < 0.5
        end = random.choice(["\n", "\n", "\n", "\r\n", "\r"])
        text = end.join(line(random, is_din) for _ in range(random.choice([0, 1, 2, 5, 50])))
        text += end if random.random() < 0.8 else ""
        if random.random() < 0.08:
            text = random.choice(FIRST) + text
        if random.random() < 0.02:
            text = "0 " + "1" * 1000000 + "\n"
        if random.random() < 0.03:
            text = f"0 ffffffffffffff00 {random.choice([2**31, 2**31 - 1, 2**20, 2**24])}\n" * random.choice([1, 20])
        data = encode(text)
        file.write_bytes(flip_bytes(random, data, 2) if random.random() < 0.05 else data)
        arguments = random.choice([
            ["simulate", "--machine", random.choice(machines), "--trace", "t.trace"]
            + random.choice([[], ["--json"], [f"--page={random.choice(pages)}"]]),
            ["mrc", "--trace", "t.trace"]
            + random.choice([[], ["--json"], [f"--line={random.choice(lines)}"], [f"--sample={random.choice(samples)}"]]),
        ]) + random.choice([[], [], ["--format", "din"], ["--format", "lackey"]])
        yield Case(arguments, ["t.trace", "--page", "--line", "--sample"], inputs=[file])
