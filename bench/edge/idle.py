"""The scenario idle: the memory that a server keeps for a visitor who stays connected and asks nothing."""

import contextlib
import resource
import select
import socket
import time

import content
import report
import servers
from bench import Bench
from servers import Server
from trouble import Skipped, Wrong

AIM_KB = 8
CONNECTIONS = 10_000
WARM_CONNECTIONS = 64
SPARE_FILES = 1_000
SETTLE_SECONDS = 2
UNIT = "KB / connection"


def run(bench: Bench) -> list[report.Row]:
    """Measures both servers, one after the other, each started for this alone."""
    need_files(CONNECTIONS + SPARE_FILES)
    kilobytes = {}
    with contextlib.ExitStack() as stack:
        for server in servers.start_both(stack, bench.subfolder("idle"), content.plain_site(), bench.binary):
            kilobytes[server.name] = _kilobytes_each(server)
            print(f"idle: {server.name} {kilobytes[server.name]:.2f} KB for each of {CONNECTIONS:,}", flush=True)
    ours, reference = kilobytes["boathook"], kilobytes["nginx"]
    return [report.Row("idle", UNIT, boathook=ours, aim=AIM_KB, reference=reference, aim_is_ratio=False)]


def need_files(count: int) -> None:
    """Raises the limit of open files of this process and those it starts, or says what to type."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    unlimited = resource.RLIM_INFINITY
    if soft != unlimited and soft < count:
        limit = hard if hard == unlimited else max(hard, count)
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (count, limit))
        except (ValueError, OSError):
            raise Skipped(f"needs {count} open files: ulimit -Hn {count} as root, then again") from None


def _kilobytes_each(server: Server) -> float:
    with contextlib.ExitStack() as warm:
        _open(server, WARM_CONNECTIONS, warm)
    with contextlib.ExitStack() as stack:
        before = server.resident_bytes()
        connections = _open(server, CONNECTIONS, stack)
        time.sleep(SETTLE_SECONDS)
        after = server.resident_bytes()
        if closed := _closed(connections):
            raise Wrong(f"{server.name} has closed {closed} of {CONNECTIONS} idle connections")
    return (after - before) / CONNECTIONS / 1024


def _open(server: Server, count: int, stack: contextlib.ExitStack) -> list[socket.socket]:
    """Connections that have each had one answer and are kept."""
    return [_visit(server, stack) for _ in range(count)]


def _visit(server: Server, stack: contextlib.ExitStack) -> socket.socket:
    connection = stack.enter_context(socket.create_connection(("127.0.0.1", server.port), 30))
    connection.sendall(f"GET /small.html HTTP/1.1\r\nHost: {server.host}\r\n\r\n".encode())
    answer = b""
    while not answer.endswith(content.SMALL):
        received = connection.recv(1 << 16)
        answer += received
        if not received or len(answer) > 2 * len(content.SMALL):
            raise Wrong(f"{server.name} answers {answer[:100]!r}")
    if not answer.startswith(b"HTTP/1.1 200 "):
        raise Wrong(f"{server.name} answers {answer[:100]!r}")
    return connection


def _closed(connections: list[socket.socket]) -> int:
    poll = select.poll()
    for connection in connections:
        poll.register(connection, select.POLLIN)
    return len(poll.poll(0))
