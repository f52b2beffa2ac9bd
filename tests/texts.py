"""Texts that YAML, a shell, a file system, a terminal or a reviewer could take for something else."""

from __future__ import annotations

HOSTILE = (
    *("no", "on", "~", "null", "012", "1e3", "1:30", "2024-06-03", "1_000", "0x1F", ".inf", "NaN", "<<", "=", "15"),
    *("", " ", " a ", "a: b", "a #b", "a:", "#", "{{ x }}", "*a", "&a b", "!tag", "- a", "? a", "| a", "%a", "@a"),
    *("`a`", "'a", '"a"', "\\", "a\nb", "a\tb", "a\rb", "--- a", "...", "::error::x", "channel(1)", "../../etc/passwd"),
    *("con", "x" * 50, "👩\u200d🔬", "総電力", "Straße Süd", "a\u00a0b", "\u202eabc", "\U000e0001"),
    *("\x07", "\x85", "\u2028", "\ufeff"),
)
