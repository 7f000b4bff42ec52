"""Runs the service until SIGTERM: python -m app."""

import logging
import logging.config
import signal
import sys

import uvicorn
from pydantic import ValidationError

from app.json_logs import log_config
from app.settings import Settings


def main() -> None:
    try:
        settings = Settings()
    except ValidationError as error:
        logging.config.dictConfig(log_config("info"))
        for problem in error.errors():
            logging.critical("%s: %s, not %r", str(problem["loc"][0]).upper(), problem["msg"], problem["input"])
        sys.exit(1)

    # Once uvicorn has shut down it raises the signal again for the handler that was here before its own.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))
    uvicorn.run(
        "app.main:app",
        host="0.0.0.0",
        port=settings.port,
        log_config=log_config(settings.log_level),
        timeout_graceful_shutdown=settings.shutdown_timeout_seconds,
        server_header=False,
    )


if __name__ == "__main__":
    main()
