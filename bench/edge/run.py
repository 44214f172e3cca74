#!/usr/bin/env python3
"""Compares what a request costs Boathook's edge and nginx, on one machine, taking turns.

    cargo build --release -p boathook
    bench/edge/run.py [--scenario small|gzip|304|404|large] [--rounds 5] [--seconds 2]

Both servers run on core 0, wrk on core 1, the same file in both. Before anything is measured each
server must answer with the right status and the right bytes. The figure is the CPU time (user and
system) that the server's processes spend on 100,000 requests: on a machine with neighbours it is
steadier than requests a second. Needs wrk, nginx and taskset; listens on loopback only.
"""

import argparse
import contextlib
import dataclasses
import gzip
import hashlib
import http.client
import json
import os
import re
import secrets
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
SERVER_CORE, LOAD_CORE = "0", "1"
START_SECONDS = 30
TICKS = os.sysconf("SC_CLK_TCK")

SMALL = ("<!doctype html><title>small</title>" + "<p>lorem ipsum dolor sit amet</p>" * 30 + "\n").encode()
LARGE = hashlib.shake_256(b"boathook bench").digest(1 << 20)
FILES = {"/small.html": SMALL, "/large.bin": LARGE}


@dataclasses.dataclass(frozen=True)
class Scenario:
    """What is asked for, and what must come back."""

    path: str
    status: int
    body: bytes | None = None
    connections: int = 32
    accept_encoding: str | None = None
    revalidate: bool = False


SCENARIOS = {
    "small": Scenario("/small.html", 200, SMALL),
    "gzip": Scenario("/small.html", 200, SMALL, accept_encoding="gzip"),
    "304": Scenario("/small.html", 304, b"", revalidate=True),
    "404": Scenario("/missing", 404),
    "large": Scenario("/large.bin", 200, LARGE, connections=8),
}

NGINX = """
worker_processes 1;
daemon off;
pid {root}/nginx.pid;
error_log {root}/error.log warn;
events {{ worker_connections 4096; }}
http {{
    include /etc/nginx/mime.types;
    access_log off;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 1000000000;
    open_file_cache max=1000 inactive=300s;
    open_file_cache_valid 300s;
    gzip_static on;
    client_body_temp_path {root}/t1; proxy_temp_path {root}/t2; fastcgi_temp_path {root}/t3;
    uwsgi_temp_path {root}/t4; scgi_temp_path {root}/t5;
    server {{ listen 127.0.0.1:{port}; root {root}/www; }}
}}
"""


@dataclasses.dataclass
class Server:
    """A running server and the host it answers to."""

    name: str
    port: int
    host: str
    process: subprocess.Popen

    def ask(self, scenario: Scenario, headers: dict[str, str]) -> tuple[int, bytes, dict[str, str]]:
        """One request: status, body as it came, headers in lower case."""
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)) as connection:
            connection.request("GET", scenario.path, headers={"Host": self.host, **headers})
            answer = connection.getresponse()
            return answer.status, answer.read(), {name.lower(): value for name, value in answer.getheaders()}

    def cpu_seconds(self) -> float:
        """CPU time of the process and its children so far."""
        return sum(ticks(pid) for pid in family(self.process.pid)) / TICKS


def family(pid: int) -> list[int]:
    """A process and its descendants."""
    pids = [pid]
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            pids += family(int(child))
    return pids


def ticks(pid: int) -> int:
    """User and system ticks of all threads of one process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(port: int, process: subprocess.Popen) -> None:
    """Returns when something accepts on the port."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            sys.exit(f"{process.args[3]} ended at once with {process.returncode}")
        with contextlib.suppress(OSError), contextlib.closing(socket.create_connection(("127.0.0.1", port), 1)):
            return
        time.sleep(0.05)
    sys.exit(f"nothing listens on {port}")


