"""The service as the container runs it: a process, its environment, its log, its signals."""

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import pytest


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@contextmanager
def started(module: str = "app", **env: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen([sys.executable, "-m", module], env=env, stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def log_until(process: subprocess.Popen[str], message: str) -> list[dict[str, Any]]:
    assert process.stdout
    entries = []
    for line in process.stdout:
        entries.append(json.loads(line))
        if message in entries[-1]["message"]:
            return entries
    pytest.fail(f"ended without logging {message!r}: {entries}")


def send_head(port: int, length: int) -> socket.socket:
    """Sends a request without its body, once the service is known to wait for that."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=30)
    head = (
        "POST /v1/loans/schedule HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Content-Length: {length}\r\nExpect: 100-continue\r\n\r\n"
    )
    connection.sendall(head.encode())
    assert connection.recv(1024).startswith(b"HTTP/1.1 100 ")
    return connection


def test_a_request_in_flight_completes_after_sigterm() -> None:
    port = free_port()
    with started(PORT=str(port)) as process:
        log = log_until(process, "Uvicorn running")
        body = b'{"principal": 100, "annual_percent": 0, "months": 1}'
        with send_head(port, len(body)) as connection:
            process.send_signal(signal.SIGTERM)
            log += log_until(process, "Shutting down")
            connection.sendall(body)
            answer = b"".join(iter(lambda: connection.recv(65536), b""))
        assert answer.startswith(b"HTTP/1.1 200 ")
        assert json.loads(answer.partition(b"\r\n\r\n")[2])["total"] == "100.00"
        log += log_until(process, "all requests are complete")
        assert process.wait(timeout=30) == 0
    for entry in log:
        assert entry["level"] == "info"
        datetime.fromisoformat(entry["time"])


def test_a_request_that_never_completes_does_not_hold_up_the_shutdown() -> None:
    port = free_port()
    with started(PORT=str(port), SHUTDOWN_TIMEOUT_SECONDS="1") as process:
        log_until(process, "Uvicorn running")
        with send_head(port, 1):
            process.send_signal(signal.SIGTERM)
            log_until(process, "timeout graceful shutdown exceeded")
            process.communicate(timeout=30)
            assert process.returncode == 0


@pytest.mark.parametrize(
    ("variable", "value"),
    [("PORT", ""), ("PORT", "0"), ("PORT", "65536"), ("LOG_LEVEL", "loud"), ("SHUTDOWN_TIMEOUT_SECONDS", "-1")],
)
def test_a_bad_variable_ends_the_process_and_is_named(variable: str, value: str) -> None:
    with started(**{variable: value}) as process:
        output, _ = process.communicate(timeout=30)
        assert process.returncode == 1
    [entry] = [json.loads(line) for line in output.splitlines()]
    assert entry["level"] == "critical"
    assert entry["message"].startswith(f"{variable}: ")


def test_the_healthcheck_follows_the_service() -> None:
    port = str(free_port())
    with started("app.healthcheck", PORT=port) as healthcheck:
        assert healthcheck.wait(timeout=30) == 1
    with started(PORT=port) as process:
        log_until(process, "Uvicorn running")
        with started("app.healthcheck", PORT=port) as healthcheck:
            assert healthcheck.wait(timeout=30) == 0
