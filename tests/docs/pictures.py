"""The pictures in docs/pictures, from real runs on the demo:  make pictures

Those of the terminal are text and tested to be what is printed today. Those of pages need a Chromium.
"""

from __future__ import annotations

import base64
import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt

from tests.browser.chromium import Tab, find_chromium, start_chromium
from tests.docs.sessions import ROOT, lay_out_demo, run_command
from tests.docs.terminal import draw_terminal

if TYPE_CHECKING:
    from tests.browser.chromium import Chromium

PICTURES = ROOT / "docs" / "pictures"

_SLIPS = (
    "sed -i.old -e 's/multiplier: 0.001/multiplier: 1_000/' -e 's/channel(nb-elec-use) [*] 0.97/channel(nb-elec-us)/' "
    "channels/north-electricity.yaml"
)
# By the name of the picture: what is run before it, and the command shown.
TERMINALS = {
    "plan": ("true", "reconciler plan --only nb-elec-use --only cp-steam-losses"),
    "validate": (_SLIPS, "reconciler validate"),
}
_GITHUB = """<!doctype html><meta charset="utf-8"><style>
body{font:14px/1.5 -apple-system,"Segoe UI",Helvetica,Arial,"Liberation Sans",sans-serif;color:#1f2328;margin:24px}
h2{border-bottom:1px solid #d1d9e0;padding-bottom:.3em}table{border-collapse:collapse}
th,td{border:1px solid #d1d9e0;padding:6px 13px}code{background:#eff1f3;border-radius:6px;padding:.2em .4em;
font:12px ui-monospace,"Liberation Mono",monospace}</style>"""

_BOX = """(selector => {
  if (!selector) return {x: 0, y: 0, width: innerWidth, height: innerHeight, scale: 1};
  const {x, y, width, height} = document.querySelector(selector).getBoundingClientRect();
  return {x: x - 12, y: y + scrollY - 12, width: width + 24, height: height + 24, scale: 1};
})"""


def draw_terminals(workspace: Path) -> dict[str, str]:
    """The pictures of the terminal by name, of commands run in `workspace`, which has the demo."""
    drawn = {}
    for name, (before, command) in TERMINALS.items():
        run_command(before, workspace)
        painted = run_command(command.replace("reconciler", "FORCE_COLOR=1 reconciler"), workspace)
        drawn[name] = draw_terminal(command, f"\x1b[2m$\x1b[0m \x1b[1m{command}\x1b[0m\n{painted}")
    return drawn


def make_pictures(browser: Chromium, workspace: Path) -> None:
    """Draw all pictures again."""
    run_command("reconciler plan --format html=plan.html --format markdown=plan.md", workspace)
    report, markdown = workspace / "plan.html", workspace / "markdown.html"
    rendered = MarkdownIt("gfm-like", {"linkify": False}).render((workspace / "plan.md").read_text(encoding="utf-8"))
    markdown.write_text(_GITHUB + rendered, encoding="utf-8")
    _photograph(_open(browser, report, 1000), "report")
    _photograph(_open(browser, report, 1000, dark=True), "report-blocked", "#channel-1092")
    _photograph(_open(browser, report, 1000), "report-history", "#channel-1068")
    _photograph(_open(browser, report, 390), "report-phone", "#channel-1042")
    _photograph(_open(browser, markdown, 900), "markdown")
    for name, drawn in draw_terminals(workspace).items():
        (PICTURES / f"{name}.svg").write_text(drawn, encoding="utf-8")


def _open(browser: Chromium, page: Path, width: int, *, dark: bool = False) -> Tab:
    tab = Tab(browser, width=width, height=820, dark=dark)
    tab.open(page)
    return tab


def _photograph(tab: Tab, name: str, selector: str = "") -> None:
    """What is in sight at first, or the first element that matches with a little around it."""
    if selector:
        for _ in range(2):
            tab.take_picture()  # of all of it, for the page lays out what is far away only when somebody comes near
    clip = tab.evaluate(f"{_BOX}({json.dumps(selector)})")
    picture = tab.send("Page.captureScreenshot", clip=clip, captureBeyondViewport=True)["data"]
    (PICTURES / f"{name}.png").write_bytes(base64.b64decode(picture))


def main() -> None:
    path = find_chromium()
    if path is None:
        raise SystemExit("the pictures of pages need Chromium: install the package chromium")
    with tempfile.TemporaryDirectory() as folder, start_chromium(path, Path(folder) / "profile") as browser:
        workspace = Path(folder) / "workspace"
        workspace.mkdir()
        lay_out_demo(workspace)
        PICTURES.mkdir(exist_ok=True)
        make_pictures(browser, workspace)


if __name__ == "__main__":
    main()
