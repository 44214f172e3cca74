"""Verifies a call of an add-on with PyJWT, as its author would.

In: {token, secret}; out: {claims} or {refused}.
"""

import json
import sys

import jwt

question = json.load(sys.stdin)
try:
    answer = {"claims": jwt.decode(question["token"], question["secret"], algorithms=["HS256"])}
except jwt.PyJWTError as error:
    answer = {"refused": str(error)}
json.dump(answer, sys.stdout)
