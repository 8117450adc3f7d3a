"""Layers (safetensors): headers that lie about their tensors, hostile metadata, numbers that are not finite."""
import json
import random as randomness
import struct

from bench import Case

SIZES = [0, 1, -1, 2, 3, 2**31 - 1, 2**31, 2**32, 2**53, 2**62, 2**63 - 1, 2**63, 2**64, 10**30, 1.5, "x", None, True, [], {}]
WORDS = [0x7FC00000, 0x7F800000, 0xFF800000, 1, 0x7F7FFFFF, 0xFF7FFFFF, 0x80000000, 0xFFFFFFFF]
TYPES = ["F16", "BF16", "F64", "I64", "I32", "U8", "BOOL", "F8_E4M3", "", "f32", "F32 ", None, 3, "x" * 100000, "\0"]
METADATA = [
    "0", "-1", "1e999", "nan", "inf", "9223372036854775807", "9223372036854775808", "", "x", "0x10", " 3", "3 ", "1.5",
    "2147483648", "4294967296", "1", "1000000", "\u0663", None, 5, [1],
]
SHAPES = [[], [0], [1] * 1000, [2**32, 2**32], [2**63], [0, 2**62], [2**62, 0], None, "[1]", {"a": 1}]


def pack(header, data):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def unpack(layer):
    size = struct.unpack("<Q", layer[:8])[0]
    return json.loads(layer[8:8 + size]), layer[8 + size:]


def small_dense():
    source, hidden, intermediate, tokens = randomness.Random(5), 32, 64, 4
    header = {"__metadata__": {"activation": "gelu_erf", "hidden_size": "32", "intermediate_size": "64"}}
    data = b""
    shapes = {
        "input": [tokens, hidden], "expected.output": [tokens, hidden], "fc1.weight": [intermediate, hidden],
        "fc1.bias": [intermediate], "fc2.weight": [hidden, intermediate], "fc2.bias": [hidden],
    }
    for name, shape in shapes.items():
        count = shape[0] * (shape[1] if len(shape) > 1 else 1)
        values = [0.0 if name == "expected.output" else source.gauss(0, 0.1) for _ in range(count)]
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [len(data), len(data) + 4 * count]}
        data += struct.pack(f"<{count}f", *values)
    return pack(header, data)


def mutated(random, layer):
    header, data = unpack(layer)
    names = [name for name in header if name != "__metadata__"]
    tensor = header[random.choice(names)]
    low, high = tensor["data_offsets"]
    kind = random.randrange(18)
    if kind == 0:
        changed = bytearray(layer)
        for _ in range(random.randint(1, 8)):
            changed[random.randrange(min(len(layer), 1300) if random.random() < 0.8 else len(layer))] = random.randrange(256)
        return bytes(changed)
    if kind == 1:
        return layer[:random.choice([0, 1, 7, 8, 9, random.randrange(len(layer)), len(layer) - 1, random.randrange(1200)])]
    if kind == 2:
        sizes = [0, 1, 2, len(layer), len(layer) - 8, 2**63, 2**63 - 1, 2**64 - 1, 2**32, random.randrange(3000)]
        return struct.pack("<Q", random.choice(sizes)) + layer[8:]
    if kind == 3:
        tensor["data_offsets"][random.randrange(2)] = random.choice(SIZES)
    elif kind == 4:
        tensor["shape"][random.randrange(len(tensor["shape"]))] = random.choice(SIZES)
    elif kind == 5:
        tensor["shape"] = random.choice(SHAPES + [tensor["shape"] + [1], [1] + tensor["shape"], tensor["shape"][::-1]])
    elif kind == 6:
        tensor["dtype"] = random.choice(TYPES)
    elif kind == 7:
        del header[random.choice(names)]
    elif kind == 8:
        other = header[random.choice(names)]
        tensor["data_offsets"] = other["data_offsets"]
        if random.random() < 0.5:
            tensor["shape"] = other["shape"]
    elif kind == 9:
        changed = bytearray(data)
        for _ in range(random.choice([1, 5, 1000])):
            place = low + 4 * random.randrange(max(1, (high - low) // 4))
            changed[place:place + 4] = struct.pack("<I", random.choice(WORDS + [random.randrange(2**32)]))
        data = bytes(changed)
    elif kind == 10:
        words = (high - low) // 4
        data = data[:low] + struct.pack("<I", random.choice(WORDS + [0, 0x3F800000])) * words + data[low + 4 * words:]
    elif kind == 11:
        metadata = header.setdefault("__metadata__", {})
        metadata[random.choice(list(metadata) or ["x"])] = random.choice(METADATA)
    elif kind == 12:
        header["__metadata__"] = random.choice([None, [], "x", 5, {}, {"a": {}}])
    elif kind == 13:
        entry = {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}
        return pack((json.dumps(header)[:-1] + f",{json.dumps(random.choice(names))}:{json.dumps(entry)}}}").encode(), data)
    elif kind == 14:
        depth = random.choice([100, 500, 600, 5000, 100000])
        deep = random.choice(["[" * depth + "]" * depth, '{"a":' * depth + "1" + "}" * depth, "[" * depth])
        return pack((json.dumps(header)[:-1] + f',"deep":{deep}}}').encode(), data)
    elif kind == 15:
        text = json.dumps(header)
        odd = [
            b"", b"{}", b"[]", b"null", b'"x"', text.encode("utf-16"), b"\xef\xbb\xbf" + text.encode(),
            text.encode() + b"\0", text.encode() + b"{}", b" " * 1000 + text.encode(), text.replace('"', "'").encode(),
            text.encode()[:-1], b"\xff" * 50, text.replace(":[", ":[NaN,", 1).encode(),
        ]
        return pack(random.choice(odd), data)
    elif kind == 16:
        for number in range(random.choice([10, 1000, 20000])):
            header[f"x{number}"] = {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}
    else:
        name = random.choice(["\n", "\x1b[31m", "a" * 100000, "../../x", "\u202e", "", "'", "\U0001F600"])
        header[name] = random.choice([{"dtype": "F32", "shape": [1], "data_offsets": [0, 9]}, {"dtype": "F32"}, 5])
    return pack(header, data)


def cases(bench, random):
    fixtures = bench.root / "Tests/Fixtures"
    layers = [
        (fixtures / name).read_bytes()
        for name in ("lookupffn-bh4-d96-padded.safetensors", "lookupffn-dense-d128.safetensors")
    ] + [small_dense()]
    options = [[], ["--dtype", "int8"], ["--dtype", "bf16"], ["--isa", "scalar"], ["--projection-dtype", "bf16"],
               ["--tokens", "3"], ["--json"]]
    layer, experiment = bench.work / "x.safetensors", bench.work / "e.yaml"
    while True:
        layer.write_bytes(mutated(random, random.choice(layers)))
        if random.random() < 0.75:
            yield Case(["verify", "x.safetensors"] + random.choice(options), ["x.safetensors", "--"], (0, 1, 64), [layer])
        else:
            more = random.choice(["", ", codes: recorded", ", tokens: 8"])
            experiment.write_text(
                "schema: lookahead/experiment/1\nname: x\nsweeps:\n  - {name: a, set: {kernel: %s, layer: x.safetensors%s}}\n"
                % (random.choice(["lookup", "dense"]), more))
            yield Case(["run", "e.yaml", "--dry-run"], ["x.safetensors", "e.yaml"], inputs=[layer, experiment])
