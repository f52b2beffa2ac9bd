"""An emulated EnergyCAP service: Starlette over SQLite, written from the vendor's pages alone.

It shares no code with the rest of this project, so that agreement between the two means something. Starlette and
uvicorn are imported only once something is served.
"""

from __future__ import annotations

from reconciler.sandbox.definitions import write_definitions
from reconciler.sandbox.errors import (
    FaultError,
    PortError,
    SandboxError,
    SettingError,
    StoreError,
    WorldError,
)
from reconciler.sandbox.faults import Fault, describe_faults, parse_fault, parse_faults
from reconciler.sandbox.generate import generate
from reconciler.sandbox.journal import LoggedRequest
from reconciler.sandbox.keys import Keys
from reconciler.sandbox.options import Options
from reconciler.sandbox.serving import Service, embedded, reset, running, serve
from reconciler.sandbox.settings import SettingRow, Settings, describe_settings, parse_settings
from reconciler.sandbox.worlds import World, read_world

__all__ = [
    "Fault",
    "FaultError",
    "Keys",
    "LoggedRequest",
    "Options",
    "PortError",
    "SandboxError",
    "Service",
    "SettingError",
    "SettingRow",
    "Settings",
    "StoreError",
    "World",
    "WorldError",
    "describe_faults",
    "describe_settings",
    "embedded",
    "generate",
    "parse_fault",
    "parse_faults",
    "parse_settings",
    "read_world",
    "reset",
    "running",
    "serve",
    "write_definitions",
]
