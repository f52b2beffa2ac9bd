"""Keys are hidden however they are written, and no output goes another way."""

from __future__ import annotations

import ast
import html
import io
import json
import quopri
import sys
import textwrap
from base64 import b32encode, b64encode, encodebytes, urlsafe_b64encode
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import reconciler
from reconciler.masking import KEYS, MASK, Masker, find_keys, hide_likely, hiding_keys
from reconciler.reports.escaping import code, escape_text, prose

if TYPE_CHECKING:
    from collections.abc import Callable

NAMES = {"+": "&plus;", "/": "&sol;", "=": "&equals;", ".": "&period;", "_": "&lowbar;", "&": "&AMP;", "<": "&LT;"}
KEY = "aGVsbG8+d29/bGQ=.c2VjcmV0Zm9yYWxs.x-_1&<\"'"
PACKAGE = Path(reconciler.__file__).parent

printable = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=3, max_size=40)

SPELLINGS: dict[str, Callable[[str], str]] = {
    "plain": lambda key: key,
    "url": lambda key: quote(key, safe=""),
    "url in lower case": lambda key: quote(key, safe="").replace("%2B", "%2b").replace("%3D", "%3d"),
    "path of a url": quote,
    "form": quote_plus,
    "url twice": lambda key: quote(quote(key, safe=""), safe=""),
    "json": json.dumps,
    "json in json": lambda key: json.dumps(json.dumps(key)),
    "json as .NET writes it": lambda key: "".join(c if c.isalnum() else f"\\u{ord(c):04X}" for c in key),
    "html": html.escape,
    "url of every character": lambda key: "".join(f"%{ord(c):02x}" for c in key),
    "json of every character": lambda key: "".join(f"\\u{ord(c):04X}" for c in key),
    "json in json in json": lambda key: json.dumps(json.dumps(json.dumps(key))),
    "html of every character": lambda key: "".join(f"&#{ord(c)};" for c in key),
    "html of every other character": lambda key: "".join(f"&#x{ord(c):X};" if i % 2 else c for i, c in enumerate(key)),
    "html twice": lambda key: html.escape(html.escape(key)),
    "bytes of a program": lambda key: "".join(f"\\x{ord(c):02x}" for c in key),
    "quotes in yaml": lambda key: key.replace("'", "''"),
    "html by numbers": lambda key: "".join(c if c.isalnum() else f"&#{ord(c)};" for c in key),
    "html by names": lambda key: "".join(NAMES.get(c, c) for c in key),
    "quoted-printable": lambda key: quopri.encodestring(key.encode()).decode().rstrip("=\n"),
    "quoted-printable of every character": lambda key: "".join(f"={ord(c):02X}" for c in key),
    "base64 of base64": lambda key: b64encode(b64encode(key.encode())).decode(),
    "base32": lambda key: b32encode(key.encode()).decode(),
    "repr": repr,
    "harmless": escape_text,
    "markdown": prose,
    "code in markdown": code,
}
LONG_ONES: dict[str, Callable[[str], str]] = {
    "upper case": str.upper,
    "lower case": str.lower,
    "hexadecimal": lambda key: key.encode().hex(),
    "hexadecimal with colons": lambda key: key.encode().hex(":"),
    "hexadecimal with blanks": lambda key: key.encode().hex(" ").upper(),
    "base64 of UTF-16": lambda key: b64encode(key.encode("utf-16-le")).decode(),
    "base32 in lower case": lambda key: b32encode(key.encode()).decode().lower(),
    "base64 in lines": lambda key: encodebytes(b"x" * 50 + key.encode()).decode(),
    "base64 in lines, in json": lambda key: json.dumps(encodebytes(b"x" * 50 + key.encode()).decode()),
    "quoted-printable in lines": lambda key: quopri.encodestring(b"x" * 60 + key.encode()).decode(),
    "in lines": lambda key: textwrap.fill(key, 16),
    "hexadecimal in upper case": lambda key: key.encode().hex().upper(),
}


@pytest.mark.parametrize("spell", [*SPELLINGS.values(), *LONG_ONES.values()], ids=[*SPELLINGS, *LONG_ONES])
def test_a_key_is_hidden_however_it_is_written(spell: Callable[[str], str]) -> None:
    hidden = Masker([KEY]).hide(f"before {spell(KEY)} after")

    assert MASK in hidden
    assert "c2VjcmV0Zm9yYWxs" not in hidden
    assert hidden.startswith("before ")
    assert hidden.endswith(" after")


