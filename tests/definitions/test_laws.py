"""What holds of the reader and the schemas whatever the file."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reconciler.definitions.close import read_closely
from reconciler.definitions.close_page import read_close_page
from reconciler.definitions.explain import explain
from reconciler.definitions.page import make_page, read_sound
from reconciler.definitions.quick import read_quickly
from reconciler.definitions.reader import open_events, open_pure
from reconciler.definitions.scalars import PlainScalars
from reconciler.definitions.schema import Format, accept_for, read_schema
from tests.definitions.hostile import CORPUS
from tests.definitions.strategies import any_values, documents

GOOD = """\
# yaml-language-server: $schema=../schemas/channels.schema.json
dataPoint: NB-ELEC-01
defaults:
  intervalMinutes: 15
channels:
  nb-elec-use:
    select: {channelImportId: "NB-ELEC-01-USE"}
    channelInfo: 'North Building electricity use'
    channelDescription: null
    isPrimaryValue: true
    esaChannelVersion:
      unitCode: KWH
      multiplier: 0.001
      formula: |
        channel(a)
        + 1
feeds:
  north-logger: {channelId: 1, expect: nb-elec-use}
"""
YAMLISH = st.text(st.sampled_from("ab:- \n\"'#[]{},&*!|>%@`\\?~<1.eE0"), max_size=60)


@st.composite
def damaged(draw: st.DrawFn) -> str:
    """A good file with a few pieces cut out, doubled, or replaced."""
    text = GOOD
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(text)))
        end = draw(st.integers(start, min(start + 12, len(text))))
        text = text[:start] + draw(st.sampled_from(["", text[start:end] * 2]) | YAMLISH) + text[end:]
    return text


def texts() -> st.SearchStrategy[str]:
    return damaged() | YAMLISH | st.text(max_size=60)


@given(documents(Format.CHANNELS) | any_values())
def test_accept_says_what_jsonschema_says_of_channel_files(document: Any) -> None:
    validator = jsonschema.Draft7Validator(read_schema(Format.CHANNELS))

    assert accept_for(Format.CHANNELS)(document) == validator.is_valid(document)


@given(documents(Format.PROJECT) | any_values())
def test_accept_says_what_jsonschema_says_of_project_files(document: Any) -> None:
    validator = jsonschema.Draft7Validator(read_schema(Format.PROJECT))

    assert accept_for(Format.PROJECT)(document) == validator.is_valid(document)


@given(documents(Format.CHANNELS) | any_values(), st.sampled_from(Format))
def test_what_is_not_accepted_is_explained(document: Any, format_: Format) -> None:
    assert bool(explain(format_, document).problems) == (not accept_for(format_)(document))


@given(texts())
@example(GOOD)
def test_the_quick_reader_reads_what_the_close_one_reads_or_leaves_it_to_it(text: str) -> None:
    quick, close = read_quickly(text, PlainScalars()), read_closely("a.yaml", text.encode(errors="surrogatepass"))

    assert quick is None or (quick.tree, close.findings) == (close.tree, [])


@given(damaged())
def test_a_sound_page_is_the_same_from_both_readers(text: str) -> None:
    sound = read_sound(text.encode(), PlainScalars())

    assert sound is None or make_page("a.yaml", sound) == read_close_page("a.yaml", text.encode())


@given(documents(Format.CHANNELS) | any_values())
def test_what_json_writes_is_read_as_it_was(document: Any) -> None:
    read = read_closely("a.yaml", json.dumps(document).encode())

    assert read.findings or _as_numbers(read.tree) == _as_numbers(document)


@given(texts())
@example("a: &a {b: *a}\n")
def test_the_two_parsers_agree_on_what_they_both_read(text: str) -> None:
    data = text.encode(errors="surrogatepass")
    fast, pure = read_closely("a.yaml", data, open_events), read_closely("a.yaml", data, open_pure)

    assert fast.findings or pure.findings or fast.tree == pure.tree


@given(st.binary(max_size=200) | texts().map(lambda text: text.encode(errors="surrogatepass")))
def test_any_bytes_give_a_page(data: bytes) -> None:
    page = read_close_page("a.yaml", data)

    assert page.is_sound or page.findings


@pytest.mark.parametrize("bad", CORPUS, ids=lambda bad: bad.name)
def test_the_quick_reader_leaves_every_bad_file_to_the_close_one(bad: Any) -> None:
    assert read_sound(bad.content[: 5 * 1024 * 1024], PlainScalars()) is None


def _as_numbers(value: Any) -> Any:
    """`value` with whole floats as integers, as the reader has them."""
    match value:
        case dict():
            return {key: _as_numbers(member) for key, member in value.items()}
        case list():
            return [_as_numbers(member) for member in value]
        case float() if value.is_integer():
            return int(value)
        case _:
            return value
