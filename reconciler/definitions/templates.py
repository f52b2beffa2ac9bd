"""Templates: settings with placeholders that channels use, how they are merged, and what is wrong with one alone."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeAlias

from msgspec import Struct, field

from reconciler.definitions.file_problems import FileProblem, describe_mapping, shorten
from reconciler.definitions.schema import Format, validator_for
from reconciler.model.fields import CHANNEL_FIELDS, INTERVAL_MINUTES, IS_CALCULATED, VERSION, VERSION_FIELDS, VERSIONS
from reconciler.model.values import is_number

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from reconciler.definitions.document import Document
    from reconciler.definitions.file_problems import Keys
    from reconciler.model.fields import Field
    from reconciler.model.values import Spec, Value

    Settings: TypeAlias = Mapping[str, Any]


SECTION, USE, WITH = "templates", "use", "with"

# Plain text rules: what is between the braces is a name and nothing else, and is looked up in `with` alone.
# They are compiled when they are first used: most projects have no templates.
_NAME = "[A-Za-z][A-Za-z0-9_-]*"
_PIECE = rf"\{{\{{|\}}\}}|\{{({_NAME})\}}|[{{}}]"
_ALONE = rf"\{{({_NAME})\}}"
_SHOWN_AFTER_BRACE = 20


class Template(Struct, frozen=True):
    """The template called `name`, whose name is on `line` of `file`; `use` is the template that it is based on.

    `settings` has everything else, with its placeholders. One that `is_broken` cannot be filled in.
    """

    name: str
    file: str
    line: int
    settings: Settings
    use: str | None = None
    is_broken: bool = False


class TemplateUse(Struct, frozen=True):
    """A channel that uses a template: its own settings, `use` and `with` included, and what its file says for all.

    `data_point` is the code or import id of the data point, and its id. `spelled` has the text of each value of `with`
    that could not be filled into text as it was written.
    """

    name: str
    file: str
    line: int
    channel: Settings
    defaults: Spec
    data_point: tuple[str | None, int | None]
    spelled: Mapping[str, str] = field(default_factory=dict)

    @property
    def template(self) -> str:
        name: str = self.channel[USE]
        return name

    @property
    def given(self) -> Mapping[str, Value]:
        given: Mapping[str, Value] = self.channel.get(WITH, {})
        return given


def make_template(name: str, file: str, line: int, settings: Settings) -> Template:
    """The template that `settings`, which fit the schema, define."""
    own = {key: value for key, value in settings.items() if key != USE}
    return Template(name, file, line, own, settings.get(USE))


def find_placeholders(text: str) -> tuple[str, ...]:
    """The names in braces in `text`, each once."""
    return tuple(dict.fromkeys(name for name in re.findall(_PIECE, text) if name)) if "{" in text else ()


def find_alone(text: str) -> str | None:
    """The name of the placeholder that is all of `text`, and so stands for any value; None if there is more."""
    match = re.fullmatch(_ALONE, text)
    return match[1] if match else None


def fill_text(text: str, spelled: Mapping[str, str]) -> str:
    """`text` with each placeholder replaced by its text in `spelled`, and single braces for double ones.

    A placeholder without a text stays.
    """
    return re.sub(_PIECE, lambda piece: spelled.get(piece[1], piece[0]) if piece[1] else piece[0][0], text)


def escape_braces(text: str) -> str:
    """`text` as a template writes it to get it unchanged."""
    return text.replace("{", "{{").replace("}", "}}")


def list_texts(value: object, keys: Keys = ()) -> Iterator[tuple[Keys, str]]:
    """Every text in `value` with a brace in it, and the keys that lead to it."""
    if isinstance(value, str):
        if "{" in value or "}" in value:
            yield keys, value
    elif isinstance(value, dict | list):
        members = value.items() if isinstance(value, dict) else enumerate(value)
        for key, member in members:
            yield from list_texts(member, (*keys, str(key)))


# For each key of a channel or a version, the other key for the same setting.
_OTHERS = {"select": "channelId", "channelId": "select"}


def _name_pairs(fields: Iterable[Field]) -> Iterator[tuple[str, str]]:
    for one in fields:
        alias = one.alias.rpartition(".")[2] if one.alias else ""
        yield from ((one.key, alias), (alias, one.key)) if alias else ()


_OTHERS |= dict(_name_pairs((*CHANNEL_FIELDS, *VERSION_FIELDS)))


class Merged(Struct, frozen=True):
    """Settings merged, and for the keys of each value and mapping that came from below, its keys there."""

    settings: dict[str, Any]
    inherited: dict[Keys, Keys]


def merge(own: Settings, below: Settings) -> Merged:
    """`own` settings with those of `below` that they do not set themselves, by either of two keys.

    esaChannelVersion is merged key by key. If `own` lists versions, the last of them gets the settings of
    esaChannelVersion, except beginDate. As with defaults, intervalMinutes does not reach a channel that says that it is
    calculated.
    """
    taken: dict[str, Any] = {}
    inherited: dict[Keys, Keys] = {}
    for key, value in below.items():
        if key == VERSION and (VERSION in own or VERSIONS in own):
            continue
        if not _is_set(key, own) and not (key == INTERVAL_MINUTES and own.get(IS_CALCULATED) is True):
            taken[key] = value
            inherited.update((keys, keys) for keys in _list_keys(value, (key,)))
    merged = {**taken, **own}
    if VERSION in below and (VERSION in own or VERSIONS in own):
        _merge_version(merged, own, below[VERSION], inherited)
    return Merged(merged, inherited)


def _is_set(key: str, settings: Settings) -> bool:
    return key in settings or _OTHERS.get(key) in settings


def _merge_version(merged: dict[str, Any], own: Settings, version: Settings, inherited: dict[Keys, Keys]) -> None:
    if VERSION in own:
        place: Keys = (VERSION,)
        mine = own[VERSION]
    else:
        place = (VERSIONS, str(len(own[VERSIONS]) - 1))
        mine = own[VERSIONS][-1]
    taken = {key: value for key, value in version.items() if not _is_set(key, mine)}
    inherited.update(((*place, key), (VERSION, key)) for key in taken)
    whole = {**taken, **mine}
    merged[place[0]] = whole if VERSION in own else [*own[VERSIONS][:-1], whole]


def _list_keys(value: object, keys: Keys) -> Iterator[Keys]:
    yield keys
    if isinstance(value, dict | list):
        members = value.items() if isinstance(value, dict) else enumerate(value)
        for key, member in members:
            yield from _list_keys(member, (*keys, str(key)))


def put(value: Any, texts: Mapping[Keys, Any], keys: Keys = ()) -> Any:
    """`value` with the values of `texts`, by their keys, in place of its own; what does not change is not copied."""
    if isinstance(value, dict):
        return {key: put(member, texts, (*keys, key)) for key, member in value.items()}
    if isinstance(value, list):
        return [put(member, texts, (*keys, str(index))) for index, member in enumerate(value)]
    return texts.get(keys, value)


def check_templates(tree: Settings) -> Iterator[FileProblem]:
    """What is wrong with the templates and with the uses in a file, whatever other files say, beyond its schema."""
    templates, channels = tree.get(SECTION), tree.get("channels")
    for name, template in templates.items() if isinstance(templates, dict) else ():
        yield from _check_braces((SECTION, name), template)
        yield from _check_fixed((SECTION, name), template)
    for name, channel in channels.items() if isinstance(channels, dict) else ():
        if isinstance(channel, dict) and WITH in channel and USE not in channel:
            keys: Keys = ("channels", name, WITH)
            yield FileProblem("ESA162", keys, f"with is set without use in {describe_mapping(keys[:-1])}", at_key=True)


def _check_braces(keys: Keys, template: object) -> Iterator[FileProblem]:
    for path, text in list_texts(template):
        stray = next((piece for piece in re.finditer(_PIECE, text) if piece[0] in ("{", "}")), None)
        if stray is not None:
            after = text[stray.start() : stray.start() + _SHOWN_AFTER_BRACE]
            found = after[: after.index("}") + 1] if "}" in after else after
            yield FileProblem("ESA161", (*keys, *path), f"a brace is not part of a placeholder, found {shorten(found)}")


def _check_fixed(keys: Keys, template: object) -> Iterator[FileProblem]:
    """What is wrong with the values that are the same in every channel; nobody has to use the template for that."""
    fixed = _leave_out_placeholders(template) if isinstance(template, dict) else None
    if not isinstance(fixed, dict) or validator_for(Format.CHANNELS, "channel")(fixed):
        return
    # Imported here because most templates are valid.
    from reconciler.definitions.schema_errors import explain  # noqa: PLC0415

    for problem in explain(Format.CHANNELS, {"channels": {"template": fixed}}).problems:
        yield FileProblem(
            problem.code,
            (*keys, *problem.keys[2:]),
            problem.message.replace("channel template", describe_mapping(keys)),
            problem.fix,
            problem.detail,
            problem.at_key,
        )


_NOTHING = object()


def _leave_out_placeholders(value: Any) -> Any:
    """`value` without the texts that hold placeholders, and without mappings of nothing else."""
    if isinstance(value, str):
        return _NOTHING if "{" in value else value
    if isinstance(value, list):
        return _leave_out_members(value)
    if not isinstance(value, dict):
        return value
    members = {key: _leave_out_placeholders(member) for key, member in value.items()}
    # A listed version must say when it begins.
    kept = {key: None if key == "beginDate" and member is _NOTHING else member for key, member in members.items()}
    kept = {key: member for key, member in kept.items() if member is not _NOTHING}
    return kept if kept or not value else _NOTHING


def _leave_out_members(members: list[Any]) -> Any:
    kept = [left for member in members if (left := _leave_out_placeholders(member)) is not _NOTHING]
    return kept if kept or not members else _NOTHING


# The rest of the line after a text that a # cut short.
_CUT = r"[ ]+(#[^\s#].*)"


def find_cut_values(document: Document, channels: Iterable[str]) -> Iterator[tuple[int, int]]:
    """The start and end offsets of comments in `with` of `channels` that were probably meant as the rest of a value."""
    for name in channels:
        for keys in _list_given(document, name):
            span = document.spans[keys]
            match = re.compile(_CUT).match(document.text, span.end)
            if match and document.text[span.start : span.start + 1] not in ("'", '"'):
                yield match.span(1)


def find_spelled(document: Document, channel: str, given: Mapping[str, Value]) -> dict[str, str]:
    """The text of each number in `given`, the `with` of `channel`, that is not written as this tool would write it.

    An import id 1.10 must not silently become 1.1.
    """
    spelled = {}
    for name, value in given.items():
        span = document.spans.get(("channels", channel, WITH, name))
        written = document.text[span.start : span.end] if span else "an alias"
        if is_number(value) and written != spell_number(value):
            spelled[name] = written
    return spelled


def spell_number(number: float) -> str:
    """`number` without exponent, as it is filled into a text."""
    if isinstance(number, int):
        return str(number)
    # Imported here because hardly any file needs it.
    from decimal import Decimal  # noqa: PLC0415

    return format(Decimal(repr(number)), "f")


def _list_given(document: Document, channel: str) -> Iterator[Keys]:
    place: Keys = ("channels", channel, WITH)
    tree: Any = document.tree
    given = tree["channels"][channel].get(WITH, {})
    yield from ((*place, name) for name in given if (*place, name) in document.spans)
