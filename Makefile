# The targets for contributors. Those that build or test install missing packages first.
SHELL := /bin/bash
BINARY := .build/release/lookahead

.PHONY: run bench static check test test-kernels test-streams test-numa test-slurm test-fuzz fuzz test-sanitize build format lint setup clean

# A fresh run of the first experiment in runs/quick, replacing an earlier one. No file under version control
# changes.
run: build
	$(BINARY) run experiments/quick.yaml --output runs/quick --restart

# The kernels compared with their targets, side by side in one run.
bench: build
	$(BINARY) run experiments/bench.yaml --output runs/bench --restart
	$(BINARY) targets runs/bench
	$(BINARY) simulator-speed
	@scripts/bench-pycachesim

build: setup
	swift build -c release --product lookahead

# One executable and its resources in .build/lookahead-static, for a machine without our libraries. It cannot load a
# BLAS library, so that dense points are skipped.
static: setup
	swift build -c release --product lookahead --static-swift-stdlib -Xswiftc -static-executable --scratch-path .build/static
	rm -rf .build/lookahead-static && mkdir .build/lookahead-static
	strip -o .build/lookahead-static/lookahead .build/static/release/lookahead
	cp -r .build/static/release/lookahead_*.resources .build/lookahead-static/

# Before each commit: format, counter groups, a debug build, and the tests that need neither other processes nor
# this machine's own hardware (Tests/TestSupport/TestKind.swift).
check: setup lint
	swift build --build-tests
	LOOKAHEAD_SKIP_TESTS="process machine slow" swift test --skip-build --parallel --skip '^($(ALONE))'
	LOOKAHEAD_SKIP_TESTS="process machine slow" swift test --skip-build --no-parallel --filter '^($(ALONE))'

# These tests load numerical libraries, which read their settings from the environment as they load, examine this
# machine, wait for their own threads, or count what this process holds open, so that they run one after another. All
# others run in parallel.
ALONE := KernelsTests\.|ProfilerTests\.|ExperimentsTests\.ChildProcessTests
test: setup
	swift build --build-tests
	swift test --skip-build --parallel --skip '^($(ALONE))'
	swift test --skip-build --no-parallel --filter '^($(ALONE))'

# The micro-kernels of every instruction set, also under sanitizers and emulators; what cannot run here is named.
test-kernels:
	@scripts/setup emulators || echo "test-kernels: going on with what is there" >&2
	@scripts/test-kernels

# The model's access streams compared with a memory trace of the running code, and its caches with cachegrind's.
test-streams:
	@scripts/setup emulators || echo "test-streams: going on with what is there" >&2
	@scripts/test-streams

# Placement of threads and pages in emulated machines with several memory nodes.
test-numa: setup
	@scripts/setup numa || echo "test-numa: going on with what is there" >&2
	@scripts/test-numa

# A sweep on a real Slurm of four nodes on this machine, with a node killed half-way.
test-slurm: setup
	@scripts/setup slurm || echo "test-slurm: going on with what is there" >&2
	@scripts/test-slurm

# 300 mutated inputs of every format, the same ones every time.
test-fuzz: setup
	@scripts/setup python
	swift build --product lookahead
	python3 Tests/Fuzz/fuzz.py --count 300 --limit 60

# FUZZ_COUNT mutated inputs of every format, with a seed of the day.
FUZZ_COUNT ?= 1000
fuzz: build
	@scripts/setup python
	python3 Tests/Fuzz/fuzz.py --tool $(BINARY) --seed $$(date +%Y%m%d) --count $(FUZZ_COUNT)

# The tool under the address and the thread sanitizer; scripts/test-sanitize says what they do not see.
test-sanitize: setup
	@scripts/setup python
	@scripts/test-sanitize

format:
	swift format --in-place --recursive Package.swift Sources Tests

# The format of sources and documents, the declaration of every target's imports, and the events of every counter
# group, each of which libpfm or a named manual must know.
lint: setup
	swift format lint --strict --recursive Package.swift Sources Tests
	@scripts/setup python
	@scripts/check-documents
	@scripts/check-dependencies
	swift build --product lookahead
	.build/debug/lookahead events check

setup:
	@scripts/setup

clean:
	rm -rf .build
