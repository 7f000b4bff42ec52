"""Logs to stdout, one JSON object a line."""

import json
import logging
from datetime import UTC, datetime
from typing import Any


class JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        entry = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return json.dumps(entry, ensure_ascii=False)


class WithoutHealthchecks(logging.Filter):
    """Drops access records of the healthcheck, which would drown all others."""

    def filter(self, record: logging.LogRecord) -> bool:
        return " /health/" not in record.getMessage()


def log_config(level: str) -> dict[str, Any]:
    """Returns the configuration of package logging, for all loggers, at this level."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": JsonFormatter}},
        "filters": {"without_healthchecks": {"()": WithoutHealthchecks}},
        "handlers": {
            "stdout": {"class": "logging.StreamHandler", "stream": "ext://sys.stdout", "formatter": "json"},
        },
        "loggers": {"uvicorn.access": {"filters": ["without_healthchecks"]}},
        "root": {"level": level.upper(), "handlers": ["stdout"]},
    }
