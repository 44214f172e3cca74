"""Verifies a notification with PyJWT, as a consumer would.

In: {token, secret, body (hex)}; out: {claims} or {refused}.
"""

import hashlib
import json
import sys

import jwt


def verify(token, secret, body):
    try:
        claims = jwt.decode(token, secret, algorithms=["HS256"], issuer="netlify")
    except jwt.PyJWTError as error:
        return {"refused": str(error)}
    if claims["sha256"] != hashlib.sha256(bytes.fromhex(body)).hexdigest():
        return {"refused": "the body is not the signed one"}
    return {"claims": claims}


json.dump(verify(**json.load(sys.stdin)), sys.stdout)
