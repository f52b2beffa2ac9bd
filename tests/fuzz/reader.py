"""Looks for channel files that the reader stumbles over, led by the code that they reach: `make fuzz SECONDS=600`.

Needs atheris, which `make fuzz` installs. What it found that way is in the corpus of bad files, and stays there.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["reconciler", "yaml"]):
    from reconciler.definitions.channel_file import parse_fast, parse_fully
    from reconciler.definitions.fast_reader import PlainLines, try_fast_parse
    from reconciler.definitions.load import load_definitions
    from reconciler.definitions.yaml_reader import parse_yaml
    from reconciler.definitions.yaml_syntax import open_pure
    from reconciler.model.fields import FIELD_AT
    from reconciler.reports.findings_report import FindingsReport, renderers
    from reconciler.reports.terminal import no_style
from tests.definitions.hostile import CORPUS

_EXAMPLES = Path(__file__).parents[1] / "examples"
_FILE = "channels/a.yaml"
# Larger files reach no other code, and are slower.
_LARGEST = 4096


def check(root: Path, data: bytes) -> None:
    """Raise AssertionError, or whatever the reader raises, where it breaks a promise for a file that holds `data`."""
    full, fast = parse_fully(_FILE, data), parse_fast(_FILE, data, PlainLines())
    assert full.is_valid or full.findings, "a file that is not valid, without a finding"
    assert fast is None or fast == full, "two readers, two results"
    compiled, pure = parse_yaml(_FILE, data), parse_yaml(_FILE, data, open_pure)
    assert compiled.findings or pure.findings or compiled.tree == pure.tree, "two parsers, two trees"
    values = try_fast_parse(data.decode(errors="surrogateescape"), PlainLines())
    assert values is None or (values.tree, compiled.findings) == (compiled.tree, []), "two readers, two trees"
    (root / _FILE).write_bytes(data)
    loaded = load_definitions(root, ["channels"])
    report = FindingsReport(loaded.findings, files=1, channels=len(loaded.definitions.channels))
    for name, render in renderers(report).items():
        text = render(no_style)
        odd = [character for character in text if not character.isprintable() and character != "\n"]
        assert not odd, f"{name} lets {odd!r} through"


def _write_seeds(folder: Path) -> None:
    """The examples and the bad files that are known, to start from."""
    seeds = [bad.content for bad in CORPUS] + [path.read_bytes() for path in sorted(_EXAMPLES.rglob("*.yaml"))]
    for number, content in enumerate(seeds):
        if len(content) <= _LARGEST:
            (folder / f"{number:04}").write_bytes(content)


def _write_words(file: Path) -> None:
    """What a channel file is made of, for the fuzzer to put in: the fields, and the marks of YAML."""
    keys = [part for path in FIELD_AT for part in path.split(".")] + [
        "select",
        "defaults",
        "channels",
        "feeds",
        "expect",
    ]
    marks = [
        "channel(",
        "&a ",
        "*a",
        "!t ",
        "<<: ",
        "---",
        "|\\x0a",
        "#",
        "null",
        "1e400",
        "\\xef\\xbb\\xbf",
        "\\xe2\\x80\\xa8",
    ]
    words = sorted({*(f"\\x0a    {key}: " for key in keys), *marks})
    file.write_text("".join(f'"{word}"\n' for word in words), encoding="utf-8")


def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--kept", type=Path, default=Path(".fuzz"), help="where what breaks the reader is kept")
    options = parser.parse_args()
    options.kept.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        root, seeds = Path(name), Path(name) / "seeds"
        (root / "channels").mkdir()
        seeds.mkdir()
        _write_seeds(seeds)
        _write_words(root / "words")
        settings = {
            "max_total_time": options.seconds,
            "max_len": _LARGEST,
            "timeout": 20,
            "rss_limit_mb": 1024,
            "artifact_prefix": f"{options.kept}/",
            "dict": root / "words",
        }
        arguments = [sys.argv[0], *(f"-{name}={value}" for name, value in settings.items()), str(seeds)]
        atheris.Setup(arguments, lambda data: check(root, data))
        atheris.Fuzz()


if __name__ == "__main__":
    _main()
