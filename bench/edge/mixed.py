"""The scenario mixed: visitors who walk through a whole docs site."""

import answers
import content
import load
import report
from answers import Request
from bench import Bench
from servers import Server

AIM = 1.1


def run(bench: Bench) -> list[report.Row]:
    """Measures both servers."""
    folder = bench.subfolder("mixed")
    walk = content.docs_walk()
    mean = sum(map(len, walk.values())) / len(walk)
    print(f"mixed: {len(walk)} files, {mean / 1000:.0f} KB in the mean")

    def walk_of(server: Server) -> load.Load:
        steps = [(server.host, path) for path in walk]
        return load.Walk(server, load.write_steps(folder / server.name, steps))

    return bench.duel("mixed", AIM, walk_of, _verify)


def _verify(server: Server) -> None:
    with answers.visitor(server.port) as visitor:
        for path, body in content.docs_walk().items():
            answers.check(server.name, Request(path, body), visitor.get(server.host, path))
