"""Live versions that are new since a file listed the versions of its channel."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from msgspec.structs import replace

from reconciler.model.fields import BEGIN_DATE, FIELD_AT, IS_CALCULATED, VERSION, name_version, version_path
from reconciler.model.values import begin_key, has_zone
from reconciler.planning.constraints import find_violations
from reconciler.planning.importing.drafting import (
    NOT_REPRESENTABLE,
    ZONED_DATE,
    describe_refusal,
    override_defaults,
    write_version,
)
from reconciler.planning.importing.inventory import FileHeader, Skipped

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from reconciler.model.channels import Desired, Live, Version
    from reconciler.model.values import Spec, Value
    from reconciler.planning.importing.drafting import ImportContext
    from reconciler.planning.importing.updates import Updates

# The header of an existing file.
ReadHeader: TypeAlias = Callable[[str], FileHeader]


def add_new_versions(
    updates: Updates, managed: Iterable[tuple[Desired, Live]], context: ImportContext, read_header: ReadHeader
) -> Updates:
    """`updates` with the versions of the `managed` channels that are new since their file listed versions.

    A version that begins before all listed ones was left out of the list on purpose.
    """
    files: dict[str, dict[str, Spec]] = {file: dict(specs) for file, specs in updates.files.items()}
    left_out = list(updates.left_out)
    listing = [(desired, live) for desired, live in managed if desired.versions]
    # A channel is updated as a whole or not at all.
    lost = {left.name for left in left_out}
    for desired, live in listing:
        if desired.name in lost:
            continue
        spec, missing = _write_new(desired, live, context, read_header)
        left_out += missing
        if spec:
            specs = files.setdefault(desired.file, {})
            specs[desired.name] = {**specs.get(desired.name, {}), **spec}
    currents = {desired.name: begin_key(live.current.begin_date) for desired, live in listing}
    return replace(updates, files=files, left_out=tuple(left_out), currents=currents)


def name_items(spec: Spec, current: str) -> Spec:
    """`spec` of a channel that lists its versions, with the begin in the paths of its `current` version, too."""
    return {
        version_path(current, path) if path.startswith(f"{VERSION}.") else path: value for path, value in spec.items()
    }


def _write_new(
    desired: Desired, live: Live, context: ImportContext, read_header: ReadHeader
) -> tuple[dict[str, Value], list[Skipped]]:
    """The settings of the new versions, by paths as in a plan, and what is left out."""
    found, left_out = _find_new(desired, live, context)
    last = max((one.begin for one in desired.versions), default="")
    spec: dict[str, Value] = {}
    for version in found:
        begin = begin_key(version.begin_date)
        settings, missing = write_version(live, version, context)
        # The defaults of a file apply to the last version of a list.
        is_last = begin > last and version is found[-1]
        defaults = _list_defaults(read_header(desired.file)) if is_last else []
        left_out += [*missing, *_leave_out_refused(desired, settings, defaults, begin)]
        wrong = override_defaults(live.with_versions((version,)), settings, defaults, context)
        if wrong is not None:
            reason = f"the defaults of {desired.file} give it another {wrong}"
            left_out.append(Skipped(desired.name, name_version(begin), reason))
            continue
        # The current version has the same paths as in a plan.
        is_current = version is live.current
        spec |= {path if is_current else version_path(begin, path): value for path, value in settings.items()}
    return spec, left_out


def _find_new(desired: Desired, live: Live, context: ImportContext) -> tuple[list[Version], list[Skipped]]:
    """The versions to add to the list, and those that a file cannot list."""
    known = {one.begin for one in desired.versions}
    found, left_out = [], []
    for version in live.versions:
        begin = begin_key(version.begin_date)
        if begin in known or begin < min(known):
            continue
        if reason := _find_obstacle(desired, live, begin, context):
            left_out.append(Skipped(desired.name, name_version(begin), reason))
        else:
            known.add(begin)
            found.append(version)
    return found, left_out


def _find_obstacle(desired: Desired, live: Live, begin: str, context: ImportContext) -> str:
    if desired.spec.get(IS_CALCULATED, live.is_calculated) is True:
        return describe_refusal("ESA421")
    if has_zone(begin):
        return ZONED_DATE
    return "" if context.options.can_hold(BEGIN_DATE, begin) else NOT_REPRESENTABLE


def _list_defaults(header: FileHeader) -> list[str]:
    return [path for path in header.defaults if FIELD_AT[path].is_versioned and path != BEGIN_DATE]


def _leave_out_refused(
    desired: Desired, settings: dict[str, Value], fixed: Iterable[str], begin: str
) -> Iterator[Skipped]:
    """Take out of `settings` what breaks a rule for files, unless a default would add it again."""
    of_channel = {path: value for path, value in desired.spec.items() if not FIELD_AT[path].is_versioned}
    removable = settings.keys() - set(fixed)
    while broken := [one for one in find_violations({**of_channel, **settings}) if one.path in removable]:
        path = broken[0].path
        removable.remove(path)
        del settings[path]
        yield Skipped(desired.name, version_path(begin, path), describe_refusal(broken[0].code))
