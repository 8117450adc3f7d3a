"""Mutations that all text formats share."""
import re

# Scalars that readers of YAML take for something else than was meant, sizes at the ends of their types, and text that is
# code somewhere else.
HOSTILE = [
    "0", "-1", "1", "2", "3", "-0", "1e308", "1e309", "1e-320", ".nan", ".inf", "-.inf", "NaN", "~", "null", "true", "no",
    "9223372036854775807", "9223372036854775808", "-9223372036854775808", "18446744073709551616", "1e18", "4294967296",
    "2147483648", "0x7fffffffffffffff", "1_000", "1:30", "010", "0o17", "0b11", "1.0", "512.0", "[]", "{}", '""', "''",
    '"\\0"', '"\\x1b[31m"', '"a\\nb"', "../../../x", '"`id`"', "$(id)", '"|"', "=cmd()", "<script>", "e\u0301",
    '"\\u202e"', "\U0001F600", '"\\ud800"', "*a", "&a x", "&a [*a]", "!!binary aGk=", "!!float 3", '!!int "12"',
    "!!set {a}", "? x", "- x", "|\n    x", ">\n    y", "\u0661\u0662", "\u00a05", "2024-01-01", "x" * 5000,
]


def character(random):
    return chr(random.choice([random.randrange(128), random.randrange(0xD7FF)]))


def flip_bytes(random, data, count):
    """`count` bytes of `data` replaced."""
    changed = bytearray(data)
    for _ in range(count if changed else 0):
        changed[random.randrange(len(changed))] = random.randrange(256)
    return bytes(changed)


def replace_value(random, text, values, pattern=r":\s+([^\s,\]}{\[\"]+)"):
    """The first group of one match of `pattern` replaced by one of `values`."""
    matches = list(re.finditer(pattern, text))
    if not matches:
        return text
    match = random.choice(matches)
    return text[:match.start(1)] + random.choice(values) + text[match.end(1):]


def mangle_lines(random, text):
    """A line removed, repeated or swapped, a character replaced, or the end cut off."""
    lines = text.split("\n")
    first, second = random.randrange(len(lines)), random.randrange(len(lines))
    kind = random.randrange(5)
    if kind == 0:
        del lines[first]
    elif kind == 1:
        lines.insert(first, lines[second])
    elif kind == 2:
        lines[first], lines[second] = lines[second], lines[first]
    elif kind == 3 and text:
        place = random.randrange(len(text))
        return text[:place] + character(random) + text[place + random.randint(0, 2):]
    else:
        return text[:random.randrange(len(text) + 1)]
    return "\n".join(lines)


def encode(text):
    return text.encode("utf8", "surrogatepass")
