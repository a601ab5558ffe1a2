"""Clients that keep their HTTPS connections and never retry, until the file STOP exists: `steady.py CLIENTS STOP`.

Prints the number of answered requests, lost requests, and connections.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import sys
from collections import Counter
from pathlib import Path

CLIENTS, STOP = int(sys.argv[1]), Path(sys.argv[2])
REQUEST = b"GET /health HTTP/1.1\r\nHost: test\r\n\r\n"


async def client(context: ssl.SSLContext, found: Counter[str]) -> None:
    """One client. After a loss it connects again, and the request counts as lost."""
    writer = None
    while not STOP.exists():
        try:
            if writer is None:
                reader, writer = await asyncio.open_connection("127.0.0.1", 443, ssl=context)
                found["connections"] += 1
            writer.write(REQUEST)
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 20)
            length = head.lower().partition(b"content-length:")[2].split(b"\r\n")[0]
            await reader.readexactly(int(length))
            found["answered" if head.startswith(b"HTTP/1.1 200 ") else "lost"] += 1
        except (OSError, asyncio.IncompleteReadError, asyncio.TimeoutError):
            found["lost"] += 1
            writer = None
        await asyncio.sleep(0.05)


async def main() -> None:
    """Run all clients to their end."""
    # This client does not check the certificate.
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    found: Counter[str] = Counter()
    await asyncio.gather(*(client(context, found) for _ in range(CLIENTS)))
    print(json.dumps(found))


asyncio.run(main())
