"""The scenario addon: a request that is passed on to the provider of an add-on, signed, beside nginx that passes
the same request on to the same place with headers of the same names and fixed values."""

import contextlib
import subprocess
from pathlib import Path

import answers
import content
import load
import report
import servers
from answers import Request
from bench import Bench
from contest import contest
from servers import LOAD_CORE, Server
from trouble import Wrong

AIM = 1.3
NAME = "bench"
PAGE = Request(f"/.netlify/{NAME}/small.html", content.SMALL)
# Idle connections to the provider that each keeps; more than the load has.
IDLE = 64
# As long as a signature.
SIGNATURE = "x" * 290

NGINX = """
worker_processes 1;
daemon off;
pid {root}/nginx.pid;
error_log {root}/error.log warn;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    keepalive_requests 1000000000;
    keepalive_timeout 600;
    default_type text/html;
    client_body_temp_path {root}/t1; proxy_temp_path {root}/t2; fastcgi_temp_path {root}/t3;
    uwsgi_temp_path {root}/t4; scgi_temp_path {root}/t5;
    {upstream}
    server {{
        listen 127.0.0.1:{port};
        {locations}
    }}
}}
"""
PROVIDER = """
        root {root}/www;
        location = /manifest {{ default_type application/json; return 200 '{{"name":"Bench"}}'; }}
        location = /instances {{
            default_type application/json;
            return 201 '{{"id":"bench-1","endpoint":"http://127.0.0.1:{port}"}}';
        }}
"""
UPSTREAM = "upstream provider {{ server 127.0.0.1:{provider}; keepalive {idle}; }}"
RELAY = """
        location /.netlify/{name}/ {{
            proxy_pass http://provider/;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Host 127.0.0.1:{provider};
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_set_header X-Forwarded-Proto $scheme;
            proxy_set_header X-Forwarded-Host $host;
            proxy_set_header X-NF-UUID 00000000-0000-0000-0000-000000000000;
            proxy_set_header X-NF-ID bench-1;
            proxy_set_header X-NF-SITE-URL http://bench.localhost;
            proxy_set_header X-Nf-Sign {signature};
        }}
"""


def run(bench: Bench) -> list[report.Row]:
    """Measures both ways to one provider, which has the core of the load."""
    ours = bench.pair[1]
    with contextlib.ExitStack() as stack:
        provider = _provider(stack, bench)
        pair = [_relay(stack, bench, provider), ours]
        _install(ours, provider)

        def verify() -> None:
            for server in pair:
                answers.verify(server.name, server.port, server.host, PAGE)

        loads: dict[str, load.Load] = {one.name: load.Wrk(one, one.host, PAGE.path) for one in pair}
        results = contest("addon", loads, verify, bench.pace)
    cost = {label: measured.cost for label, measured in results.items()}
    return [report.Row("addon", report.COST, boathook=cost["boathook"], aim=AIM, reference=cost["nginx"])]


def _provider(stack: contextlib.ExitStack, bench: Bench) -> int:
    """A provider that agrees to everything and answers with the page; its port."""
    root, (port,) = bench.subfolder("provider"), servers.free_ports(1)
    servers.write(root / "www/small.html", content.SMALL)
    locations = PROVIDER.format(root=root, port=port)
    configuration = NGINX.format(root=root, port=port, upstream="", locations=locations)
    _start(stack, root, port, configuration, LOAD_CORE)
    return port


def _relay(stack: contextlib.ExitStack, bench: Bench, provider: int) -> Server:
    """nginx that passes requests on."""
    root, (port,) = bench.subfolder("relay"), servers.free_ports(1)
    upstream = UPSTREAM.format(provider=provider, idle=IDLE)
    locations = RELAY.format(name=NAME, provider=provider, signature=SIGNATURE)
    configuration = NGINX.format(root=root, port=port, upstream=upstream, locations=locations)
    process = _start(stack, root, port, configuration, servers.SERVER_CORE)
    return Server("nginx", port, port, f"127.0.0.1:{port}", process)


def _start(
    stack: contextlib.ExitStack, root: Path, port: int, configuration: str, core: str
) -> subprocess.Popen:
    servers.write(root / "nginx.conf", configuration.encode())
    command = [servers.nginx_binary() or "nginx", "-c", str(root / "nginx.conf"), "-p", str(root)]
    return servers.launch(stack, command, root, port, core)


def _install(server: Server, provider: int) -> None:
    """Gives the measured site the add-on, as its people would."""
    endpoint = f"http://127.0.0.1:{provider}"
    with server.api() as api:
        site = api.call("GET", f"/sites?name={NAME}")[0]
        api.call("POST", "/services", {"name": "Bench", "slug": NAME, "description": "Answers", "endpoint": endpoint})
        made = api.call("POST", f"/sites/{site['id']}/services/{NAME}/instances", {"config": {}})
        if made["url"] != endpoint:
            raise Wrong(f"the instance leads to {made['url']}")
