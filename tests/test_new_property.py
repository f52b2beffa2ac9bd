"""A new property of the API is one row of each table: `model/fields.py`, and `sandbox/properties.py` for the sandbox.

In a copy of the package, each table gets a row for a made-up property of a channel and one of a version, and nothing
else changes but the schema, which is made from the table. The commands of that copy then manage both properties.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
from msgspec import Struct

from reconciler.sandbox.store import open_store, read_request_log

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[1]
FIELD = """\
    Field({path}, ("{name}",), Kind.{kind}, Impact.COSMETIC, Impact.COSMETIC, nullable={nullable},
          help=Help("Label", "Title", "Made up.", ({example},))),
"""
# By file: the line that a row goes below, and the row.
ROWS = {
    "reconciler/model/fields.py": (
        (
            "CHANNEL_FIELDS = (\n",
            FIELD.format(path='"isCurtailable"', name="isCurtailable", kind="BOOLEAN", nullable=False, example=True),
        ),
        (
            "VERSION_FIELDS = (\n",
            FIELD.format(
                path='_version("demandResponseFactor")',
                name="demandResponseFactor",
                kind="DECIMAL",
                nullable=True,
                example=0.5,
            ),
        ),
    ),
    "reconciler/sandbox/properties.py": (
        ("    is_calculated: Annotated[bool, Traits(is_defined=True)] = False\n", "    is_curtailable: bool = False\n"),
        ("    is_value_positive: bool = False\n", "    demand_response_factor: float | None = None\n"),
    ),
}
# What `make docs` does with the schema.
MAKE_SCHEMA = """
import sys
from pathlib import Path
from tests.docs.field_schema import update_text
path = Path(sys.argv[1])
path.write_text(update_text(path.read_text(encoding="utf-8")), encoding="utf-8")
"""
PROJECT = "definitions: channels\ndefaultEnvironment: served\nenvironments: {{served: {{url: '{url}'}}}}\n"
FILE = """\
channels:
  use:
    channelId: 1042
    isCurtailable: {flag}
    esaChannelVersion:
      demandResponseFactor: {factor}
