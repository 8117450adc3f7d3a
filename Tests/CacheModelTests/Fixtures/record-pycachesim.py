#!/usr/bin/env python3
"""Records what pycachesim 0.3.1 counts for synthetic traces: writes pycachesim.json beside this script.

    pip install pycachesim==0.3.1 && ./record-pycachesim.py

The traces are generated here and again by PycachesimParityTests.swift, from the same seeds. Addresses stay below 2^31,
because pycachesim 0.3.1 truncates them (RRZE-HPC/pycachesim issue 15).
"""
import json
import pathlib

import cachesim

MASK = (1 << 64) - 1


def trace(kind, seed, count, span, stride, write_eighths):
    """Yields (address, is_write)."""
    x = seed
    for i in range(count):
        x = (x * 6364136223846793005 + 1442695040888963407) & MASK
        address = (x >> 33) % span if kind == "random" else (i * stride) % span
        yield address, (x >> 20) & 7 < write_eighths


# name: [(sets, ways)], from the core outwards; 64-byte lines. Sets that are no powers of two are among them.
HIERARCHIES = {
    "powers of two": [(16, 4), (64, 8), (256, 16)],
    "odd set counts": [(12, 3), (60, 5), (333, 11)],
    "one level": [(7, 6)],
    "equal levels": [(16, 4), (16, 4)],
}
TRACES = [
    ("random", 1, 20000, 60_000, 0, 3),
    ("random", 2, 20000, 400_000, 0, 0),
    ("random", 3, 20000, 1_500_000_000, 0, 4),
    ("strided", 4, 20000, 30_000, 8, 2),
    ("strided", 5, 20000, 200_000, 72, 8),
    ("strided", 6, 20000, 500_000, 4096, 1),
]

cases = []
for hierarchy, shapes in HIERARCHIES.items():
    for policy in ["LRU", "FIFO"]:
        for kind, seed, count, span, stride, writes in TRACES:
            memory = cachesim.MainMemory()
            caches = []
            below = None
            for index, (sets, ways) in reversed(list(enumerate(shapes))):
                below = cachesim.Cache(
                    f"L{index + 1}", sets, ways, 64, policy, write_back=True, write_allocate=True,
                    load_from=below, store_to=below)
                caches.insert(0, below)
            memory.load_to(caches[-1])
            memory.store_from(caches[-1])
            simulator = cachesim.CacheSimulator(caches[0], memory)
            for address, is_write in trace(kind, seed, count, span, stride, writes):
                (simulator.store if is_write else simulator.load)(address, 1)
            cases.append({
                "hierarchy": hierarchy, "levels": shapes, "policy": policy.lower(),
                "trace": {"kind": kind, "seed": seed, "count": count, "span": span, "stride": stride,
                          "write_eighths": writes},
                "expected": [
                    {key: stats[key + "_count"] for key in ["LOAD", "STORE", "HIT", "MISS", "EVICT"]}
                    for stats in list(simulator.stats())[:len(shapes)]
                ],
            })

path = pathlib.Path(__file__).with_name("pycachesim.json")
path.write_text("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n")
