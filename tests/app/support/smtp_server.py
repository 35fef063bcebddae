"""A mail server for the tests, on a free port: STARTTLS and a password are required, as real ones do.

Arguments: certificate, key, file that takes one JSON line a message. Prints its port. Whom a message is for decides what
becomes of it: later@ is refused for now (451), never@ for good (550), gone@ loses the connection, unheard@ loses it once the
message is taken; all else is taken.
Stops when its standard input is closed, so that it never outlives the test.
"""

import asyncio
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult

certificate, key, mails = sys.argv[1:4]


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        name = address.split("@")[0]
        if name == "later":
            return "451 4.3.0 Come back later"
        if name == "never":
            return "550 5.1.1 Nobody here has this name"
        if name == "gone":
            server.transport.abort()
            return "421 4.3.0 Gone"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        message = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "tls": session.ssl is not None,
            "data": envelope.content.decode("utf-8"),
        }
        with open(mails, "a", encoding="utf-8") as file:
            file.write(json.dumps(message) + "\n")
        if envelope.rcpt_tos[0].startswith("unheard@"):
            server.transport.abort()
        return "250 Taken"


def authenticate(server, session, envelope, mechanism, data):
    # Not handled: the server itself says 535 to who is refused.
    is_ours = (data.login, data.password) == (b"seatkeeper", b"lantern+quay")
    return AuthResult(success=is_ours, handled=False)


async def main():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    loop = asyncio.get_running_loop()

    def connection():
        return SMTP(
            Handler(),
            hostname="localhost",
            tls_context=context,
            require_starttls=True,
            authenticator=authenticate,
            auth_required=True,
            enable_SMTPUTF8=True,
        )

    server = await loop.create_server(connection, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


asyncio.run(main())
