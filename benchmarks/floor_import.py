"""The floor below an import: ruamel writes the same files, from values that are ready, and nothing else is done.

Run as a program: a JSON file of values by file name, and the folder to write into.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from ruamel.yaml import YAML


def _main(values: str, folder: str) -> None:
    yaml = YAML()
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.width = 4096
    trees = json.loads(Path(values).read_text(encoding="utf-8"))
    for name, tree in trees.items():
        path = Path(folder, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", encoding="utf-8") as stream:
            yaml.dump(tree, stream)
    print(f"{len(trees)} files written")


if __name__ == "__main__":
    _main(*sys.argv[1:])
