"""A consumer of notifications with PyJWT. Needs PORT and WEBHOOK_SECRET."""

import base64
import hashlib
import hmac
import json
import os
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jwt

SECRET = os.environ["WEBHOOK_SECRET"]
if not SECRET:
    raise SystemExit("WEBHOOK_SECRET is empty")


def signed(token: str, body: bytes) -> bool:
    """The token: whoever made it knows the secret, and vouches for exactly this body."""
    try:
        claims = jwt.decode(
            token, SECRET, algorithms=["HS256"], issuer="netlify", options={"require": ["iss", "sha256"]}
        )
    except jwt.PyJWTError:
        return False
    return claims["sha256"] == hashlib.sha256(body).hexdigest()


def fresh(id: str, timestamp: str, signatures: str, body: bytes) -> bool:
    """The token never expires. This signature covers the time, so that old deliveries can be refused."""
    if not timestamp.isdecimal() or abs(time.time() - int(timestamp)) >= 300:
        return False
    mac = hmac.new(SECRET.encode(), f"{id}.{timestamp}.".encode() + body, hashlib.sha256)
    expected = "v1," + base64.b64encode(mac.digest()).decode()
    return any(hmac.compare_digest(one.encode(), expected.encode()) for one in signatures.split())


def verified(headers, body: bytes) -> bool:
    def get(name):
        return headers.get(name, "")

    return signed(get("X-Webhook-Signature"), body) and fresh(
        get("Webhook-Id"), get("Webhook-Timestamp"), get("Webhook-Signature"), body
    )


class Consumer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # keeps connections open

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))  # the bytes, before any parser saw them
        known = verified(self.headers, body)
        if known:
            event = json.loads(body)
            print(self.headers["X-Netlify-Event"], event["id"], flush=True)
        self.send_response(204 if known else 401)
        self.send_header("Content-Length", "0")
        self.end_headers()


port = int(os.environ.get("PORT", "3000"))
print(f"listening on {port}", flush=True)
ThreadingHTTPServer(("127.0.0.1", port), Consumer).serve_forever()
