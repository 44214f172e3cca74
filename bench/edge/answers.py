"""One request and the answer that it must get."""

import contextlib
import dataclasses
import gzip
import http.client
import shutil
import subprocess
import time
from collections.abc import Mapping

from trouble import Skipped, Wrong, unsupported

# Compressed forms are made after a deploy is live.
ENCODING_SECONDS = 30


@dataclasses.dataclass(frozen=True)
class Request:
    """What is asked for, and what must come back. `body` is without its encoding."""

    path: str
    body: bytes
    status: int = 200
    encoding: str | None = None
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict)

    def sent_headers(self) -> dict[str, str]:
        """The headers of the request, but for Host."""
        return {**self.headers, **({"Accept-Encoding": self.encoding} if self.encoding else {})}


@dataclasses.dataclass(frozen=True)
class Answer:
    """What came back: header names in lower case, the body as it was sent."""

    status: int
    headers: dict[str, str]
    body: bytes

    def content(self) -> bytes:
        """The body without its encoding."""
        encoding = self.headers.get("content-encoding")
        if encoding == "gzip":
            return gzip.decompress(self.body)
        return brotli(["--decompress"], self.body) if encoding == "br" else self.body


def brotli(arguments: list[str], content: bytes) -> bytes:
    """What the brotli command makes of the content."""
    if not shutil.which("brotli"):
        raise Skipped("brotli is missing: apt-get install brotli")
    command = ["brotli", "--stdout", *arguments, "-"]
    return subprocess.run(command, input=content, stdout=subprocess.PIPE, check=True).stdout


class Visitor:
    """A keep-alive connection to a server on loopback."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    def get(self, host: str, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        """Asks once. A connection that the server has closed is opened again."""
        self._connection.request("GET", path, headers={"Host": host, **(headers or {})})
        answer = self._connection.getresponse()
        named = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, named, answer.read())

    def close(self) -> None:
        """Ends the connection."""
        self._connection.close()


def visitor(port: int) -> contextlib.closing[Visitor]:
    """A visitor who leaves at the end of the block."""
    return contextlib.closing(Visitor(port))


def ask(port: int, host: str, request: Request) -> Answer:
    """Asks once, on a connection of its own."""
    with visitor(port) as one:
        return one.get(host, request.path, request.sent_headers())


def verify(name: str, port: int, host: str, request: Request) -> None:
    """Raises unless the server gives the very answer that is to be measured."""
    answer = ask(port, host, request)
    check(name, request, answer)


def check(name: str, request: Request, answer: Answer) -> None:
    """Raises unless this is the answer that the request must get."""
    encoding = answer.headers.get("content-encoding")
    if answer.status != request.status or encoding != request.encoding:
        raise Wrong(f"{name} answers {request.path} with {answer.status}, content-encoding {encoding}")
    content = answer.content()
    if content != request.body:
        raise Wrong(f"{name} answers {request.path} with {len(content)} bytes that are not the file's")


def wait_for_encoding(name: str, port: int, host: str, request: Request) -> None:
    """Returns when the compressed form is served."""
    deadline = time.monotonic() + ENCODING_SECONDS
    while ask(port, host, request).headers.get("content-encoding") != request.encoding:
        if time.monotonic() > deadline:
            raise unsupported(f"{name} does not send {request.encoding} of {request.path}")
        time.sleep(0.05)
