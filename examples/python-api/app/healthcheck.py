"""Exits 0 if the service on this machine answers that it is alive, else 1."""

import os
import sys
from http.client import HTTPConnection, HTTPException


def main() -> None:
    connection = HTTPConnection("127.0.0.1", int(os.environ.get("PORT", "8000")), timeout=2)
    try:
        connection.request("GET", "/health/live")
        status = connection.getresponse().status
    except (OSError, HTTPException) as error:
        sys.exit(f"not alive: {error}")
    if status != 200:
        sys.exit(f"not alive: status {status}")


if __name__ == "__main__":
    main()
