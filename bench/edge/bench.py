"""What every scenario is given: the binary, a folder, the pace, and the two servers with the same files."""

import contextlib
import dataclasses
import functools
import tempfile
from collections.abc import Callable
from pathlib import Path

import content
import report
import servers
from contest import Pace, contest
from load import Load
from servers import Server


@dataclasses.dataclass
class Bench:
    """A run. What is started is stopped when `stack` is closed."""

    folder: Path
    stack: contextlib.ExitStack
    binary: Path
    pace: Pace
    sites: int

    @functools.cached_property
    def pair(self) -> list[Server]:
        """nginx and Boathook, which most scenarios share: the single files and the docs site."""
        return servers.start_both(self.stack, self.subfolder("pair"), {**content.FILES, **content.docs()}, self.binary)

    def subfolder(self, name: str) -> Path:
        """A new folder that nginx's own user may read."""
        folder = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=self.folder))
        folder.chmod(0o755)
        return folder

    def duel(
        self, name: str, aim: float, load: Callable[[Server], Load], verify: Callable[[Server], None]
    ) -> list[report.Row]:
        """nginx against Boathook, as a row of the table."""

        def verify_both() -> None:
            for server in self.pair:
                verify(server)

        loads = {server.name: load(server) for server in self.pair}
        results = contest(name, loads, verify_both, self.pace)
        costs = {label: measured.cost for label, measured in results.items()}
        return [report.Row(name, report.COST, boathook=costs["boathook"], aim=aim, reference=costs["nginx"])]
