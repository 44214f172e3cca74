"""The scenario rules: what 20 redirect rules and 10 header rules add to a request that none redirects."""

import answers
import content
import load
import report
from answers import Request
from api import Site
from bench import Bench
from contest import contest
from servers import Server
from trouble import unsupported

AIM = 1.1
PAGE = Request("/small.html", content.SMALL)
WITHOUT, WITH = "without", "with rules"


def run(bench: Bench) -> list[report.Row]:
    """Measures two sites of one server, which differ by their rules only."""
    server = bench.pair[1]
    with server.api() as api:
        sites = {
            WITHOUT: api.make_site("bench-plain", content.plain_site()),
            WITH: api.make_site("bench-ruled", content.ruled_site()),
        }
    _verify_rules(server, sites[WITH])

    def verify() -> None:
        for label, site in sites.items():
            answers.verify(f"the site {label}", server.port, site.host, PAGE)

    loads: dict[str, load.Load] = {label: load.Wrk(server, site.host, PAGE.path) for label, site in sites.items()}
    results = contest("rules", loads, verify, bench.pace)
    cost = {label: measured.cost for label, measured in results.items()}
    return [report.Row("rules / none", report.COST, cost[WITH], AIM, cost[WITHOUT], reference_is_nginx=False)]


def _verify_rules(server: Server, site: Site) -> None:
    """Raises when the server does not act by its rules, which would make them cheap."""
    moved = answers.ask(server.port, site.host, Request("/old-0", b""))
    if moved.status != 301 or not moved.headers.get("location", "").endswith("/new-0"):
        raise unsupported(f"a redirect rule is answered with {moved.status}")
    page = answers.ask(server.port, site.host, PAGE)
    if page.headers.get(content.RULED_HEADER.lower()) != "on":
        raise unsupported("a header rule adds nothing")