@given(printable, st.sampled_from(sorted(SPELLINGS)))
def test_no_spelling_of_any_key_is_left(key: str, spelling: str) -> None:
    assume(key != "sandbox" and key not in MASK)

    hidden = Masker([key]).hide(f"<{SPELLINGS[spelling](key)}>")

    assert key not in hidden.replace(MASK, "")


KEYS_OF_FOUR = ["k3y+", "a.b*", "(c)?", "word", "$^|x"]


@pytest.mark.parametrize("spell", SPELLINGS.values(), ids=SPELLINGS)
def test_a_key_of_four_characters_is_hidden_however_it_is_written(spell: Callable[[str], str]) -> None:
    hidden = [Masker([key]).hide(f"<{spell(key)}>") for key in KEYS_OF_FOUR]

    assert [MASK in text for text in hidden] == [True] * len(hidden)


def test_a_key_of_four_characters_is_hidden_in_hexadecimal_but_not_in_a_digest() -> None:
    digest = f"sha256:{'0' * 30}{b'word'.hex()}{'1' * 26}"

    assert Masker(["word"]).hide(f"{digest} {b'word'.hex()}") == f"{digest} {MASK}"


@settings(deadline=None)
@given(st.binary(max_size=5), st.binary(max_size=5), st.binary(max_size=5), st.binary(max_size=5))
def test_of_base64_in_base64_only_the_ends_are_left(before: bytes, after: bytes, head: bytes, tail: bytes) -> None:
    inner = b64encode(before + KEY.encode() + after)
    hidden = Masker([KEY]).hide(b64encode(head + inner + tail).decode())

    start, _, end = hidden.partition(MASK)
    assert MASK in hidden
    assert (len(start), len(end)) <= (len(head + before) * 16 // 9 + 3, len(tail + after) * 16 // 9 + 9)


@settings(deadline=None)
@given(st.binary(max_size=6), st.binary(max_size=6))
def test_of_base32_only_the_ends_are_left(before: bytes, after: bytes) -> None:
    hidden = Masker([KEY]).hide(b32encode(before + KEY.encode() + after).decode())

    head, _, tail = hidden.partition(MASK)
    assert MASK in hidden
    assert (len(head), len(tail.rstrip("="))) <= (len(before) * 8 // 5 + 1, len(after) * 8 // 5 + 2)


@given(st.binary(max_size=5), st.binary(max_size=5), st.sampled_from([b64encode, urlsafe_b64encode]))
def test_of_base64_at_most_the_characters_at_the_ends_are_left(
    before: bytes, after: bytes, encode: Callable[[bytes], bytes]
) -> None:
    hidden = Masker([KEY]).hide(encode(before + KEY.encode() + after).decode())

    # Of the key itself one character at each end, which tells two to four bits.
    head, _, tail = hidden.partition(MASK)
    assert (len(head), len(tail.rstrip("="))) <= (len(before) * 8 // 6 + 1, len(after) * 8 // 6 + 2)
    assert MASK in hidden


@pytest.mark.parametrize("key", ["abc", "k3y", "a-b", "x.y", "123"])
def test_short_keys_are_hidden_too(key: str) -> None:
    texts = [f"before{key}after", quote(key, safe=""), b64encode(key.encode()).decode()]

    assert [Masker([key]).hide(text) for text in texts] == [f"before{MASK}after", MASK, MASK]


def test_a_short_key_is_not_found_in_a_digest() -> None:
    digest = f"sha256:{'0' * 30}abc{'0' * 31}"

    assert Masker(["abc"]).hide(f"{digest} abc") == f"{digest} {MASK}"


@pytest.mark.parametrize("key", ["sandbox", "", " ", "ab", "ab\n"])
def test_what_is_no_secret_or_no_key_stays(key: str) -> None:
    text = f"the sandbox {key} of a tab"

    assert Masker([key]).hide(text) == text


def test_of_a_key_within_another_no_end_is_left() -> None:
    assert Masker(["abcd", "abcdefgh"]).hide("abcdefgh abcd") == f"{MASK} {MASK}"


@given(st.sampled_from(["key", "the", "the key", "[the", "y] [t"]), st.text(max_size=20))
def test_what_is_hidden_once_stays_as_it_is(key: str, text: str) -> None:
    masker = Masker([key])
    once = masker.hide(f"{text}{key}{MASK}")

    assert masker.hide(once) == once


def test_a_text_without_a_key_is_given_back_itself() -> None:
    text = "nothing here" * 1000

    assert Masker([KEY]).hide(text) is text


def test_columns_stay_where_they_are_when_a_line_is_blotted() -> None:
    assert Masker([KEY]).blot(f"a: {KEY} # b") == f"a: {'*' * len(KEY)} # b"


@pytest.mark.parametrize(
    ("named", "found"),
    [
        ((), {"key-one", "key-two", "a-value-as-long-as-a-key"}),
        (("ECI_SHORT",), {"key-one", "key-two", "a-value-as-long-as-a-key", "abc"}),
        (None, {"key-one", "key-two", "a-value-as-long-as-a-key", "abc", "https://elsewhere.example"}),
    ],
    ids=["before the project file", "after it", "where it cannot be read"],
)
def test_keys_are_what_the_variables_for_them_hold(named: tuple[str, ...] | None, found: set[str]) -> None:
    environment = {
        "ECI_API_KEY": "key-one",
        "ECI_API_KEY_WRITE": "key-two",
        "ECI_OTHER": "a-value-as-long-as-a-key",
        "ECI_SHORT": "abc",
        "ECI_URL": "https://elsewhere.example",
        "PATH": "/usr/bin:/usr/local/bin",
    }

    assert set(find_keys(environment, named)) == found


def test_a_stream_hides_keys_and_gives_nothing_by_which_to_go_past_it(monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    monkeypatch.setattr("sys.stdout", out)
    with hiding_keys({"ECI_API_KEY": KEY}):
        sys.stdout.write(f"a {KEY}\n")
        sys.stdout.writelines([KEY[:5], KEY[5:], "\n"])
        assert not hasattr(sys.stdout, "buffer")
        assert sys.stdout.encoding == "utf-8"
    out.seek(0)

    assert out.read() == f"a {MASK}\n{MASK}\n"
    KEYS.forget()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("aGVsbG8.d29ybGQ.c2VjcmV0", "[looks like a key]"),
        ('"aGVs.bG8g.d29y"', '"[looks like a key]"'),
        ("north.campus.electric", "north.campus.electric"),
        ("North.Campus.Electric", "North.Campus.Electric"),
        ("app.energycap.com", "app.energycap.com"),
        ("2024.01.02", "2024.01.02"),
        ("aGVsbG8.d29ybGQ", "aGVsbG8.d29ybGQ"),
        ("a1B2c3d4.x.y", "a1B2c3d4.x.y"),
        ("aGVsbG8.d29ybGQ.c2VjcmV0/..", "[looks like a key].."),
        ("aB" * 500_000 + ".bbbb.ccc", "aB" * 500_000 + ".bbbb.ccc"),
        ("/" * 1_000_000, "/" * 1_000_000),
        ("https://app.energycap.com/Path9a", "https://app.energycap.com/Path9a"),
    ],
    ids=lambda text: text[:30],
)
def test_what_has_the_shape_of_a_key_is_not_repeated(text: str, shown: str) -> None:
    assert hide_likely(text) == shown


# Who may open a file for writing, or write to one that is open, and why not through the one place.
ELSEWHERE = {
    "cli/import_channels.py": "copies of channel files for the proof, removed after it",
    "cli/file_io.py": "content in which the keys are hidden already; channel files with a key are refused",
    "cli/main.py": "nowhere: /dev/null in the place of a closed stream",
    "definitions/commits.py": "a copy of the definitions of another commit, removed after it was read",
    "apply/journal.py": "lines whose keys are hidden where they are written",
}


def test_no_other_place_opens_a_file_for_writing() -> None:
    writers = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if "sandbox" not in path.relative_to(PACKAGE).parts and path.name != "masking.py" and _writes(path)
    }

    assert writers == set(ELSEWHERE)


def _writes(path: Path) -> bool:
    """Whether a file is opened for writing, or bytes go to one: `open(…, "w")`, `write_text`, `os.write`, `print`."""
    return any(_is_write(node) for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call))


def _is_write(call: ast.Call) -> bool:
    name = ast.unparse(call.func)
    if name == "print" or name.endswith((".write_text", ".write_bytes", "os.write", ".buffer.write", ".copyfileobj")):
        return True
    modes = {argument.value for argument in call.args if isinstance(argument, ast.Constant)}
    is_open = name.split(".")[-1] in ("open", "fdopen") or name.startswith("partial")
    return is_open and any(isinstance(mode, str) and {*mode} <= {*"rwxab+t"} and {*mode} & {*"wxa+"} for mode in modes)


@pytest.mark.parametrize("part", ["\\", "%25", "&#0", "amp;", "%", "=", "=25", "=\n", "\\n", "\n "])
def test_many_signs_of_an_encoding_are_looked_at_once_each(part: str) -> None:
    text = part * 200_000

    assert Masker([KEY]).hide(text) == text
