"""A mail server for tests. Its orders are one JSON object in argv; it says its port in the first line
of its output and then what each mail is, as Python's own parser reads it, in one line of JSON each.
It ends when its input does."""
import asyncio
import email.policy
import json
import ssl
import sys
from email.parser import BytesParser

from aiosmtpd.smtp import SMTP, AuthResult

orders = json.loads(sys.argv[1])


def say(thing):
    print(json.dumps(thing), flush=True)


def authenticate(server, session, envelope, mechanism, data):
    given = [data.login.decode(), data.password.decode()]
    return AuthResult(success=given == orders["login"], handled=False)


def part(mail, kind):
    found = mail.get_body(preferencelist=(kind,))
    return found and found.get_content()


class Desk:
    def __init__(self):
        self.answers = {to: list(answers) for to, answers in orders.get("rcpt", {}).items()}
        self.data = list(orders.get("data", []))

    async def handle_RCPT(self, server, session, envelope, address, options):
        answers = self.answers.get(address)
        answer = answers.pop(0) if answers else "250 OK"
        if answer == "hang":
            await asyncio.sleep(3600)
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server, session, envelope):
        if self.data:
            return self.data.pop(0)
        mail = BytesParser(policy=email.policy.default).parsebytes(envelope.content)
        say({
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "peer": session.peer[1],
            "tls": session.ssl is not None,
            "login": session.authenticated,
            "headers": [[name, str(value)] for name, value in mail.items()],
            "kind": mail.get_content_type(),
            "parts": [p.get_content_type() for p in mail.iter_parts()],
            "defects": [repr(d) for p in mail.walk() for d in p.defects],
            "text": part(mail, "plain"),
            "html": part(mail, "html"),
            "source": envelope.content.decode("latin-1"),
        })
        return "250 2.0.0 taken"


async def main():
    how = {"auth_require_tls": False}
    if "login" in orders:
        how |= {"auth_required": True, "authenticator": authenticate}
    tls = None
    if "cert" in orders:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(orders["cert"], orders["key"])
    if tls and orders.get("starttls"):
        how |= {"tls_context": tls, "require_starttls": True}
        tls = None
    loop = asyncio.get_running_loop()
    desk = Desk()
    server = await loop.create_server(lambda: SMTP(desk, hostname="mail.test", **how), "127.0.0.1", 0, ssl=tls)
    say(server.sockets[0].getsockname()[1])
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


asyncio.run(main())
