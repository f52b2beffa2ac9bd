"""YAML parsers as streams of events, and syntax errors as messages that name the usual mistake and its fix."""

from __future__ import annotations

import re
import unicodedata
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeAlias

import yaml
from msgspec import Struct
from yaml.events import CollectionEndEvent, CollectionStartEvent, StreamEndEvent

from reconciler.definitions.fast_reader import MAX_DEPTH
from reconciler.masking import hide_likely

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    NextEvent: TypeAlias = Callable[[], Any]
    OpenEvents: TypeAlias = Callable[[str], NextEvent]


def open_pure(text: str) -> NextEvent:
    """The events of `text` by PyYAML's own parser, which is always there but has an eighth of the speed."""
    loader = yaml.SafeLoader(text)

    def next_event() -> Any:
        try:
            return loader.get_event()  # type: ignore[no-untyped-call]
        except (ValueError, OverflowError) as error:
            # A bug of PyYAML: for an escape like \U00110000, which is not a character, it raises this from chr().
            raise yaml.MarkedYAMLError(problem="an invalid escape", problem_mark=loader.get_mark()) from error

    return next_event


if yaml.__with_libyaml__:
    from yaml._yaml import CParser

    PARSER = "libyaml"
    SCANNER: Any = yaml.CSafeLoader

    def open_events(text: str) -> NextEvent:
        """The events of `text`, one per call. Raises yaml.YAMLError, now or at a call, if it is not YAML."""
        return CParser(text).get_event

else:  # pragma: no cover - a PyYAML built without libyaml; tests give `open_pure` to the readers instead
    PARSER = "pure Python, 8 times slower than libyaml"
    SCANNER = yaml.SafeLoader
    open_events = open_pure


_ANYWHERE = r"""
    \s++
  | "[^"\\]*+(?:\\.[^"\\]*+)*+"?
  | '[^']*+'?
  | (?<!\S)\#[^\n]*+          # a comment
  | [&*!][^\s,\[\]{}]*+       # an anchor, an alias, a tag
  | [-?:](?=\s)
  | ([\[{])
"""
# A text without quotes can contain brackets, but not if it is itself in brackets.
_WITHIN = re.compile(rf"{_ANYWHERE} | ([\]}}]) | [^\s\[\]{{}},\"']++ | .", re.VERBOSE | re.DOTALL)
_OUTSIDE = re.compile(rf"{_ANYWHERE} | ([\]}}]) | \S(?:[^\n:#]|:(?!\s)|(?<!\s)\#)*+", re.VERBOSE | re.DOTALL)


def find_too_deep(text: str, end: int, opener: OpenEvents) -> int | None:
    """Where a bracket opens deeper than MAX_DEPTH, between the parser's last event and `end`; None if none does.

    `text` is parsed again for this, so that reading a valid file costs nothing extra.
    """
    opened, start = _replay(text, opener)
    return find_deep_bracket(text, start, end, opened)


def find_deep_bracket(text: str, start: int, end: int, opened: Sequence[bool]) -> int | None:
    """Where a bracket between `start` and `end` opens deeper than MAX_DEPTH; None if none does.

    `opened` says for each collection that is open at `start` whether it is written in brackets.
    """
    at, depth = start, len(opened)
    brackets = next((count for count, is_flow in enumerate(reversed(opened)) if not is_flow), depth)
    while at < end:
        token = (_WITHIN if brackets else _OUTSIDE).match(text, at)
        if token is None:
            break
        step = (token[1] is not None) - (token[2] is not None and brackets > 0)
        brackets, depth = brackets + step, depth + step
        if depth > MAX_DEPTH:
            return at
        at = token.end()
    return None


