"""The load generators: wrk for HTTP/1.1, h2load for HTTP/2, on the core that the servers leave alone."""

import abc
import dataclasses
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from servers import LOAD_CORE, Server
from trouble import Skipped, Wrong

WALK_SCRIPT = Path(__file__).with_name("walk.lua")
H2_CONNECTIONS, H2_STREAMS = 8, 4


@dataclasses.dataclass(frozen=True)
class Load(abc.ABC):
    """Something that keeps a server busy."""

    server: Server

    @abc.abstractmethod
    def run(self, seconds: int) -> int:
        """Asks for so many seconds; the number of requests answered as they must be."""


@dataclasses.dataclass(frozen=True)
class Wrk(Load):
    """One request over and over."""

    host: str
    path: str
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict)
    status: int = 200
    connections: int = 32

    def run(self, seconds: int) -> int:
        """Raises when there was an error, or another kind of status."""
        named = {"Host": self.host, **self.headers}
        return _wrk(self.connections, seconds, named, [_address(self.server) + self.path], self.status)


@dataclasses.dataclass(frozen=True)
class Walk(Load):
    """Several requests in turn. `steps` is a file as walk.lua reads it."""

    steps: Path
    connections: int = 32

    def run(self, seconds: int) -> int:
        """Raises when there was an error, or another status than success."""
        rest = ["-s", str(WALK_SCRIPT), _address(self.server), "--", str(self.steps)]
        return _wrk(self.connections, seconds, {}, rest, 200)


@dataclasses.dataclass(frozen=True)
class H2load(Load):
    """One request over and over by HTTP/2 without TLS, as many at once as wrk has."""

    host: str
    path: str

    def run(self, seconds: int) -> int:
        """Raises when there was an error, or another status than success."""
        command = ["h2load", "-t1", f"-c{H2_CONNECTIONS}", f"-m{H2_STREAMS}", "-D", str(seconds)]
        command += ["-H", f":authority: {self.host}", f"http://127.0.0.1:{self.server.h2_port}{self.path}"]
        output = _on_load_core(command)
        done = re.search(r"(\d+) succeeded, (\d+) failed, (\d+) errored", output)
        # Heads of answers that the end of the run cuts off are counted here and not there.
        answered = re.search(r"status codes: (\d+) 2xx, 0 3xx, 0 4xx, 0 5xx", output)
        if not done or not answered or int(done[1]) == 0 or done.groups()[1:] != ("0", "0"):
            raise Wrong(f"h2load counts failures of {self.server.name}\n{output}")
        return int(done[1])


def write_steps(file: Path, steps: list[tuple[str, str]]) -> Path:
    """The file of a walk: hosts and paths."""
    file.write_text("".join(f"{host}\t{path}\n" for host, path in steps))
    return file


def h2_get(server: Server, host: str, path: str) -> tuple[int, bytes] | None:
    """One request by HTTP/2: status and body. Nothing when the server does not speak it."""
    if not (shutil.which("nghttp") and shutil.which("h2load")):
        raise Skipped("nghttp and h2load are missing: apt-get install nghttp2-client")
    command = ["nghttp", "-H", f":authority: {host}", "-H", "accept-encoding: identity"]
    address = f"http://127.0.0.1:{server.h2_port}{path}"
    body = subprocess.run([*command, address], check=False, capture_output=True)
    frames = subprocess.run([*command, "--verbose", "--null-out", address], check=False, capture_output=True, text=True)
    status = re.search(r":status: (\d+)", frames.stdout)
    return (int(status[1]), body.stdout) if status else None


def _address(server: Server) -> str:
    return f"http://127.0.0.1:{server.port}"


def _wrk(connections: int, seconds: int, headers: Mapping[str, str], rest: list[str], status: int) -> int:
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s"]
    for name, value in headers.items():
        command += ["-H", f"{name}: {value}"]
    output = _on_load_core([*command, *rest])
    count = re.search(r"(\d+) requests in", output)
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", output)
    expected = count[1] if count and status >= 400 else "0"
    if not count or count[1] == "0" or "Socket errors" in output or (refused[1] if refused else "0") != expected:
        raise Wrong(f"wrk counts failures of {' '.join(rest)}\n{output}")
    return int(count[1])


def _on_load_core(command: list[str]) -> str:
    run = subprocess.run(["taskset", "-c", LOAD_CORE, *command], check=False, capture_output=True, text=True)
    return run.stdout + run.stderr
