"""One process of the tool, a directory to run it in, and the finished run that some formats damage."""
import os
import pathlib
import resource
import signal
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
ADDRESS_SPACE = 4 << 30


class Outcome:
    """How one process ended."""

    def __init__(self, status, hung, resident_mib, output, messages):
        self.status, self.hung, self.resident_mib = status, hung, resident_mib
        self.output, self.messages = output, messages

    @property
    def died(self):
        return self.status < 0 or self.status >= 128


class Case:
    """A call of the tool: its arguments, words of which one must stand in a refusal, the exit codes that are answers,
    the files to keep where it fails, and a further look at the outcome that returns what is wrong."""

    def __init__(self, arguments, names, answers=(0, 64), inputs=(), look=None):
        self.arguments, self.names, self.answers, self.inputs, self.look = arguments, names, answers, inputs, look


class Bench:
    """Where the cases of one format run: a directory of their own, and the tool."""

    def __init__(self, tool, work, limit, bounds_address_space):
        self.tool, self.work, self.limit, self.bounds = tool, work, limit, bounds_address_space
        self.root = ROOT
        (work / "home").mkdir(parents=True)
        self.environment = {
            name: value for name, value in os.environ.items() if not name.startswith(("OPENBLAS_", "SBATCH_"))
        }
        # Without gnuplot: each plot would be a process more.
        self.environment |= {"PATH": str(work / "home"), "HOME": str(work / "home"), "SWIFT_BACKTRACE": "enable=no"}

    def _before(self):
        if self.bounds:
            resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    def run(self, arguments, limit=None):
        with open(self.work / "output", "wb") as output, open(self.work / "messages", "wb") as messages:
            process = subprocess.Popen(
                [self.tool, *arguments], stdin=subprocess.DEVNULL, stdout=output, stderr=messages, cwd=self.work,
                env=self.environment, preexec_fn=self._before, start_new_session=True)
            deadline, hung = time.monotonic() + (limit or self.limit), False
            while True:
                pid, status, usage = os.wait4(process.pid, os.WNOHANG)
                if pid:
                    break
                if not hung and time.monotonic() > deadline:
                    hung = True
                    os.killpg(process.pid, signal.SIGKILL)
                time.sleep(0.002)
            process.returncode = 0
        code = -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
        read = lambda name: (self.work / name).read_bytes()[:1 << 20]
        return Outcome(code, hung, usage.ru_maxrss / 1024, read("output"), read("messages"))

    def finished_run(self):
        """A finished small run, made once."""
        directory = self.work.parent / "finished"
        experiment = self.work.parent / "small.yaml"
        if not directory.exists():
            experiment.write_text(SMALL)
            outcome = self.run(["run", str(experiment), "--output", str(directory), "--quiet", "--allow-debug"], 600)
            if outcome.status != 0:
                raise SystemExit(f"fuzz: the small run failed: {outcome.messages.decode('utf8', 'replace')}")
        return directory


SMALL = """schema: lookahead/experiment/1
name: small
seed: 3
defaults: {threads: 1, hidden: 64, tokens: 64}
sweeps:
  - {name: look, set: {kernel: lookup, tables: 8}, axes: {table_rows: [16, 64]}}
  - {name: full, set: {kernel: dense, intermediate: 128}}
measure: {min_samples: 6, min_seconds: 0, max_seconds: 0.05, warmup_seconds: 0}
machines: [host, epyc-7763]
"""
