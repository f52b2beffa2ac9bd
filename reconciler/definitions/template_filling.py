"""The templates of all files filled in: channels as if each had been written out, with where each value came from."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from reconciler.definitions.channel_file import make_channel
from reconciler.definitions.consistency import check_consistency
from reconciler.definitions.file_problems import AS_WRITTEN, shorten, show
from reconciler.definitions.schema import Format, validator_for
from reconciler.definitions.templates import (
    SECTION,
    USE,
    WITH,
    Template,
    fill_text,
    find_alone,
    find_placeholders,
    list_texts,
    merge,
    put,
    spell_number,
)
from reconciler.model.fields import VERSION, VERSIONS
from reconciler.model.findings import Location, TemplateValue
from reconciler.model.lookalikes import tell_apart
from reconciler.model.values import is_number
from reconciler.planning.messages import describe_source, find_nearest, suggest_names
from reconciler.rules import make_finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from reconciler.definitions.channel_file import ParsedFile
    from reconciler.definitions.file_problems import FileProblem, Keys
    from reconciler.definitions.templates import TemplateUse
    from reconciler.model.channels import Desired
    from reconciler.model.findings import Finding
    from reconciler.model.values import Value


# Far more than the longest formula; a template that multiplies its text is an attack on memory.
MAX_TEXT = 20_000
# How many characters all channels of a project may get from templates. A value counts as many, as each takes time.
MAX_FILLED = 100_000_000
_VALUE_WEIGHT = 100
# More than a report shows; explaining one takes a third of a millisecond.
_MOST_EXPLAINED = 200
_MOST_SUGGESTED = 20
# A longer circle is reported as what it also is, a template that uses one that uses another.
_LONGEST_CHAIN = 100


class WholeTemplate(Struct, frozen=True):
    """A template with the settings of the one that it uses, and where each of its values and mappings was written.

    `texts` are those with braces, each with the names in it.
    """

    name: str
    settings: Mapping[str, Any]
    sources: Mapping[Keys, TemplateValue]
    texts: Mapping[Keys, tuple[str, tuple[str, ...]]]

    @property
    def names(self) -> tuple[str, ...]:
        """All placeholders, in the order of the template."""
        return tuple(dict.fromkeys(name for _, names in self.texts.values() for name in names))


def fill_templates(parsed_files: Sequence[ParsedFile]) -> list[ParsedFile]:
    """`parsed_files` with the channels that use templates, as if each had been written out.

    A channel whose template cannot be filled in is kept by its name alone, as others may refer to it; its file then is
    not valid.
    """
    templates = Templates([template for parsed in parsed_files for template in parsed.content.templates])
    # A file that is not YAML may define any template.
    templates.is_complete = not any(parsed.content.recovered for parsed in parsed_files)
    return [_add_filled(parsed, templates) for parsed in parsed_files]


class Templates:
    """All templates of a project by name, each made whole once; the first counts if two have one name."""

    def __init__(self, templates: Sequence[Template]) -> None:
        self._by_name = {template.name: template for template in reversed(templates)}
        self._whole: dict[str, WholeTemplate | None] = {}
        self.is_complete = True
        self.left = MAX_FILLED
        self._nearest: dict[str, str | None] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._by_name

    @property
    def names(self) -> Iterable[str]:
        return self._by_name

    def find(self, name: str) -> WholeTemplate | None:
        """The template called `name`; None if it cannot be filled in, which is reported where it is defined."""
        if name not in self._whole:
            template = self._by_name[name]
            base = self._by_name.get(template.use) if template.use else None
            is_unusable = template.is_broken or (template.use and (base is None or base.is_broken or base.use))
            self._whole[name] = None if is_unusable else _make_whole(template, base)
        return self._whole[name]

    def place(self, name: str) -> str:
        """Where the template called `name` is defined, as `channels/templates.yaml:3`."""
        template = self._by_name[name]
        return f"{template.file}:{template.line}"

    def check(self, template: Template) -> Iterator[Finding]:
        """What is wrong with the name of `template`, and with the template that it uses."""
        first = self._by_name[template.name]
        location = Location(template.file, line=template.line, path=(SECTION, template.name))
        if first is not template:
            message = f"template {template.name} is defined twice, first in {first.file}:{first.line}"
            yield make_finding("ESA158", message, location)
        elif template.use is not None:
            yield from self._check_base(template, replace(location, path=(SECTION, template.name, USE)))

    def _check_base(self, template: Template, location: Location) -> Iterator[Finding]:
        chain = self._follow(template)
        if chain[-1] == template.name and len(chain) > 1:
            # Of a circle, only the first template by name says so.
            if template.name == min(chain):
                message = f"templates use each other in a circle, found {' → '.join(map(shorten, chain))}"
                yield make_finding("ESA156", message, location, detail=self._list_places(chain[1:-1]))
        elif template.use not in self._by_name:
            yield from self.report_unknown(str(template.use), location)
        elif len(chain) > 2 and len(set(chain)) == len(chain):
            message = f"template {chain[0]} uses {chain[1]}, which uses another one, found {shorten(chain[2])}"
            fix = f"write the settings of {chain[2]} into {chain[1]}, and delete  use: {chain[2]}  there"
            yield make_finding("ESA157", message, location, detail=self._list_places(chain[1:2]), fix=fix)

    def _follow(self, template: Template) -> list[str]:
        """The names of `template`, of the one it uses, and so on, until one is unknown or comes again."""
        chain = {template.name: None}
        while template.use in self._by_name and len(chain) < _LONGEST_CHAIN:
            template = self._by_name[template.use]
            if template.name in chain:
                return [*chain, template.name]
            chain[template.name] = None
        return [*chain, template.use] if template.use else [*chain]

    def _list_places(self, names: Iterable[str]) -> tuple[str, ...]:
        return tuple(f"{name} uses {shorten(str(self._by_name[name].use))} in {self.place(name)}" for name in names)

    def report_unknown(self, name: str, location: Location) -> Iterator[Finding]:
        """That there is no template called `name`, which is used at `location`, and the nearest one."""
        if not self.is_complete:
            return
        # Looking for the nearest name is slow, and a reader follows the first few.
        if len(self._nearest) < _MOST_SUGGESTED:
            self._nearest.setdefault(name, find_nearest(name, self.names))
        near = self._nearest.get(name)
        fix, detail = "", tuple[str, ...]()
        if near:
            fix = f"did you mean  {USE}: {near}{tell_apart(name, near)}"
            detail = (f"{near} is defined in {self.place(near)}",)
        message = f"template is unknown, found use: {shorten(name)}"
        yield make_finding("ESA155", message, location, detail=detail, fix=fix)


def _make_whole(template: Template, base: Template | None) -> WholeTemplate:
    merged = merge(template.settings, base.settings if base else {})
    sources = {}
    texts = {}
    for keys in _walk(merged.settings):
        origin = base if base and keys in merged.inherited else template
        path = (SECTION, origin.name, *merged.inherited.get(keys, keys))
        sources[keys] = TemplateValue(origin.name, origin.file, origin.line, path)
    for keys, text in list_texts(merged.settings):
        texts[keys] = text, find_placeholders(text)
    return WholeTemplate(template.name, merged.settings, sources, texts)


def _walk(settings: Any, keys: Keys = ()) -> Iterator[Keys]:
    members = settings.items() if isinstance(settings, dict) else enumerate(settings)
    for key, member in members:
        path = (*keys, str(key))
        yield path
        if isinstance(member, dict | list):
            yield from _walk(member, path)


def _add_filled(parsed: ParsedFile, templates: Templates) -> ParsedFile:
    content = parsed.content
    found = [finding for template in content.templates for finding in templates.check(template)]
    filled = [_Filling(use, templates) for use in content.uses]
    channels = [one.fill() for one in filled]
    refused = [one for one in filled if one.problems]
    explained = [finding for one in islice(refused, _MOST_EXPLAINED) for finding in one.explain()]
    found += (finding for one in filled for finding in one.findings)
    if not content.uses and not found:
        return parsed
    # In the order of the file, as if no channel had a template.
    ordered = sorted((*content.channels, *channels), key=lambda channel: channel.line)
    return replace(
        parsed,
        content=replace(content, channels=tuple(ordered)),
        findings=(*parsed.findings, *found, *explained),
        more=parsed.more + max(len(refused) - _MOST_EXPLAINED, 0) + sum(one.more for one in filled),
        is_valid=parsed.is_valid and not found and all(one.is_whole for one in filled),
    )


class _Filling:
    """One use of a template: the channel that it makes, or `findings` that say why it makes none.

    `more` counts findings that are not even made. `problems` are values that a file could not have either; they are
    explained later, as that takes time.
    """

    def __init__(self, use: TemplateUse, templates: Templates) -> None:
        self.findings: list[Finding] = []
        self.more = 0
        self.problems = False
        self.is_whole = False
        self._use = use
        self._templates = templates
        self._settings: dict[str, Any] = {}
        self._sources: dict[Keys, TemplateValue] = {}

    def fill(self) -> Desired:
        """The channel; without its settings if they could not be filled in."""
        use, templates = self._use, self._templates
        if use.template not in templates:
            self.findings += templates.report_unknown(use.template, self._locate(USE))
            return make_channel(use, {})
        whole = templates.find(use.template)
        if whole is not None:
            self._check_given(whole)
            self._merge(whole)
        if whole is None or self.findings or self.problems:
            return make_channel(use, {})
        self.is_whole = True
        return make_channel(use, self._settings, self._sources)

    def explain(self) -> Iterator[Finding]:
        """A finding for each value that does not fit the schema or contradicts another."""
        # Imported here because in most runs every value fits.
        from reconciler.definitions.schema_errors import explain  # noqa: PLC0415

        tree = {"channels": {self._use.name: self._settings}}
        found = {(problem.code, problem.keys): problem for problem in check_consistency(tree)}
        found |= {(problem.code, problem.keys): problem for problem in explain(Format.CHANNELS, tree).problems}
        yield from map(self._make_finding, found.values())

    def _make_finding(self, problem: FileProblem) -> Finding:
        use, source = self._use, self._sources.get(problem.keys[2:])
        place = Location(use.file, line=use.line, path=problem.keys, source=source)
        detail, fix = problem.detail, problem.fix
        if (VERSIONS,) in self._sources and problem.keys[2:] == (VERSION,):
            # The finding is worded for two keys side by side in a file, without a template.
            detail = (f"{VERSIONS} is {describe_source(self._sources[(VERSIONS,)])}",)
            fix = f"delete {VERSION}, or list {VERSIONS} in the channel itself"
        elif source and len(source.given) == 1:
            # The value is written in `with`, under its name there.
            ((name, value),) = source.given
            fix = fix.replace(AS_WRITTEN, show(value).strip('"')).replace(f"  {problem.keys[-1]}: ", f"  {name}: ")
        return make_finding(problem.code, problem.message, place, detail=detail, fix=fix)

    def _locate(self, *keys: str) -> Location:
        use = self._use
        return Location(use.file, line=use.line, path=("channels", use.name, *keys))

    def _check_given(self, whole: WholeTemplate) -> None:
        names, given = dict.fromkeys(whole.names), self._use.given
        unused = [name for name in given if name not in names]
        nearest = suggest_names(unused, [name for name in names if name not in given]) if unused else {}
        self.more += len(unused[_MOST_EXPLAINED:])
        for name in unused[:_MOST_EXPLAINED]:
            message = f"with has a name that template {whole.name} does not use, found {shorten(name)}"
            near = nearest.get(name)
            fix = f"did you mean  {near}:{tell_apart(name, near)}" if near else "delete it"
            self._report("ESA160", message, (WITH, name), (self._describe(whole),), fix)

    def _report(self, code: str, message: str, keys: Keys, detail: tuple[str, ...], fix: str = "") -> None:
        self.findings.append(make_finding(code, message, self._locate(*keys), detail=detail, fix=fix))

    def _describe(self, whole: WholeTemplate) -> str:
        return f"template {whole.name} is defined in {self._templates.place(whole.name)}"

    def _merge(self, whole: WholeTemplate) -> None:
        use = self._use
        if self._templates.left < 0:
            self._report_limit(whole)
            return
        own = {key: value for key, value in use.channel.items() if key not in (USE, WITH)}
        # What the channel sets itself needs no value from `with`.
        wanted = set(merge(own, whole.settings).inherited.values())
        texts = {keys: text for keys, (text, _) in whole.texts.items() if keys in wanted}
        spelled = self._spell(whole, texts)
        if self.findings or not self._is_affordable(whole, texts, spelled):
            return
        filled = {keys: self._fill_text(text, spelled) for keys, text in texts.items()}
        merged = merge(own, put(whole.settings, filled))
        self._settings = merged.settings
        self._sources = dict(self._list_sources(whole, merged.inherited))
        tree = {"channels": {use.name: merged.settings}}
        self.problems = not validator_for(Format.CHANNELS, "channel")(merged.settings) or bool(check_consistency(tree))

    def _spell(self, whole: WholeTemplate, texts: Mapping[Keys, str]) -> dict[str, str]:
        """The text of each value that is part of one of `texts`; a finding for each that is missing or has none."""
        given = self._use.given
        spelled: dict[str, str] = {}
        missing: set[str] = set()
        for keys, text in texts.items():
            for name in whole.texts[keys][1]:
                if name in missing:
                    continue
                if name not in given:
                    missing.add(name)
                    if len(missing) <= _MOST_EXPLAINED:
                        self._report_missing(whole, keys, name)
                elif find_alone(text) is None and name not in spelled:
                    spelled[name] = self._spell_value(whole, keys, name, given[name])
        self.more += max(len(missing) - _MOST_EXPLAINED, 0)
        return spelled

    def _report_missing(self, whole: WholeTemplate, keys: Keys, name: str) -> None:
        message = f"with lacks a value that template {whole.name} needs, found no {shorten(name)}"
        source = whole.sources[keys]
        needed = f"{{{name}}} is in {'.'.join(source.path[2:])} of the template, {source.file}:{source.line}"
        fix = f"write  {name}: …  under with:, or write  {keys[-1]}:  in the channel itself"
        self._report("ESA159", message, (WITH,) if self._use.given else (USE,), (needed,), fix)

    def _spell_value(self, whole: WholeTemplate, keys: Keys, name: str, value: Value) -> str:
        if isinstance(value, str):
            return value
        written = self._use.spelled.get(name)
        if is_number(value) and written is None:
            return spell_number(value)
        source = whole.sources[keys]
        where = f"{'.'.join(source.path[2:])} of template {source.template}, {source.file}:{source.line}"
        if written is None:
            message = f"{show(value)} cannot be filled into a text, found {name}: {show(value)}"
            fix = f'write a text, as in  {name}: "{show(value)}"'
        else:
            message = f"a number would be written differently in a text, found {name}: {shorten(written)}"
            fix = f'write  {name}: "{shorten(written)}"'
        self._report("ESA163", message, (WITH, name), (f"it is part of {where}",), fix)
        return ""

    def _is_affordable(self, whole: WholeTemplate, texts: Mapping[Keys, str], spelled: Mapping[str, str]) -> bool:
        total = len(whole.sources) * _VALUE_WEIGHT
        for keys, text in texts.items():
            length = len(text) + sum(
                text.count(f"{{{name}}}") * len(spelled.get(name, "")) for name in whole.texts[keys][1]
            )
            total += length
            if length > MAX_TEXT:
                message = f"a text from a template can have at most {MAX_TEXT:,} characters, found about {length:,}"
                self._report("ESA164", message, (USE,), (self._describe(whole),))
                return False
        self._templates.left -= total
        if self._templates.left < 0:
            self._report_limit(whole)
        return self._templates.left >= 0

    def _report_limit(self, whole: WholeTemplate) -> None:
        message = f"templates can produce at most {MAX_FILLED // _VALUE_WEIGHT:,} values in all, found more"
        self._report("ESA164", message, (USE,), (self._describe(whole),))

    def _fill_text(self, text: str, spelled: Mapping[str, str]) -> Value:
        name = find_alone(text)
        return fill_text(text, spelled) if name is None else self._use.given[name]

    def _list_sources(
        self, whole: WholeTemplate, inherited: Mapping[Keys, Keys]
    ) -> Iterator[tuple[Keys, TemplateValue]]:
        given = self._use.given
        for keys, below in inherited.items():
            source = whole.sources[below]
            if below in whole.texts:
                source = replace(source, given=tuple((name, given[name]) for name in whole.texts[below][1]))
            yield keys, source
            # The rules name what a channel is found by with the keys of select.
            if keys in _AS_SELECT and "select" not in self._settings:
                yield _AS_SELECT[keys], source


_AS_SELECT: dict[Keys, Keys] = {
    ("channelId",): ("select", "channelId"),
    ("channelImportId",): ("select", "channelImportId"),
}
