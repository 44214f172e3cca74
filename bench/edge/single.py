"""Scenarios of one file asked for over and over: small, conn, gzip, br, 304, 404, large, h2."""

import dataclasses
from collections.abc import Mapping

import answers
import content
import load
import report
import servers
from answers import Request
from bench import Bench
from servers import Server
from trouble import Wrong, unsupported

SMALL_PATH = "/small.html"


@dataclasses.dataclass(frozen=True)
class Single:
    """A request of HTTP/1.1, how it is repeated, and what ours may cost where nginx costs 1."""

    name: str
    aim: float
    request: Request
    connections: int = 32
    each_anew: bool = False
    revalidate: bool = False

    def run(self, bench: Bench) -> list[report.Row]:
        """Measures both servers."""
        if self.request.encoding == "br":
            servers.need_brotli()
        if self.request.encoding:
            for server in bench.pair:
                answers.wait_for_encoding(server.name, server.port, server.host, self.request)
        return bench.duel(self.name, self.aim, self._load, self._verify)

    def _load(self, server: Server) -> load.Load:
        request = self._request(server)
        headers = {**request.sent_headers(), **self._connection()}
        return load.Wrk(server, server.host, request.path, headers, request.status, self.connections)

    def _connection(self) -> Mapping[str, str]:
        return {"Connection": "close"} if self.each_anew else {}

    def _verify(self, server: Server) -> None:
        answers.verify(server.name, server.port, server.host, self._request(server))

    def _request(self, server: Server) -> Request:
        """The request to this server, which may name the server's own etag."""
        if not self.revalidate:
            return self.request
        etag = answers.ask(server.port, server.host, Request(self.request.path, b"")).headers["etag"]
        return dataclasses.replace(self.request, headers={"If-None-Match": etag})


SINGLES = [
    Single("small", 0.9, Request(SMALL_PATH, content.SMALL)),
    Single("conn", 1.1, Request(SMALL_PATH, content.SMALL), each_anew=True),
    Single("gzip", 0.75, Request(SMALL_PATH, content.SMALL, encoding="gzip")),
    Single("br", 0.75, Request(SMALL_PATH, content.SMALL, encoding="br")),
    Single("304", 1.0, Request(SMALL_PATH, b"", status=304), revalidate=True),
    Single("404", 1.0, Request("/missing", content.MISSING, status=404)),
    Single("large", 1.1, Request("/large.bin", content.LARGE), connections=8),
]


def h2(bench: Bench) -> list[report.Row]:
    """The small file by HTTP/2 without TLS, begun without asking (prior knowledge)."""

    def verify(server: Server) -> None:
        answer = load.h2_get(server, server.host, SMALL_PATH)
        if answer is None:
            raise unsupported(f"{server.name} does not answer HTTP/2 without TLS")
        if answer != (200, content.SMALL):
            raise Wrong(f"{server.name} answers {SMALL_PATH} by HTTP/2 with {answer[0]}, {len(answer[1])} bytes")

    return bench.duel("h2", 0.75, lambda server: load.H2load(server, server.host, SMALL_PATH), verify)