def _replay(text: str, opener: OpenEvents) -> tuple[list[bool], int]:
    """Whether each open collection is in brackets when the parser fails, and where its last event ends."""
    opened: list[bool] = []
    end = 0
    with suppress(yaml.YAMLError):
        next_event = opener(text)
        while not isinstance(event := next_event(), StreamEndEvent):
            if isinstance(event, CollectionStartEvent):
                opened.append(bool(event.flow_style))
            elif isinstance(event, CollectionEndEvent):
                opened.pop()
            end = event.end_mark.index
    return opened, end


ODD_SPACES = "\u00a0\u1680\u2000-\u200b\u202f\u205f\u2060\u3000"

_RUN = re.compile(f"[{ODD_SPACES}]+")
# Where YAML needs an ordinary space: in the indentation, and after the colon of a key.
_MISTAKEN = re.compile(rf"[ ]*(?:-[ ]+)?(?:[\"']?[\w.-]+[\"']?[ ]*:[ ]*)?(?P<run>[{ODD_SPACES}]+)")
ODD = "non-standard space"
FIX = "write ordinary spaces instead"


def find_odd_spaces(line: str) -> tuple[int, int] | None:
    """Where `line` has non-standard spaces in the indentation or after the colon of a key."""
    match = _MISTAKEN.match(line)
    return match.span("run") if match else None


def name_odd_space(text: str) -> str:
    """The name of the first non-standard space in `text`, as in `no-break space (U+00A0)`; "" if it has none."""
    match = _RUN.search(text)
    return f"{unicodedata.name(match[0][0]).casefold()} (U+{ord(match[0][0]):04X})" if match else ""


_BREAK = re.compile(r"\r\n|\r|\n")
_PAIR = re.compile(
    r"""\s*(?:-\s+)?(?P<key>[^\s#'"\[{][^:#]*?|"[^"]*"|'[^']*')\s*:(?:\s+(?P<value>\S.*?))?\s*(?:\s\#.*)?"""
)
_NO_SPACE = re.compile(r"\s*(?:-\s+)?(?P<key>[A-Za-z]\w*):(?P<value>[^\s:/][^:]*?)\s*")
_EQUALS = re.compile(r"\s*(?P<key>[A-Za-z]\w*)\s*=\s*(?P<value>[^\s=:](?:[^=:]*[^\s=:])?)\s*")
_QUOTED = re.compile(r"""(?:"(?:[^"\\]|\\.)*"|'(?:[^']|'')*')""")
_CONFLICT = re.compile(r"^(?:<{7}|\|{7}|={7}|>{7})(?=[ \r\n]|\Z)[^\r\n]*", re.MULTILINE)
_NAME = re.compile(r"[\w.-]+")
_LONGEST_SHOWN = 60
# How many lines above the parser's error a quote is looked for that was never closed.
_LINES_BACK = 40
# How many lines below a key without a colon the parser fails at most.
_NEAR = 3
# The part of a line that is searched: patterns with backtracking would be slow on a line of megabytes.
_LONGEST_LINE = 300


class YamlError(Struct, frozen=True):
    """Why a text is not YAML, from offset `start` to `end`, and the fix."""

    message: str
    start: int
    end: int
    fix: str = ""


class _Line(Struct, frozen=True):
    """One line of the text and the offset it starts at."""

    text: str
    start: int

    def error(self, message: str, part: str, fix: str = "") -> YamlError:
        start = self.start + self.text.rindex(part)
        # The fix may have only a part of an API key, or write it differently, and no mask would recognise that.
        is_safe = hide_likely(self.text) == self.text
        return YamlError(message, start, start + len(part), fix if is_safe else "")


def explain_syntax(text: str, error: yaml.YAMLError) -> YamlError:
    """Why `text`, for which PyYAML raised `error`, is not YAML: the usual mistake that is found there or above it."""
    conflict = _CONFLICT.search(text)
    return _explain_conflict(conflict) if conflict else _explain(text, error)


def find_offset(error: yaml.YAMLError, mark: str = "problem_mark") -> int:
    """The offset at which the parser failed, or of another `mark`; 0 if `error` does not say."""
    place = getattr(error, mark, None)
    return place.index if place else 0


