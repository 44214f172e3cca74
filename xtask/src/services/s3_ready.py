"""Waits until an S3 server takes a signed put, makes the bucket, and proves that signatures are checked.

Usage: s3_ready.py ENDPOINT BUCKET ACCESS_KEY SECRET_KEY DEADLINE_SECONDS
An open port is not readiness: the first writes fail until a volume exists, so a put decides.
Only the standard library is used, so any Python 3 can run it.
"""

import datetime
import hashlib
import hmac
import http.client
import sys
import time
import urllib.parse

REGION = "us-east-1"


def sign(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def signed_headers(host, method, path, body, access, secret):
    stamp = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    digest = hashlib.sha256(body).hexdigest()
    headers = {"host": host, "x-amz-content-sha256": digest, "x-amz-date": stamp}
    names = ";".join(sorted(headers))
    lines = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
    canonical = f"{method}\n{path}\n\n{lines}\n{names}\n{digest}"
    scope = f"{stamp[:8]}/{REGION}/s3/aws4_request"
    hashed = hashlib.sha256(canonical.encode()).hexdigest()
    key = ("AWS4" + secret).encode()
    for part in scope.split("/"):
        key = sign(key, part)
    signature = sign(key, f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashed}").hex()
    headers["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={access}/{scope}, SignedHeaders={names}, Signature={signature}"
    )
    return headers


def call(host, method, path, access, secret, body=b""):
    connection = http.client.HTTPConnection(host, timeout=10)
    try:
        headers = signed_headers(host, method, path, body, access, secret)
        connection.request(method, path, body=body, headers=headers)
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()


def write_and_read(host, bucket, access, secret):
    """Returns None when the server is usable, else what it answered."""
    made = call(host, "PUT", f"/{bucket}", access, secret)
    if made not in (200, 409):
        return f"making the bucket: status {made}"
    put = call(host, "PUT", f"/{bucket}/ready", access, secret, b"ready")
    if put != 200:
        return f"putting an object: status {put}"
    got = call(host, "GET", f"/{bucket}/ready", access, secret)
    return None if got == 200 else f"getting the object: status {got}"


def main():
    endpoint, bucket, access, secret, seconds = sys.argv[1:6]
    host = urllib.parse.urlsplit(endpoint).netloc
    deadline = time.monotonic() + float(seconds)
    while True:
        try:
            problem = write_and_read(host, bucket, access, secret)
        except (OSError, http.client.HTTPException) as error:
            problem = str(error)
        if problem is None:
            break
        if time.monotonic() > deadline:
            sys.exit(f"the S3 server was not usable after {seconds} s: {problem}")
        time.sleep(0.2)
    refused = call(host, "GET", f"/{bucket}/ready", access, secret + "-wrong")
    if refused != 403:
        sys.exit(f"the S3 server took a wrong secret (status {refused}): signatures are not checked")


if __name__ == "__main__":
    main()
