"""Laws of the readers and the schemas that hold for any file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reconciler.definitions.channel_file import parse_fast, parse_fully
from reconciler.definitions.fast_reader import PlainLines, try_fast_parse
from reconciler.definitions.schema import Format, read_schema, validator_for
from reconciler.definitions.schema_errors import explain
from reconciler.definitions.yaml_reader import parse_yaml
from reconciler.definitions.yaml_syntax import open_events, open_pure
from tests.cases import mostly, note_case
from tests.definitions.hostile import CORPUS
from tests.definitions.strategies import any_values, documents

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

GOOD = """\
# yaml-language-server: $schema=../schemas/channels.schema.json
dataPoint: NB-ELEC-01
defaults:
  intervalMinutes: 15
channels:
  nb-elec-use:
    select: {channelImportId: "NB-ELEC-01-USE"}
    selectIn:
      production: {channelId: 77}
    only: [implement, production]
    channelInfo: 'North Building electricity use'
    channelDescription: null
    use: submeter
    isPrimaryValue: true
    esaChannelVersion:
      unitCode: KWH
      multiplier: 0.001
      formula: |
        channel(a)
        + 1
feeds:
  north-logger: {channelId: 1, expect: nb-elec-use}
templates:
  submeter:
    intervalMinutes: "{interval}"
    isCalculated: true