def _explain_conflict(conflict: re.Match[str]) -> YamlError:
    fix = "merge the two sides, and delete the lines that start with <<<<<<<, ======= and >>>>>>>"
    return YamlError("a merge conflict is not resolved", *conflict.span(), fix)


def _explain(text: str, error: yaml.YAMLError) -> YamlError:
    problem = str(getattr(error, "problem", None) or "not readable")
    offset, opened = find_offset(error), find_offset(error, "context_mark")
    lines = _lines_around(text, offset)
    mistake = _find_unclosed(problem, str(getattr(error, "context", "")), opened) or _find_escape(problem, offset)
    mistake = mistake or _find_odd_space(lines[:_NEAR]) or _find_bare_name(lines[: _NEAR + 1])
    for line in lines[:2]:
        mistake = mistake or _find_trap(line)
    mistake = (
        mistake
        or _find_open_quote(lines)
        or _find_equals(lines)
        or _find_no_colon(lines)
        or _find_misplaced(problem, lines[0])
    )
    return mistake or YamlError(f"not YAML: {problem}", offset, offset + 1)


def _lines_around(text: str, offset: int) -> list[_Line]:
    """The line at `offset` and those above it, the nearest first, without empty lines and comments."""
    return list(_lines_upwards(text, offset))[: _LINES_BACK + 1] or [_Line("", offset)]


def _lines_upwards(text: str, offset: int) -> Iterator[_Line]:
    match = _BREAK.search(text, offset)
    window = max(0, offset - 100 * _LINES_BACK)
    chunk = text[window : match.start() if match else len(text)]
    starts = [0, *(found.end() for found in _BREAK.finditer(chunk))]
    for start in reversed(starts):
        line = _BREAK.split(chunk[start : start + _LONGEST_LINE], maxsplit=1)[0]
        if line.strip() and not line.lstrip().startswith("#"):
            yield _Line(line, window + start)


def _find_unclosed(problem: str, context: str, opened: int) -> YamlError | None:
    if "end of stream" in problem and "quoted" in context:
        return _unclosed_quote(opened)
    if "',' or" in problem:
        fix = "close the bracket; if it belongs to a text, put the text in quotes"
        return YamlError("this bracket is never closed", opened, opened + 1, fix)
    return None


def _unclosed_quote(offset: int) -> YamlError:
    fix = "close it; if it belongs to a text, put the text in quotes of the other kind"
    return YamlError("this quote is never closed", offset, offset + 1, fix)


def _find_escape(problem: str, offset: int) -> YamlError | None:
    if "escape" not in problem and "decimal number" not in problem:
        return None
    fix = "write \\\\ for a backslash, or put the text in single quotes"
    return YamlError("invalid escape sequence in double quotes", offset, offset + 1, fix)


def _find_odd_space(lines: list[_Line]) -> YamlError | None:
    for line in lines:
        span = find_odd_spaces(line.text)
        if span:
            start, end = (line.start + offset for offset in span)
            return YamlError(
                f"{ODD} where YAML needs an ordinary one, found {name_odd_space(line.text)}", start, end, FIX
            )
    return None


def _find_bare_name(lines: list[_Line]) -> YamlError | None:
    """A name without its colon on a line of its own, above lines that are indented further."""
    for deeper, line, above in zip(lines, lines[1:], [*lines[2:], None], strict=False):
        name = line.text.strip()
        is_alone = _NAME.fullmatch(name) and _indentation(deeper) > _indentation(line)
        if is_alone and not _is_text(line, above):
            return line.error("missing colon after a key", name, f"write  {name[:_LONGEST_SHOWN]}:")
    return None


def _is_text(line: _Line, above: _Line | None) -> bool:
    """Whether `line` may continue a text from the line above, and so not be a key."""
    if above is None or above.text.rstrip().endswith(":"):
        return False
    deeper = _indentation(line) - _indentation(above)
    return deeper > 0 or (deeper == 0 and ":" not in above.text)


