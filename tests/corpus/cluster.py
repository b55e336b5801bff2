"""A Spark standalone cluster on loopback: one master and two workers, from the `spark` extra and the machine's Java."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HOST = "127.0.0.1"
PATIENCE = 120.0  # seconds until master and workers are up
ROOT = Path(__file__).parents[2]


class Cluster:
    """The processes. `master` is what `--engine` takes."""

    def __init__(self, home: Path, logs: Path) -> None:
        self._home, self._logs = home, logs
        self.workers: list[subprocess.Popen[bytes]] = []
        self._master, log = self._start("master", "org.apache.spark.deploy.master.Master", "--port", "0")
        self.master = self._await(log, r"Starting Spark master at (spark://\S+)")

    def add_worker(self) -> None:
        """One more worker with one core; returns when the master has it."""
        name = f"worker{len(self.workers)}"
        options = ("--cores", "1", "--memory", "1g", "--work-dir", str(self._logs / name))
        worker, log = self._start(name, "org.apache.spark.deploy.worker.Worker", *options, self.master)
        self.workers.append(worker)
        self._await(log, "Successfully registered with master")

    def _start(self, name: str, program: str, *options: str) -> tuple[subprocess.Popen[bytes], Path]:
        log = self._logs / f"{name}.log"
        env = os.environ | {"SPARK_HOME": str(self._home), "SPARK_LOCAL_IP": HOST, "SPARK_DAEMON_MEMORY": "256m"}
        env |= {"PYTHONPATH": str(ROOT)}  # what an installed clonedetect would give the executors
        command = [str(self._home / "bin" / "spark-class"), program, "--host", HOST, "--webui-port", "0", *options]
        with log.open("wb") as stream:
            return subprocess.Popen(command, env=env, stdout=stream, stderr=stream, start_new_session=True), log

    def _await(self, log: Path, pattern: str) -> str:
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if found := re.search(pattern, log.read_text("utf-8", "replace")):
                return found[1] if found.groups() else found[0]
            time.sleep(0.2)
        raise TimeoutError(f"{pattern} is not in the log:\n{log.read_text('utf-8', 'replace')[-2000:]}")

    def stop(self) -> None:
        """End all processes and what they started."""
        for process in (*self.workers, self._master):
            kill(process)


def kill(process: subprocess.Popen[bytes]) -> None:
    """End a worker or master with its executors, at once."""
    if process.poll() is None:
        os.killpg(process.pid, 9)
        process.wait(timeout=30)


@contextmanager
def cluster(logs: Path, workers: int) -> Iterator[Cluster]:
    """A running cluster, gone afterwards."""
    import pyspark

    running = Cluster(Path(pyspark.__file__).parent, logs)
    try:
        for _ in range(workers):
            running.add_worker()
        yield running
    finally:
        running.stop()
