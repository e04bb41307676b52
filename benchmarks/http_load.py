"""Keep-alive clients over plain sockets, in a process of their own: ``http_load.py PORT PATH SECONDS < seed.json``.

Prints how many payments, or spins where PATH ends so, were answered 201 within the time, and how many otherwise.
"""

from __future__ import annotations

import json
import random
import socket
import sys
import threading
import time
import uuid


def client(
    port: int, path: str, until: float, token: str, host: str, payees: list[str], done: list[int]
) -> None:
    """Pay random people, or play, until the time is over."""
    dice = random.Random(token)
    connection = socket.create_connection(("127.0.0.1", port))
    reader = connection.makefile("rb")
    good = bad = 0
    while time.monotonic() < until:
        if path.endswith("/spin"):
            # As the page does: a fresh client seed with each.
            body = json.dumps({"bet_amount": 1_00, "client_seed": f"{dice.getrandbits(128):032x}"})
        else:
            body = json.dumps({"to_account": dice.choice(payees), "amount": 1, "memo": "bench"})
        head = (
            f"POST {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n"
            f"Idempotency-Key: {uuid.uuid4()}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        connection.sendall((head + body).encode())
        status = reader.readline().split()[1]
        length = 0
        while (line := reader.readline()) != b"\r\n":
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        reader.read(length)
        good, bad = good + (status == b"201"), bad + (status != b"201")
    connection.close()
    done.append(good)
    done.append(-bad)


def main() -> None:
    port, path, seconds = int(sys.argv[1]), sys.argv[2], float(sys.argv[3])
    seed = json.load(sys.stdin)
    payees = seed["accounts"][len(seed["tokens"]) :]
    done: list[int] = []
    until = time.monotonic() + seconds
    threads = [
        threading.Thread(target=client, args=(port, path, until, token, seed["host"], payees, done))
        for token in seed["tokens"]
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    json.dump({"good": sum(n for n in done if n > 0), "bad": -sum(n for n in done if n < 0)}, sys.stdout)


if __name__ == "__main__":
    main()
