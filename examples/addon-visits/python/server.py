"""Where visitors of an add-on's sites arrive, with PyJWT. Needs ADDON_SECRET; PORT is 4000 unless it is set."""

import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jwt

SECRET = os.environ["ADDON_SECRET"]
if not SECRET:
    raise SystemExit("ADDON_SECRET is empty")


def read(token):
    """What a token says, if it was signed with the add-on's secret and has not expired."""
    options = {"require": ["exp"], "verify_aud": False}  # whom a visitor's token is for is the site's affair
    try:
        return jwt.decode(token, SECRET, algorithms=["HS256"], options=options)
    except jwt.PyJWTError:
        return None


def signed(headers):
    """The instance that is asked: the claims of the platform, for a day after a change of secrets of either."""
    found = (read(headers.get(name, "")) for name in ("X-Nf-Sign", "X-Nf-Sign-Previous"))
    return next((claims for claims in found if claims and "netlify_id" in claims), None)


def visitor(headers):
    """Who asks: {} for nobody, None for a token that proves nothing."""
    scheme, _, token = headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return {}
    claims = read(token)
    return claims if claims and "sub" in claims else None


class Visits(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # keeps connections open

    def do_GET(self):
        instance, who = signed(self.headers), visitor(self.headers)
        if instance is None:
            return self.answer(401, {"message": "X-Nf-Sign is missing or does not verify"})
        if who is None:
            return self.answer(401, {"message": "your token does not verify"})
        self.answer(200, {"instance": instance["id"], "site": instance["site_url"], "visitor": who.get("email")})

    def answer(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


port = int(os.environ.get("PORT", "4000"))
print(f"listening on {port}", flush=True)
ThreadingHTTPServer(("127.0.0.1", port), Visits).serve_forever()