"""
PLAIN = GOOD.replace("|\n        channel(a)\n       ", "channel(a)")
YAMLISH = st.text(st.sampled_from("ab:- \n\"'#[]{},&*!|>%@`\\?~<1.eE0"), max_size=60)


KEYS = ("a", "b", "channels", "feeds", "-a", "a b", "1", "ä", "a.b-c", "<<", "'a'", "? a", "- a", "...")
VALUES = """
a
a b
-1
-
- a
1.50
null
~
2024-07-01
2024-07-01T06:30:00
a:b
a: b
a:
a#b
a #b
# a
(a + b) * c
'a'
'a''b'
'a' b
"a"
"a\\n"
"a
{}
{a: 1}
{a: 1, b: c}  # d
{a: 1, a: 2}
{a: {b: 1}}
{a: 1
{a: b:c}
{a: -}
[a]
[a, 1.50]  # b
[a,b]
[a, -]
[a, null
[a: b, c]
|
> a
&a b
*a
!a b
%a
@a
`a
a\u00a0b
\u00a0a
é
1e999
012
a, b
.5
...
--- a
?
a\u2028b
\U0001f600
"""


_GOOD_VALUES = st.sampled_from(["a", "1.50", "'b'", "{a: 1, b: 'c'}", "null", "2024-07-01"])
_STRAYS = st.sampled_from(["", "  ", "# a", "    # a: b", "---", "...", "%YAML 1.1", "a", "- a"])


_LONG = *("block",) * 4, *("list",) * 4


def _seldom(odd: Sequence[str], *plain: str) -> st.SearchStrategy[str]:
    """One of `plain`, and in one case of twenty one of `odd`."""
    return st.sampled_from([*plain * (20 * len(odd) // len(plain)), *odd])


_STYLES = _seldom(["|+", ">2", "| # a"], "|", ">", "|-", ">-")
_BLOCK_LINES = _seldom(["    e", "   ", " f", "g", "  \u2028"], "  a", "  b: c", "  # d", "", "  - g", "  h  ")
_DASHES = _seldom(["- ", "  -  ", "  - - ", "    - "], "  - ")
_FIRSTS = _seldom(["k", "o:", "# a", "", "k: |", "{a: 1}"], "k: 1", "k: {a: 1}")


@st.composite
def _blocks(draw: st.DrawFn, indent: str, number: int) -> list[str]:
    """A key with a block text below it, which is usually plain."""
    below = ["  a", *draw(st.lists(_BLOCK_LINES, max_size=4))]
    return [f"{indent}b{number}: {draw(_STYLES)}", *(f"{indent}{line}" for line in below)]


@st.composite
def _entries(draw: st.DrawFn, indent: str) -> list[str]:
    """Entries of a list, which are usually plain mappings."""
    lines = []
    for _ in range(draw(st.integers(1, 3))):
        more = draw(st.lists(st.sampled_from(["m: 1", "n: 'a'", "", "o: {p: q}"]), max_size=2, unique=True))
        lines += [f"{indent}{draw(_DASHES)}{draw(_FIRSTS)}", *(f"{indent}    {line}" for line in more)]
    return lines


@st.composite
def lined(draw: st.DrawFn) -> str:
    """A file of plain lines, of which usually one or two are not plain."""
    depth = draw(st.sampled_from([1, 1, 1, 0]))
    lines = ["o:"] * depth
    for number in range(draw(st.integers(1, 8))):
        # The plain case first: Hypothesis prefers the first choices, and most samples must reach the case of a law.
        odd = draw(st.sampled_from([*[""] * 80, "key", "value", "colon", "line", "opening", "opening", *_LONG]))
        depth += draw(st.sampled_from([*[0] * 40, -1, -1, -2, 1])) if number else 0
        if odd == "line":
            lines.append(draw(_STRAYS))
        elif odd == "opening":
            lines.append(f"{'  ' * depth}{draw(st.sampled_from(['channels', f'o{number}']))}:")
            depth += 1
        elif odd == "block":
            lines += draw(_blocks("  " * depth, number))
        elif odd == "list":
            lines += [f"{'  ' * depth}l{number}:", *draw(_entries("  " * depth))]
            depth += draw(st.sampled_from([*[0] * 15, *[2] * 5, 1]))
        key = draw(st.sampled_from(KEYS)) if odd == "key" else f"k{number}"
        colon = draw(st.sampled_from([":", ":  ", " : "])) if odd == "colon" else ": "
        value = draw(st.sampled_from(VALUES.split("\n")) if odd == "value" else _GOOD_VALUES)
        lines.append(f"{'  ' * depth}{key}{colon}{value}{draw(st.sampled_from(['', '', ' ', '  # b']))}")
    return "\n".join([*lines, ""])


@st.composite
def damaged(draw: st.DrawFn, *texts: str) -> str:
    """One of `texts` with a few pieces removed, doubled, or replaced."""
    text = draw(st.sampled_from(texts))
    for _ in range(draw(st.sampled_from([0, 0, 0, 0, 0, 1, 1, 2]))):
        start = draw(st.integers(0, len(text)))
        end = draw(st.integers(start, min(start + 12, len(text))))
        text = text[:start] + draw(st.sampled_from(["", text[start:end] * 2]) | YAMLISH) + text[end:]
    return text


def texts() -> st.SearchStrategy[str]:
    return mostly(damaged(GOOD, PLAIN), YAMLISH, st.text(max_size=60))


def check_length(_validator: object, longest: int, text: object, _schema: object) -> Iterator[Exception]:
    if isinstance(text, str) and len(text.encode("utf-16-le", errors="surrogatepass")) > 2 * longest:
        yield jsonschema.ValidationError("too long")


# JSON Schema counts code points, the service UTF-16 code units.
DotNetValidator = jsonschema.validators.extend(jsonschema.Draft7Validator, {"maxLength": check_length})  # type: ignore[no-untyped-call]


@given(mostly(documents(Format.CHANNELS), any_values()))
def test_the_compiled_check_agrees_with_jsonschema_on_channel_files(document: Any) -> None:
    validator = DotNetValidator(read_schema(Format.CHANNELS))

    is_valid = validator.is_valid(document)
    note_case(reached=is_valid)
    assert validator_for(Format.CHANNELS)(document) == is_valid


@given(mostly(documents(Format.PROJECT), any_values()))
def test_the_compiled_check_agrees_with_jsonschema_on_project_files(document: Any) -> None:
    validator = DotNetValidator(read_schema(Format.PROJECT))

    is_valid = validator.is_valid(document)
    note_case(reached=is_valid)
    assert validator_for(Format.PROJECT)(document) == is_valid


@given(documents(Format.CHANNELS) | any_values(), st.sampled_from(Format))
def test_every_rejected_document_is_explained(document: Any, format_: Format) -> None:
    problems = explain(format_, document).problems
    note_case(reached=problems)
    assert bool(problems) == (not validator_for(format_)(document))


@given(mostly(lined(), damaged(PLAIN), texts()))
@example(PLAIN)
def test_the_fast_reader_agrees_with_the_full_one_or_gives_up(text: str) -> None:
    fast, full = try_fast_parse(text, PlainLines()), parse_yaml("a.yaml", text.encode(errors="surrogatepass"))

    note_case(reached=fast is not None)
    assert fast is None or (fast.tree, full.findings) == (full.tree, [])


@given(damaged(PLAIN))
def test_a_valid_file_is_the_same_from_both_readers(text: str) -> None:
    valid = parse_fast("a.yaml", text.encode(), PlainLines())

    note_case(reached=valid is not None)
    assert valid is None or valid == parse_fully("a.yaml", text.encode())


@given(documents(Format.CHANNELS) | any_values())
def test_json_is_read_unchanged(document: Any) -> None:
    read = parse_yaml("a.yaml", json.dumps(document).encode())

    note_case(reached=not read.findings)
    assert read.findings or _as_numbers(read.tree) == _as_numbers(document)


@given(texts())
@example("a: &a {b: *a}\n")
def test_the_two_parsers_agree_on_what_they_both_read(text: str) -> None:
    data = text.encode(errors="surrogatepass")
    fast, pure = parse_yaml("a.yaml", data, open_events), parse_yaml("a.yaml", data, open_pure)

    note_case(reached=not fast.findings and not pure.findings)
    assert fast.findings or pure.findings or fast.tree == pure.tree


@given(st.binary(max_size=200) | texts().map(lambda text: text.encode(errors="surrogatepass")))
def test_any_bytes_give_a_parsed_file(data: bytes) -> None:
    parsed = parse_fully("a.yaml", data)

    note_case(reached=parsed.findings)
    assert parsed.is_valid or parsed.findings


@pytest.mark.parametrize("bad", CORPUS, ids=lambda bad: bad.name)
def test_the_fast_reader_leaves_every_bad_file_to_the_full_one(bad: Any) -> None:
    assert parse_fast("a.yaml", bad.content[: 5 * 1024 * 1024], PlainLines()) is None


def _as_numbers(value: Any) -> Any:
    """`value` with whole floats as integers, as the readers return them."""
    match value:
        case dict():
            return {key: _as_numbers(member) for key, member in value.items()}
        case list():
            return [_as_numbers(member) for member in value]
        case float() if value.is_integer():
            return int(value)
        case _:
            return value
