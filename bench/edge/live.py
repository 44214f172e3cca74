"""The scenario live: how soon a change is served when the server holds many sites, and what they cost."""

import concurrent.futures
import contextlib
import statistics
import threading
import time
from collections.abc import Callable

import answers
import content
import load
import report
import servers
from answers import Request, Visitor
from api import Api, Site
from bench import Bench
from contest import contest, wait_until_quiet
from servers import Server
from trouble import Wrong

SITE_AIM_MS, DEPLOY_AIM_MS, COST_AIM = 20, 5, 1.1
SAMPLES = 20
# Commits wait for the disk; several clients fill the wait.
CLIENTS = 8
# More hosts than this are not visited in the comparison of costs.
WALKED_SITES = 1_000
SERVED_SECONDS = 30
BACKGROUND_SECONDS = 3
PAGE = "/small.html"
ONE = "one site"


def run(bench: Bench) -> list[report.Row]:
    """Fills a server, measures it, and compares it with a server of one site."""
    with contextlib.ExitStack() as stack:
        folder = bench.subfolder("live")
        many = servers.start_boathook(stack, folder / "many", content.plain_site(), bench.binary)
        sites = _fill(many, bench.sites)
        rows = [_new_sites(many, bench.sites), _new_deploys(many, bench.sites)]
        one = servers.start_boathook(stack, folder / "one", content.plain_site(), bench.binary)
        return [*rows, *_costs(bench, one, many, sites)]


def _fill(server: Server, count: int) -> list[Site]:
    """Makes the sites, all of the same files, says how far it is, and returns when each is served."""
    local, opened = threading.local(), contextlib.ExitStack()

    def make(number: int) -> Site:
        if not hasattr(local, "api"):
            local.api = opened.enter_context(server.api())
        site = local.api.create_site(f"many-{number}")
        local.api.start_deploy(site, content.plain_site())
        return site

    began, sites = time.monotonic(), []
    with opened, concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
        for site in pool.map(make, range(count)):
            sites.append(site)
            if len(sites) % max(1, count // 4) == 0:
                print(f"live: {len(sites):,} sites made in {time.monotonic() - began:.0f} s", flush=True)
    with answers.visitor(server.port) as visitor:
        for site in sites:
            _until_served(visitor, site, content.SMALL, time.monotonic())
    print(f"live: all served after {time.monotonic() - began:.0f} s", flush=True)
    return sites


def _new_sites(server: Server, sites: int) -> report.Row:
    """From the API's answer to the deploy of a new site until visitors see it."""
    with server.api() as api, answers.visitor(server.port) as visitor:
        times = [_new_site(api, visitor, number) for number in range(SAMPLES)]
    return _timed("live: new site", sites, times, SITE_AIM_MS)


def _new_site(api: Api, visitor: Visitor, number: int) -> float:
    site = api.create_site(f"new-{number}")
    # A visitor who comes too early must not make the others wait.
    if visitor.get(site.host, PAGE).status == 200:
        raise Wrong("a site without a deploy is served")
    api.start_deploy(site, content.plain_site())
    return _until_served(visitor, site, content.SMALL, time.monotonic())


def _new_deploys(server: Server, sites: int) -> report.Row:
    """From the call that publishes another deploy until visitors see that one."""
    with server.api() as api, answers.visitor(server.port) as visitor:
        site = api.create_site("switched")
        pages = [content.version(number) for number in range(2)]
        deploys = [api.deploy(site, {PAGE: page}) for page in pages]
        times = []
        for number in range(SAMPLES):
            page, deploy = pages[number % 2], deploys[number % 2]
            began = time.monotonic()
            api.restore(site, deploy)
            times.append(_until_served(visitor, site, page, began))
    return _timed("live: new deploy", sites, times, DEPLOY_AIM_MS)


def _until_served(visitor: Visitor, site: Site, page: bytes, began: float) -> float:
    """Milliseconds since `began` when the page is served."""
    while True:
        answer = visitor.get(site.host, PAGE)
        passed = time.monotonic() - began
        if answer.status == 200 and answer.body == page:
            return passed * 1000
        if passed > SERVED_SECONDS:
            raise Wrong(f"{site.host} answers {answer.status} and not the new page")


def _timed(name: str, sites: int, times: list[float], aim: float) -> report.Row:
    middle = statistics.median(times)
    print(f"{name}, {sites:,} sites: {middle:.1f} ms [{min(times):.1f}..{max(times):.1f}] of {len(times)}", flush=True)
    return report.Row(f"{name}, {sites:,}", "ms", boathook=middle, aim=aim, aim_is_ratio=False)


def _costs(bench: Bench, one: Server, many: Server, sites: list[Site]) -> list[report.Row]:
    """Requests to a full server against requests to the only site of another. All walk, so that the load is alike."""
    hosts = [site.host for site in sites[:: max(1, len(sites) // WALKED_SITES)]][:WALKED_SITES]
    loads = {
        ONE: _walk(bench, one, [one.host]),
        f"one of {len(sites):,}": _walk(bench, many, [many.host]),
        f"{len(hosts):,} of {len(sites):,} in turn": _walk(bench, many, hosts),
    }
    _print_background(many)
    results = contest("live: CPU", loads, _checks(one, many, hosts), bench.pace)
    reference = results.pop(ONE).cost
    return [_cost_row(f"live: CPU, {label} / 1", measured.cost, reference) for label, measured in results.items()]


def _cost_row(name: str, ours: float, reference: float) -> report.Row:
    return report.Row(name, report.COST, ours, COST_AIM, reference, reference_is_nginx=False)


def _print_background(server: Server) -> None:
    """What the full server does unasked, which the figures contain."""
    wait_until_quiet(server)
    before = server.cpu_seconds()
    time.sleep(BACKGROUND_SECONDS)
    share = (server.cpu_seconds() - before) / BACKGROUND_SECONDS
    print(f"live: CPU of the full server that nobody asks: {share:.1%} of a core", flush=True)


def _walk(bench: Bench, server: Server, hosts: list[str]) -> load.Load:
    steps = load.write_steps(bench.folder / f"hosts-{server.port}-{len(hosts)}", [(host, PAGE) for host in hosts])
    return load.Walk(server, steps)


def _checks(one: Server, many: Server, hosts: list[str]) -> Callable[[], None]:
    def check() -> None:
        for server, names in ((one, [one.host]), (many, [many.host, *hosts])):
            with answers.visitor(server.port) as visitor:
                for host in names:
                    answers.check(host, Request(PAGE, content.SMALL), visitor.get(host, PAGE))

    return check
