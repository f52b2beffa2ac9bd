from __future__ import annotations

from tests.docs.terminal import draw_terminal


def test_colours_become_looks_and_text_stays_text() -> None:
    drawn = draw_terminal("a <b>", "\x1b[33m\x1b[1m~ update\x1b[0m  <x> & y\n\nlast\n")

    assert "<title>a &lt;b&gt;</title>" in drawn
    assert [line for line in drawn.splitlines() if line.startswith("<text")] == [
        '<text x="20" y="58"><tspan style="fill:#e3b341;font-weight:700">~ update</tspan>  &lt;x&gt; &amp; y</text>',
        '<text x="20" y="77"></text>',
        '<text x="20" y="96">last</text>',
    ]
