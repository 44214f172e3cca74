"""The part of the Netlify API that puts sites on a Boathook server."""

import contextlib
import dataclasses
import hashlib
import http.client
import json
import time
import urllib.parse

from trouble import Wrong

READY_SECONDS = 30
# 429 tells of the limit of a token; none of the benchmarks is about it.
RATE_LIMIT = 1_000_000_000


@dataclasses.dataclass(frozen=True)
class Site:
    """A site of the server: its id, and the host that visitors ask for."""

    id: str
    host: str


class Api:
    """A keep-alive connection to the API of a server on loopback. Not for several threads."""

    def __init__(self, port: int, token: str) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._token = token

    def close(self) -> None:
        """Ends the connection."""
        self._connection.close()

    def call(self, method: str, path: str, body: object = None) -> dict:
        """Sends JSON, or bytes as they are; the decoded answer."""
        if body is None or isinstance(body, bytes):
            payload, kind = body, "application/octet-stream"
        else:
            payload, kind = json.dumps(body).encode(), "application/json"
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": kind}
        self._connection.request(method, f"/api/v1{path}", payload, headers)
        answer = self._connection.getresponse()
        text = answer.read()
        if answer.status >= 300:
            raise Wrong(f"{method} {path}: {answer.status} {text[:300]!r}")
        return json.loads(text or b"{}")

    def create_site(self, name: str) -> Site:
        """A site without a deploy."""
        made = self.call("POST", "/sites", {"name": name})
        return Site(made["id"], urllib.parse.urlsplit(made["url"]).netloc)

    def start_deploy(self, site: Site, files: dict[str, bytes]) -> dict:
        """Sends the digests and the files that the server has not; the deploy may not be live yet."""
        digests = {path: hashlib.sha1(content).hexdigest() for path, content in files.items()}
        deploy = self.call("POST", f"/sites/{site.id}/deploys", {"files": digests})
        required = set(deploy["required"])
        for path, content in files.items():
            if digests[path] in required:
                self.call("PUT", f"/deploys/{deploy['id']}/files{urllib.parse.quote(path)}", content)
        return deploy

    def deploy(self, site: Site, files: dict[str, bytes]) -> str:
        """Puts the files live; the id of the deploy."""
        deploy = self.start_deploy(site, files)
        deadline = time.monotonic() + READY_SECONDS
        while deploy["state"] != "ready":
            if time.monotonic() > deadline:
                raise Wrong(f"deploy {deploy['id']} does not become ready but is {deploy['state']}")
            deploy = self.call("GET", f"/deploys/{deploy['id']}")
        return deploy["id"]

    def restore(self, site: Site, deploy: str) -> None:
        """Publishes an earlier deploy again."""
        self.call("POST", f"/sites/{site.id}/deploys/{deploy}/restore")

    def make_site(self, name: str, files: dict[str, bytes]) -> Site:
        """A site with the files live."""
        site = self.create_site(name)
        self.deploy(site, files)
        return site


def connect(port: int, token: str) -> contextlib.closing[Api]:
    """A connection to the API that ends with the block."""
    return contextlib.closing(Api(port, token))
