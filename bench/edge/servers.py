"""The two servers: started on one core, asked for what they have used, stopped."""

import contextlib
import dataclasses
import gzip
import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import api
import content
from answers import brotli
from trouble import Skipped, Wrong

SERVER_CORE, LOAD_CORE = "0", "1"
START_SECONDS = 30
STOP_SECONDS = 20
TICKS = os.sysconf("SC_CLK_TCK")
# Longer than any scenario leaves a connection idle, in seconds.
IDLE_LIMIT = 600
BROTLI_MODULE = Path("/usr/lib/nginx/modules/ngx_http_brotli_static_module.so")

NGINX = """
{modules}
worker_processes 1;
worker_rlimit_nofile 16384;
daemon off;
pid {root}/nginx.pid;
error_log {root}/error.log warn;
events {{ worker_connections 16000; }}
http {{
    include /etc/nginx/mime.types;
    access_log off;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 1000000000;
    keepalive_timeout {idle};
    open_file_cache max=1000 inactive=300s;
    open_file_cache_valid 300s;
    gzip_static on;
    {directives}
    client_body_temp_path {root}/t1; proxy_temp_path {root}/t2; fastcgi_temp_path {root}/t3;
    uwsgi_temp_path {root}/t4; scgi_temp_path {root}/t5;
    server {{
        listen 127.0.0.1:{port};
        listen 127.0.0.1:{h2_port} http2;
        root {root}/www;
        error_page 404 /404.html;
    }}
}}
"""


@dataclasses.dataclass(frozen=True)
class Server:
    """A running server. `host` is the one under which the files of the contest are found."""

    name: str
    port: int
    h2_port: int
    host: str
    process: subprocess.Popen
    token: str = ""

    def cpu_seconds(self) -> float:
        """CPU time, user and system, of the process and its children so far."""
        return sum(_ticks(pid) for pid in _family(self.process.pid)) / TICKS

    def resident_bytes(self) -> int:
        """User-space memory of the process and its children."""
        return sum(_resident(pid) for pid in _family(self.process.pid))

    def api(self) -> contextlib.closing[api.Api]:
        """A connection to Boathook's API."""
        return api.connect(self.port, self.token)


def _family(pid: int) -> list[int]:
    pids = [pid]
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            pids += _family(int(child))
    return pids


def _ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])


def _resident(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return sum(int(line.split()[1]) << 10 for line in lines if line.startswith("VmRSS:"))


def nginx_binary() -> str | None:
    """Where nginx is; Debian puts it outside an ordinary user's path."""
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")


def has_brotli() -> bool:
    """Whether nginx can be given brotli forms here."""
    return BROTLI_MODULE.exists() and shutil.which("brotli") is not None


def need_brotli() -> None:
    """Raises, with what to type, when nginx cannot be given brotli forms here."""
    if not has_brotli():
        raise Skipped("nginx has no brotli here: apt-get install libnginx-mod-http-brotli-static brotli")


def start_nginx(stack: contextlib.ExitStack, root: Path, files: dict[str, bytes]) -> Server:
    """nginx with the files, and the compressed forms of the small one beside it."""
    root.mkdir()
    for path, body in files.items():
        write(root / "www" / path.lstrip("/"), body)
    write(root / "www/small.html.gz", gzip.compress(content.SMALL))
    if has_brotli():
        write(root / "www/small.html.br", brotli(["--best"], content.SMALL))
    port, h2_port = free_ports(2)
    settings = {"root": root, "port": port, "h2_port": h2_port, "idle": IDLE_LIMIT}
    settings["modules"] = f"load_module {BROTLI_MODULE};" if has_brotli() else ""
    settings["directives"] = "brotli_static on;" if has_brotli() else ""
    write(root / "nginx.conf", NGINX.format(**settings).encode())
    command = [nginx_binary() or "nginx", "-c", str(root / "nginx.conf"), "-p", str(root)]
    process = launch(stack, command, root, port)
    return Server("nginx", port, h2_port, f"127.0.0.1:{port}", process)


def start_boathook(stack: contextlib.ExitStack, root: Path, files: dict[str, bytes], binary: Path) -> Server:
    """Boathook with the files in a site, deployed as any client would."""
    root.mkdir()
    (port,), token = free_ports(1), secrets.token_hex(24)
    environment = {
        "BOATHOOK_OWNER_TOKEN": token,
        "BOATHOOK_RATE_LIMIT": str(api.RATE_LIMIT),
        "BOATHOOK_HEAD_TIMEOUT": str(IDLE_LIMIT),
    }
    command = [str(binary), "serve", "--data", str(root / "data"), "--listen", f"127.0.0.1:{port}"]
    process = launch(stack, command, root, port, **environment)
    with api.connect(port, token) as owner:
        site = owner.make_site("bench", files)
    return Server("boathook", port, port, site.host, process, token)


def start_both(stack: contextlib.ExitStack, root: Path, files: dict[str, bytes], binary: Path) -> list[Server]:
    """nginx and Boathook with the same files."""
    return [start_nginx(stack, root / "nginx", files), start_boathook(stack, root / "boathook", files, binary)]


def write(file: Path, body: bytes) -> None:
    """A file with these bytes, in a folder that is made for it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(body)


def free_ports(count: int) -> list[int]:
    """Ports on loopback at which nobody listens."""
    with contextlib.ExitStack() as stack:
        probes = [stack.enter_context(contextlib.closing(socket.socket())) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]


def launch(
    stack: contextlib.ExitStack, command: list[str], root: Path, port: int, core: str = SERVER_CORE, **environment: str
) -> subprocess.Popen:
    """Starts a server on its core, to be stopped with the stack; its output goes to a file by its data."""
    with (root / "output.log").open("wb") as log:
        pinned = ["taskset", "-c", core, *command]
        process = subprocess.Popen(pinned, stdout=log, stderr=log, env={**os.environ, **environment})
    stack.callback(_stop, process)
    try:
        _wait_for(port, process)
    except Wrong as trouble:
        output = (root / "output.log").read_text(errors="replace")[-2000:]
        raise Wrong(f"{Path(command[0]).name} {trouble}\n{output}") from None
    return process


def _wait_for(port: int, process: subprocess.Popen) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise Wrong(f"ended at once with {process.returncode}")
        with contextlib.suppress(OSError), contextlib.closing(socket.create_connection(("127.0.0.1", port), 1)):
            return
        time.sleep(0.05)
    raise Wrong(f"does not listen on {port}")


def _stop(process: subprocess.Popen) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(timeout=STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
