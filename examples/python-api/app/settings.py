"""What the environment can change."""

from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings


class Settings(BaseSettings):
    """The configuration: each field is read from the variable of its name in upper case."""

    port: int = Field(default=8000, ge=1, le=65535)
    log_level: Literal["debug", "info", "warning", "error", "critical"] = "info"
    # How long requests in flight may take to complete after SIGTERM.
    shutdown_timeout_seconds: int = Field(default=8, ge=1, le=600)
