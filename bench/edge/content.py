"""The files of the measured sites: the same bytes in every run and on every server."""

import functools
import hashlib
import random

SMALL = ("<!doctype html><title>small</title>" + "<p>lorem ipsum dolor sit amet</p>" * 30 + "\n").encode()
LARGE = hashlib.shake_256(b"boathook bench").digest(1 << 20)
MISSING = ("<!doctype html><title>not here</title>" + "<p>there is nothing at this address</p>" * 80 + "\n").encode()
FILES = {"/small.html": SMALL, "/large.bin": LARGE, "/404.html": MISSING}

DOCS_SEED = 20
DOCS_FILES = 200
DOCS_MEAN_BYTES = 50_000
DOCS_MIN_BYTES = 1_000
# Of every ten files six are pages; the others are what pages of a docs site refer to.
DOCS_KINDS = ["html"] * 6 + ["css", "js", "svg", "png"]

REDIRECT_RULES = 20
HEADER_RULES = 10
RULED_HEADER = "X-Bench-Rule"


@functools.cache
def docs() -> dict[str, bytes]:
    """A docs site: path in the deploy -> bytes."""
    draw = random.Random(DOCS_SEED)
    shares = [draw.lognormvariate(0, 1) for _ in range(DOCS_FILES)]
    scale = DOCS_MEAN_BYTES * DOCS_FILES / sum(shares)
    prose = _prose(draw, 1 << 21)
    files = {}
    for number, share in enumerate(shares):
        kind = DOCS_KINDS[number % len(DOCS_KINDS)]
        size = max(DOCS_MIN_BYTES, int(share * scale))
        files[_docs_path(number, kind)] = draw.randbytes(size) if kind == "png" else _excerpt(draw, prose, size)
    return files


def docs_walk() -> dict[str, bytes]:
    """What visitors of the docs site ask for, in the order of a walk: path of the request -> bytes."""
    pages = [(path.removesuffix("index.html"), body) for path, body in docs().items()]
    random.Random(DOCS_SEED + 1).shuffle(pages)
    return dict(pages)


def _docs_path(number: int, kind: str) -> str:
    if kind == "html":
        return f"/docs/part-{number % 12}/page-{number}/index.html"
    return f"/docs/assets/file-{number}.{kind}"


def _prose(draw: random.Random, size: int) -> bytes:
    words = ["".join(draw.choices("abcdefghijklmnopqrstuvwxyz", k=draw.randint(2, 11))) for _ in range(2_000)]
    return " ".join(draw.choices(words, k=size // 7)).encode()


def _excerpt(draw: random.Random, prose: bytes, size: int) -> bytes:
    start = draw.randrange(len(prose) // 2)
    return (prose[start:] + prose * (size // len(prose) + 1))[:size]


def redirects() -> str:
    """Redirect rules of the kinds that sites have; none is for the measured file."""
    kinds = [
        "/old-{0} /new-{0} 301",
        "/blog-{0}/* /posts-{0}/:splat 302",
        "/shop-{0}/:kind/:item /store/{0}/:kind?item=:item 301",
        "/closed-{0}/* /404.html 404!",
        "/app-{0}/* /app-{0}/index.html 200",
    ]
    return "".join(kinds[number % len(kinds)].format(number) + "\n" for number in range(REDIRECT_RULES))


def headers() -> str:
    """Header rules of which three are for the measured file."""
    common = [("/*", RULED_HEADER, "on"), ("/*", "X-Frame-Options", "DENY"), ("/small.html", "X-Small", "yes")]
    rare = [(f"/part-{number}/*", "X-Part", str(number)) for number in range(HEADER_RULES - len(common))]
    return "".join(f"{path}\n  {name}: {value}\n" for path, name, value in common + rare)


def plain_site() -> dict[str, bytes]:
    """A site of one page."""
    return {"/small.html": SMALL, "/404.html": MISSING}


def ruled_site() -> dict[str, bytes]:
    """The same site with rules."""
    return {**plain_site(), "/_redirects": redirects().encode(), "/_headers": headers().encode()}


def version(number: int) -> bytes:
    """The small page with another title: what tells one deploy of a site from the next."""
    return SMALL.replace(b"<title>small</title>", f"<title>version {number}</title>".encode())
