"""What pip finds on an emulated machine: there is no index, but the packages of this environment, and no others."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

# An index that has what is installed here and no more: an environment of its own sees the packages of this one, so that
# pip finds what a lock names already there, in that version, or fails.
#
# To find that again takes pip a second, and every job asks. So what it found is kept, by all that its answer depends
# on: words, its variables, the lock, the packages that are there. It starts anyway when it is not isolated, is
# called in another folder than the root, or failed.
_PYTHON = """\
#!/bin/sh
python="{python}" packages="{packages}"
if [ -L "${{0%/*}}/python-itself" ]; then
  python="${{0%/*}}/python-itself" packages=$(echo "${{0%/*}}"/../lib/python*/site-packages)
fi
if [ "$1 $2 $3" = "-I -m venv" ]; then
  mkdir -p "$4" && cp -RP "{environment}/." "$4" && cp "$0" "$4/bin/python"
  exit
fi
[ "$PWD $1 $2 $3 $4" = "/ -I -m pip install" ] || exec "$python" "$@"
for last; do :; done
question=$({{ printf '%s\\n' "$@"; env | grep ^PIP_ | sort; ls "$packages"; cat "$last"; }} 2>&1 | sha256sum)
[ ! -e "{found}/${{question%% *}}" ] || exit 0
"$python" "$@" && : > "{found}/${{question%% *}}"
"""


@cache
def _make_environment() -> TemporaryDirectory[str]:
    """What `python -m venv` makes, once, to be copied to wherever a step makes one; its pip is that of here."""
    folder = TemporaryDirectory()
    subprocess.run([sys.executable, "-I", "-m", "venv", "--without-pip", folder.name], check=True)
    bin_ = Path(folder.name) / "bin"
    (bin_ / "python-itself").symlink_to((bin_ / "python").resolve())
    # So that a copy of the script below takes its place, and not that of what it leads to.
    (bin_ / "python").unlink()
    (packages,) = Path(folder.name).glob("lib/python*/site-packages")
    (packages / "here.pth").write_text(f"{sysconfig.get_path('purelib')}\n", encoding="utf-8")
    return folder


@cache
def _keep_found() -> TemporaryDirectory[str]:
    return TemporaryDirectory()


def make_tool(path: Path, text: str) -> None:
    """Write a program."""
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)


def install_python(folder: Path, found: Path | None) -> str:
    """Put a Python with pip into `folder`, for the front of a search path, which is returned.

    Pip looks for itself once where `found` is a new folder; where it is left out what it found in other tests holds.
    """
    folder.mkdir(exist_ok=True)
    places = {
        "python": sys.executable,
        "packages": sysconfig.get_path("purelib"),
        "environment": _make_environment().name,
        "found": found or _keep_found().name,
    }
    make_tool(folder / "python", _PYTHON.format(**places))
    return os.pathsep.join((str(folder), str(Path(sys.executable).parent), os.environ["PATH"]))
