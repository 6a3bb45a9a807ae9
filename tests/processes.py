"""`flask serve` as operators start it: in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import httpx

from tests.serving import free_port
from tests.waiting import PATIENCE

ROOT = Path(__file__).parents[1]


class FlaskServe:
    """A process that serves at `origin` and prints into the file `log`; start it with `with`.

    Whoever kills it can start it again, at the same address.
    """

    def __init__(self, folder: Path, variables: dict[str, str], *arguments: str) -> None:
        self._arguments = arguments
        self.port = free_port()
        self.origin = f"http://localhost:{self.port}"
        self.folder, self.log = folder, folder / f"log-{self.port}"
        self._environment = (
            os.environ
            | {"FLASK_APP": str(ROOT / "app.py"), "HANDRAIL_BASE_URL": self.origin}
            | variables
        )

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "flask", "serve", "--port", str(self.port), *self._arguments],
                env=self._environment, cwd=self.folder, stdout=log, stderr=log,
            )  # fmt: skip

    def wait_until_ready(self, seconds: float = PATIENCE) -> None:
        """Return as soon as it can serve; fail with what it printed if it ends or takes longer."""
        until = time.monotonic() + seconds
        with httpx.Client(timeout=3) as client:
            while self.process.poll() is None and time.monotonic() < until:
                try:
                    if client.get(f"{self.origin}/readyz").status_code == 200:
                        return
                except httpx.HTTPError:
                    pass
                time.sleep(0.05)
        raise TimeoutError(f"{self.origin} is not ready: {self.log.read_text()}")

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(PATIENCE)

    def __enter__(self) -> FlaskServe:
        self.start()
        try:
            self.wait_until_ready()
        except BaseException:
            self.kill()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