"""
CHANNEL = "/api/v202406/esachannel/1042"


class Copy(Struct, frozen=True):
    """A copy of the package with the new rows, and a project to use it in."""

    package: Path
    project: Path

    @property
    def variables(self) -> dict[str, str]:
        # The copy comes first, then `tests`, which are not copied.
        return os.environ | {"PYTHONPATH": f"{self.package}{os.pathsep}{ROOT}", "ECI_API_KEY": "sandbox"}

    def command(self, *arguments: str) -> tuple[str, ...]:
        # Without -P, Python would look for packages in the working directory first.
        return (sys.executable, "-P", *arguments)

    def run(self, *arguments: str) -> tuple[int, str]:
        """The exit code and the output of a command of the copy."""
        command = self.command("-m", "reconciler", *arguments)
        done = subprocess.run(
            command, cwd=self.project, env=self.variables, capture_output=True, text=True, check=False
        )
        assert "Traceback" not in done.stderr, done.stderr
        return done.returncode, done.stdout

    def define(self, flag: str, factor: str) -> None:
        (self.project / "channels" / "all.yaml").write_text(FILE.format(flag=flag, factor=factor), encoding="utf-8")

    @contextmanager
    def serving(self, database: str) -> Iterator[str]:
        """The copy's sandbox in a process of its own, and the project pointed to its URL."""
        serve = self.command("-m", "reconciler", "sandbox", "serve", "--port", "0", "--db", database)
        with subprocess.Popen(serve, cwd=self.project, env=self.variables, stdout=subprocess.PIPE, text=True) as server:
            assert server.stdout is not None
            try:
                url = re.findall(r"http://[0-9.:]+", server.stdout.readline())[0]
                (self.project / "reconciler.yaml").write_text(PROJECT.format(url=url), encoding="utf-8")
                yield url
            finally:
                server.kill()


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    folder = tmp_path_factory.mktemp("new_property")
    copy = Copy(folder / "package", folder / "project")
    for name in ("reconciler", "schemas"):
        shutil.copytree(ROOT / name, copy.package / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name, rows in ROWS.items():
        path = copy.package / name
        text = path.read_text(encoding="utf-8")
        for line, row in rows:
            assert text.count(line) == 1, line
            text = text.replace(line, line + row)
        path.write_text(text, encoding="utf-8")
    schema = str(copy.package / "schemas" / "channels.schema.json")
    subprocess.run(copy.command("-c", MAKE_SCHEMA, schema), env=copy.variables, check=True)
    (copy.project / ".git").mkdir(parents=True)
    (copy.project / "channels").mkdir()
    (copy.project / "reconciler.yaml").write_text(PROJECT.format(url="http://127.0.0.1:9"), encoding="utf-8")
    return copy


def test_a_value_of_another_type_is_an_error(copy: Copy) -> None:
    copy.define(flag="maybe", factor="high")

    code, output = copy.run("validate", "--color", "never")

    assert code == 1
    assert re.findall(r"channels/all\.yaml.*", output) == [
        'channels/all.yaml:4:20  ESA123  isCurtailable must be true or false, found "maybe"',
        'channels/all.yaml:6:29  ESA123  demandResponseFactor must be a number or null, found "high"',
    ]


def test_a_value_is_validated_planned_sent_read_back_and_imported(copy: Copy) -> None:
    copy.define(flag="true", factor="0.25")
    with copy.serving("applied.sqlite3") as url:
        assert copy.run("validate") == (0, "1 file, 1 channel: no findings.\n")
        _, planned = copy.run("plan", "--color", "never", "--out", "plan.json")
        applied, _ = copy.run("apply", "plan.json")
        again, output = copy.run("plan", "--color", "never")
        shown = httpx.get(url + CHANNEL, headers={"ECI-ApiKey": "sandbox"}).json()
        (copy.project / "channels" / "all.yaml").unlink()
        imported, _ = copy.run("import", "--data-point", "NB-ELEC-01", "--fields", "all", "--layout", "flat")

    assert re.findall(r"^ +(\S+ +\S+ → \S+ .*)$", planned, re.MULTILINE) == [
        "isCurtailable  false → true  [cosmetic]",
        "esaChannelVersion.demandResponseFactor  null → 0.25  [cosmetic]",
    ]
    assert applied == 0
    with open_store(copy.project / "applied.sqlite3") as store:
        (put,) = read_request_log(store)
    body = json.loads(put.body)
    assert (put.method, put.path, put.status) == ("PUT", CHANNEL, 200)
    assert (body["isCurtailable"], body["esaChannelVersion"]["demandResponseFactor"]) == (True, 0.25)
    assert (shown["isCurtailable"], shown["channelVersions"][0]["demandResponseFactor"]) == (True, 0.25)
    assert (again, output.startswith("No changes: the one managed channel in served ")) == (0, True)
    assert imported == 0
    text = (copy.project / "channels" / "nb-elec-01.yaml").read_text(encoding="utf-8")
    assert re.findall(r".*(?:isCurtailable|demandResponseFactor).*", text) == [
        "    isCurtailable: true",
        "      demandResponseFactor: 0.25",
    ]


def test_the_sandbox_refuses_a_value_of_another_type(copy: Copy) -> None:
    with copy.serving("refused.sqlite3") as url:
        response = httpx.put(
            url + CHANNEL,
            headers={"ECI-ApiKey": "sandbox", "Content-Type": "application/json"},
            json={"isCurtailable": "maybe", "esaChannelVersion": {"demandResponseFactor": "high"}},
        )

    messages = {error["property"]: error["message"] for error in response.json()["errors"]}
    assert messages["isCurtailable"] == "must be true or false"
    assert messages["esaChannelVersion.demandResponseFactor"] == "must be a number"