def launch(stack: contextlib.ExitStack, command: list[str], root: Path, **env: str) -> subprocess.Popen:
    """Starts a server on its core, to be stopped with the stack; it writes to a file by its data."""
    command = ["taskset", "-c", SERVER_CORE, *command]
    with (root / "output.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ, **env})
    stack.callback(stop, process)
    return process


def stop(process: subprocess.Popen) -> None:
    """Asks the process to end, and ends it if it does not listen."""
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(timeout=20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def start_nginx(stack: contextlib.ExitStack, root: Path) -> Server:
    """nginx with the files, and their gzip forms beside them."""
    port = free_port()
    for path, content in FILES.items():
        file = root / "www" / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        file.parent.joinpath(file.name + ".gz").write_bytes(gzip.compress(content))
    (root / "nginx.conf").write_text(NGINX.format(root=root, port=port))
    binary = shutil.which("nginx") or "/usr/sbin/nginx"
    process = launch(stack, [binary, "-c", str(root / "nginx.conf"), "-p", str(root)], root)
    wait_for(port, process)
    return Server("nginx", port, f"127.0.0.1:{port}", process)


def start_boathook(stack: contextlib.ExitStack, root: Path, binary: Path) -> Server:
    """Boathook with the files in a site, deployed as any client would."""
    port, token = free_port(), secrets.token_hex(24)
    command = [str(binary), "serve", "--data", str(root / "data"), "--listen", f"127.0.0.1:{port}"]
    process = launch(stack, command, root, BOATHOOK_OWNER_TOKEN=token)
    wait_for(port, process)
    host = deploy(Api(port, token))
    return Server("boathook", port, host, process)


@dataclasses.dataclass
class Api:
    """The Netlify API of a server on loopback."""

    port: int
    token: str

    def call(self, method: str, path: str, body: object = None) -> dict:
        """Sends JSON, or bytes as they are; the decoded answer."""
        raw = isinstance(body, bytes)
        payload = body if raw or body is None else json.dumps(body).encode()
        headers = {
            "Authorization": f"Bearer {self.token}",
            "Content-Type": "application/octet-stream" if raw else "application/json",
        }
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)) as connection:
            connection.request(method, f"/api/v1{path}", payload, headers)
            answer = connection.getresponse()
            text = answer.read()
        if answer.status >= 300:
            sys.exit(f"{method} {path}: {answer.status} {text[:300]!r}")
        return json.loads(text or b"{}")


def deploy(api: Api) -> str:
    """Makes a site and puts the files live; the host it answers to."""
    site = api.call("POST", "/sites", {"name": "bench"})
    digests = {path: hashlib.sha1(content).hexdigest() for path, content in FILES.items()}
    made = api.call("POST", f"/sites/{site['id']}/deploys", {"files": digests})
    for path, content in FILES.items():
        if digests[path] in made["required"]:
            api.call("PUT", f"/deploys/{made['id']}/files{path}", content)
    deadline = time.monotonic() + START_SECONDS
    while api.call("GET", f"/deploys/{made['id']}")["state"] != "ready":
        if time.monotonic() > deadline:
            sys.exit("the deploy does not become ready")
        time.sleep(0.05)
    return urllib.parse.urlsplit(site["url"]).netloc


def headers_for(server: Server, scenario: Scenario) -> dict[str, str]:
    """The headers of each request of the scenario."""
    headers = {}
    if scenario.accept_encoding:
        headers["Accept-Encoding"] = scenario.accept_encoding
    if scenario.revalidate:
        headers["If-None-Match"] = server.ask(scenario, {})[2]["etag"]
    return headers


def verify(server: Server, scenario: Scenario, headers: dict[str, str]) -> None:
    """Ends the run unless the server gives the very answer that is to be measured."""
    status, body, answered = server.ask(scenario, headers)
    if answered.get("content-encoding") != scenario.accept_encoding:
        sys.exit(f"{server.name}: content-encoding is {answered.get('content-encoding')}")
    if answered.get("content-encoding") == "gzip":
        body = gzip.decompress(body)
    if status != scenario.status or (scenario.body is not None and body != scenario.body):
        sys.exit(f"{server.name}: status {status}, {len(body)} bytes: not the answer to be measured")