def _find_trap(line: _Line) -> YamlError | None:
    pair = _PAIR.fullmatch(line.text)
    if pair is None or not pair["value"]:
        return _find_missing_space(line)
    key, value = pair["key"], pair["value"]
    return _find_opening(line, key, value) or _find_quotes(line, key, value) or _find_colon(line, key, value)


def _find_missing_space(line: _Line) -> YamlError | None:
    match = _NO_SPACE.fullmatch(line.text)
    if match is None:
        return None
    key, value = match["key"], match["value"]
    return line.error("missing space after a colon", f"{key}:{value}", f"write  {key}: {value}")


def _find_opening(line: _Line, key: str, value: str) -> YamlError | None:
    """A text that starts with a character that has a meaning in YAML."""
    if value.startswith("{{"):
        fix = "write the value itself; if the braces belong to a text, put the text in quotes"
        return line.error("a template, {{ … }}, is not filled in", value, fix)
    if value[0] in "[{" and value[-1] in "]}":
        return None
    if value[0] in "@`%*&![{" or value[:2] in ("- ", "? ") or (value[0] in "|>" and len(value.split()) > 1):
        return line.error(f"text that starts with {value[0]} must be in quotes", value, _quote(key, value))
    return None


def _find_quotes(line: _Line, key: str, value: str) -> YamlError | None:
    match = _QUOTED.match(value)
    if match and value[match.end() :].strip() and not value[match.end() :].lstrip().startswith("#"):
        return line.error("text continues after the closing quote", value, _quote(key, value))
    return None


def _find_colon(line: _Line, key: str, value: str) -> YamlError | None:
    if value[0] in "\"'[{" or not (": " in value or value.endswith(":")):
        return None
    return line.error("text with a colon and a space in it must be in quotes", value, _quote(key, value))


def _quote(key: str, value: str) -> str:
    if len(value) > _LONGEST_SHOWN:
        return "put the whole text in quotes"
    import json  # noqa: PLC0415 - most files need no fix

    return f"write  {key}: {json.dumps(value, ensure_ascii=False)}"


def _find_open_quote(lines: list[_Line]) -> YamlError | None:
    for line in lines:
        pair = _PAIR.fullmatch(line.text)
        value = pair["value"] if pair else None
        if value and value[0] in "\"'" and not _QUOTED.match(value):
            return _unclosed_quote(line.start + line.text.rindex(value))
    return None


def _find_no_colon(lines: list[_Line]) -> YamlError | None:
    """A key without a colon, in the line where the parser fails, or at the same indentation in the one above."""
    for line in lines[:2]:
        content = line.text.strip()
        if (
            content
            and ":" not in content
            and content not in ("---", "...")
            and _indentation(line) == _indentation(lines[0])
        ):
            fix = f"write  {content.split()[0][:_LONGEST_SHOWN]}: …"
            return line.error("missing colon and value after a key", content, fix)
    return None


def _find_equals(lines: list[_Line]) -> YamlError | None:
    """A key with = instead of a colon, in the line where the parser fails or in the one above."""
    for line in lines[:2]:
        match = _EQUALS.fullmatch(line.text)
        if match:
            fix = f"write  {match['key']}: {match['value'][:_LONGEST_SHOWN]}"
            return line.error("a key is followed by = instead of a colon", line.text.strip(), fix)
    return None


def _indentation(line: _Line) -> int:
    return len(line.text) - len(line.text.lstrip())


def _find_misplaced(problem: str, line: _Line) -> YamlError | None:
    """A line that is valid on its own, but not at this indentation."""
    if "expected key" not in problem and "not allowed" not in problem and "block end" not in problem:
        return None
    fix = "align the keys of one mapping, two spaces to the right of the key above them"
    return line.error("the indentation matches none of the lines above", line.text.strip(), fix)
