"""The live state that a command works with: read from EnergyCAP or the embedded sandbox, or from a snapshot file."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from msgspec import Struct, field

from reconciler.cli.file_io import read_file
from reconciler.energycap.access import check_host_allowed, read_key
from reconciler.energycap.reference import read_snapshot_file, snapshot_from_file, zone_codes_from_file
from reconciler.errors import UsageError
from reconciler.planning.context import find_unread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from reconciler.cli.output import Output
    from reconciler.energycap.client import Reader
    from reconciler.model.channels import Snapshot
    from reconciler.model.findings import Finding
    from reconciler.model.formulas import FormulaVerdict
    from reconciler.model.project import Environment, VersionDates


class ServiceAccess(Struct, frozen=True):
    """The URL of a service and its key. The key leaves this record only for the request header."""

    url: str
    key: str

    def __repr__(self) -> str:
        return f"ServiceAccess(url={self.url!r})"


@contextmanager
def open_service(root: Path, environment: Environment) -> Iterator[ServiceAccess]:
    """The URL and key of the service of `environment`; the embedded sandbox runs until the end of the block.

    Raises ProjectError if its host must not get a key, and Unauthorized if the variable for the key is empty.
    """
    if not environment.is_sandbox:
        # The host is checked first: asking for a key that would not be sent anyway would mislead.
        check_host_allowed(environment.url, os.environ)
        yield ServiceAccess(environment.url, read_key(environment.api_key_env, os.environ))
        return
    from reconciler.cli.sandbox import start_embedded

    with start_embedded(root) as url:
        yield ServiceAccess(url, "sandbox")


def _validate_nothing(_formulas: Iterable[tuple[int, str]]) -> tuple[FormulaVerdict, ...]:
    return ()


class LiveState(Struct, frozen=True):
    """What was read from the service, with findings about what could not be read.

    For a snapshot file, `taken` is when it was taken, and `zone_codes` are the time zones of its data points.
    `validate` asks the service whether formulas are valid.
    """

    snapshot: Snapshot
    findings: tuple[Finding, ...] = ()
    taken: str | None = None
    zone_codes: Mapping[int, str] = field(default_factory=dict)
    validate: Callable[[Iterable[tuple[int, str]]], tuple[FormulaVerdict, ...]] = _validate_nothing


def read_live(output: Output, environment: Environment, reader: Reader) -> LiveState:
    """Everything that a plan needs from the service, read now."""
    with output.log_if_slow(f"reading all channels of {environment.name} ..."):
        snapshot = reader.read_snapshot()
    return LiveState(snapshot, (*reader.findings, *find_unread(snapshot)), validate=reader.validate_formulas)


def load_snapshot(file: Path, environment: Environment | None = None, dates: VersionDates | None = None) -> LiveState:
    """Everything that a plan needs from the service, from the `file` written by `snapshot`.

    `dates` says how to read version dates with a zone, unless `environment` does. Raises UsageError if the snapshot is
    of another environment.
    """
    world = read_snapshot_file(read_file(file))
    if environment is not None and world.get("environment", environment.name) != environment.name:
        raise UsageError(
            f"{file} is a snapshot of {world['environment']}, not of {environment.name}",
            "give --environment, or take a snapshot:  reconciler snapshot --out FILE",
        )
    snapshot, taken = snapshot_from_file(world, environment.version_dates if environment else dates)
    return LiveState(snapshot, find_unread(snapshot), taken, zone_codes_from_file(world))
