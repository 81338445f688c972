"""Python loads this by itself in each process that has this folder on PYTHONPATH: it notes what asks for a network.

One JSON line in $NETWORK_GUARD_LOG for each; nothing is forbidden, so that the program does what it always does.
"""

import json
import os
import sys

_WATCHED = (
    "socket.__new__", "socket.connect", "socket.bind", "socket.sendto", "socket.sendmsg",
    "socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr", "socket.getnameinfo", "urllib.Request",
)  # fmt: skip


def _watch() -> None:
    log = os.open(os.environ["NETWORK_GUARD_LOG"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def write(event: str, said: object) -> None:
        line = {"pid": os.getpid(), "event": event, "said": repr(said), "program": sys.orig_argv[:4]}
        os.write(log, json.dumps(line).encode() + b"\n")

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if event not in _WATCHED:
            return
        family = getattr(arguments[0], "family", None) if arguments else None
        if event == "socket.__new__":
            family = arguments[1]
        # A socket of the family UNIX leads to another program of this machine (the sound server's is one), never out.
        if family is None or int(family) != 1:
            write(event, arguments)

    write("guarded", None)
    sys.addaudithook(hook)


if "NETWORK_GUARD_LOG" in os.environ:
    _watch()
