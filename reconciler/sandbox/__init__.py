"""An emulated EnergyCAP service: Starlette over SQLite, written from the vendor's pages alone.

It shares no code with the rest of this project, so that agreement between the two means something. Starlette and
uvicorn are imported only when something is served.

- `serving`: a sandbox for a block or until a signal; start reading here
- `app`: the ASGI application: its paths, keys, content type and faults
- `server`: the application on a loopback socket
- `settings`: a setting for each thing the vendor leaves open, and the other options
- `reading_settings`: the settings of readings
- `endpoints`: channels, versions, units, observation types, data points and formula checks over HTTP
- `reading_endpoints`: readings over HTTP, and the channel they are for
- `esa_reading_list`: the list of ESA readings over HTTP
- `summarized_list`: the list of summarized ESA readings over HTTP
- `responses`: responses, errors and the pages of lists, and how every write is run
- `properties`: the table of properties: one row for each property of a channel or a version
- `bodies`: request bodies, read property by property, and those of channels and versions by the table
- `channel_writes`: a write checked against what is stored, then saved
- `rendering`: stored channels as responses
- `formulas`: the published part of the formula language
- `store`: the SQLite file, its damage checks and its log of writes
- `tables`: stored channels and versions, and the reference data that they refer to
- `reading_table`: stored readings, and the values computed from them
- `arithmetic`: how a value is computed from a raw reading
- `faults`: what a fault specification means
- `worlds`: all data of a sandbox as one JSON object
- `world_builder`: sample channels and reference data
- `demo_world`: the demo campus
- `generate`: worlds and channel files of any size
- `errors`: what a user of the sandbox can do wrong
"""

from __future__ import annotations

from reconciler.sandbox.errors import (
    FaultError,
    PortError,
    SandboxError,
    SettingError,
    StoreError,
    WorldError,
)
from reconciler.sandbox.faults import Fault, describe_faults, parse_fault, parse_faults
from reconciler.sandbox.generate import generate, write_definitions
from reconciler.sandbox.serving import Service, embedded, reset, running, serve
from reconciler.sandbox.settings import Keys, Options, SettingRow, Settings, describe_settings, parse_settings
from reconciler.sandbox.store import LoggedRequest
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