def measure(server: Server, scenario: Scenario, headers: dict[str, str], seconds: float) -> tuple[float, float]:
    """One round: CPU seconds per 100,000 requests, and requests a second."""
    command = ["taskset", "-c", LOAD_CORE, "wrk", "-t1", f"-c{scenario.connections}", f"-d{seconds:g}s"]
    for name, value in {"Host": server.host, **headers}.items():
        command += ["-H", f"{name}: {value}"]
    before = server.cpu_seconds()
    run = subprocess.run([*command, f"http://127.0.0.1:{server.port}{scenario.path}"], capture_output=True, text=True)
    spent = server.cpu_seconds() - before
    count = re.search(r"(\d+) requests in", run.stdout)
    failed = re.search(r"Socket errors.*|Non-2xx.*", run.stdout)
    expected = scenario.status >= 400
    if not count or int(count[1]) == 0 or (failed and not (expected and failed[0].startswith("Non-2xx"))):
        sys.exit(f"{server.name}: wrk says\n{run.stdout}{run.stderr}")
    return spent / int(count[1]) * 100_000, int(count[1]) / seconds


def report(name: str, results: dict[str, list[tuple[float, float]]]) -> None:
    """Medians with the lowest and highest round, and the ratio of the medians."""
    print(f"{name}: CPU seconds per 100,000 requests, median [lowest..highest]")
    medians = {}
    for server, rounds in results.items():
        costs = [cost for cost, _ in rounds]
        medians[server] = statistics.median(costs)
        speed = statistics.median(rate for _, rate in rounds)
        print(f"  {server:9} {medians[server]:6.2f} [{min(costs):.2f}..{max(costs):.2f}]  {speed:10,.0f} requests/s")
    print(f"  boathook / nginx = {medians['boathook'] / medians['nginx']:.2f}")


def compare(servers: list[Server], name: str, rounds: int, seconds: float) -> None:
    """Measures one scenario on both servers, a round each in turn; who begins changes."""
    scenario = SCENARIOS[name]
    headers = {server.name: headers_for(server, scenario) for server in servers}
    for server in servers:
        verify(server, scenario, headers[server.name])
        measure(server, scenario, headers[server.name], 1)
    results: dict[str, list[tuple[float, float]]] = {server.name: [] for server in servers}
    for number in range(rounds):
        for server in servers if number % 2 == 0 else reversed(servers):
            results[server.name].append(measure(server, scenario, headers[server.name], seconds))
    for server in servers:
        verify(server, scenario, headers[server.name])
    report(name, results)


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scenario", choices=[*SCENARIOS, "all"], default="small")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--binary", type=Path, default=REPOSITORY / "target/release/boathook")
    return parser.parse_args()


def main() -> None:
    """Starts both, measures, and stops what it started."""
    options = arguments()
    if (os.cpu_count() or 1) < 2:
        sys.exit("needs two cores: one for the servers, one for the load")
    if not options.binary.exists():
        sys.exit(f"{options.binary} is missing: cargo build --release -p boathook")
    print(f"load average before: {os.getloadavg()[0]:.2f}")
    with tempfile.TemporaryDirectory(prefix="boathook-bench-") as folder, contextlib.ExitStack() as stack:
        # nginx serves as another user when it is started by root.
        Path(folder).chmod(0o755)
        roots = [Path(folder) / name for name in ("nginx", "boathook")]
        for root in roots:
            root.mkdir()
        servers = [start_nginx(stack, roots[0]), start_boathook(stack, roots[1], options.binary)]
        for name in SCENARIOS if options.scenario == "all" else [options.scenario]:
            compare(servers, name, options.rounds, options.seconds)


if __name__ == "__main__":
    main()
