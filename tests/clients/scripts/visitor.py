"""Makes the token of a visitor as a login service would. In: {claims, secret}; out: the token."""

import json
import sys

import jwt

question = json.load(sys.stdin)
print(jwt.encode(question["claims"], question["secret"], algorithm="HS256"), end="")
