"""Units as people write them: whether two are the same, and the factor between them."""

from __future__ import annotations

import re
import unicodedata
from decimal import Context, Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from msgspec import Struct

from reconciler.model.fields import FIELD_AT, MULTIPLIER
from reconciler.model.values import is_number

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.model.values import Value


class Measure(Struct, frozen=True):
    """What a unit measures, and how many of the first unit of its kind it is."""

    kind: str
    size: Fraction


def _prefix(base: str, size: str = "1", word: str = "") -> dict[str, Fraction]:
    """A unit with the prefixes that meters use, and its words."""
    words = {"": "", "k": "kilo", "m": "mega", "g": "giga", "t": "tera"}
    sizes = {f"{sign}{base}": 1000**power * Fraction(size) for power, sign in enumerate(words)}
    return sizes | {f"{words[sign]}{word}": 1000**power * Fraction(size) for power, sign in enumerate(words) if word}


def _name(sizes: Mapping[str, str]) -> dict[str, Fraction]:
    return {name: Fraction(size) for names, size in sizes.items() for name in names.split()}


# By kind, each in its first unit. Gas is measured in m3, but its energy differs. Source: NIST SP 811, appendix B; a
# BTU is that of the International Table, a gallon that of the United States. As case is nothing, m is mega: what is
# metered comes in megalitres and megawatts, never in thousandths. A column that says cal is mostly a calculated one.
_FOOT = "0.028316846592"
_UNITS: Mapping[str, Mapping[str, Fraction]] = {
    "energy": _prefix("wh", word="watthour")
    | _prefix("j", "1/3600", "joule")
    | _name(
        {
            "btu": "0.29307107017",
            "kcal": "1.163",
            "mcal": "1163",
            "gcal": "1163000",
            "kbtu": "293.07107017",
            "mmbtu dth dekatherm decatherm": "293071.07017",
            "therm thm": "29307.107017",
            "tonh tonhr tonhour": "3516.8528421",
            "kilowattstunde kilowattstunden kilowattheure kilovatiohora": "1000",
        }
    ),
    "power": _prefix("w", word="watt")
    | _name({"btuh btu/h btuhr btu/hr": "0.29307107017", "mbh": "293.07107017", "kwh/h": "1000"}),
    "reactive energy": _prefix("varh"),
    "reactive power": _prefix("var"),
    "apparent energy": _prefix("vah"),
    "apparent power": _prefix("va"),
    "volume": _name(
        {
            "m3 cum cubicmeter cubicmetre cbm nm3 sm3": "1",
            "l liter litre ltr": "0.001",
            "hl": "0.1",
            "kl": "1",
            "ml megaliter megalitre": "1000",
            "cf ft3 cuft cubicfeet cubicfoot": _FOOT,
            "ccf hcf": "2.8316846592",
            "mcf kcf": "28.316846592",
            "mmcf": "28316.846592",
            "gal gallon usgal": "0.003785411784",
            "kgal": "3.785411784",
        }
    ),
    "mass": _name(
        {
            "kg kilogram": "1",
            "g gram": "0.001",
            "lb pound": "0.45359237",
            "klb": "453.59237",
        }
    ),
    "flow": _name(
        {
            "m3/h m3h m3hr m3/hr": "1",
            "l/s lps": "3.6",
            "l/min lpm": "0.06",
            "gpm gal/min": "0.22712470704",
            "cfm ft3/min": "1.69901079552",
        }
    ),
    "money in US dollars": _name({"$ usd us$": "1"}),
    "money in euros": _name({"\u20ac eur euro": "1"}),
    "degrees Celsius": _name({"c degc celsius": "1"}),
    "degrees Fahrenheit": _name({"f degf fahrenheit": "1"}),
}
_MEASURES = {name: Measure(kind, size) for kind, sizes in _UNITS.items() for name, size in sizes.items()}


def fold(unit: str) -> str:
    """`unit` without the usual variations of spelling: letter case, blanks, dots, superscript digits, a plural s."""
    plain = unicodedata.normalize("NFKC", unit).casefold()
    # Letters of every script are kept, and so is a unit of signs alone: unrelated units must not become equal.
    folded = re.sub(r"[^\w/%$\u20ac\xa3]|_", "", plain) or plain.strip()
    return folded[:-1] if folded.endswith("s") and folded[:-1] in _MEASURES else folded


def find_measure(unit: str) -> Measure | None:
    """The kind and size of `unit`; None if it is unknown."""
    return _MEASURES.get(fold(unit))


def find_scale(code: str, other: str) -> Fraction | None:
    """How many of the unit `other` make one of the unit `code`, as 1000 for MWH and KWH; None if that is unknown."""
    one, two = find_measure(code), find_measure(other)
    return one.size / two.size if one and two and one.kind == two.kind else None


def is_near(one: Fraction, other: Fraction) -> bool:
    """Whether two factors mean the same conversion. Published factors of some units are rounded."""
    return abs(one / other - 1) < Fraction(1, 1000)


# The digits of a factor that are shown.
_ROUNDED = Context(prec=6)


def find_factor(path: str, before: Value, after: Value) -> Fraction | None:
    """The factor by which an edit of a multiplier changes all values; None for any other edit, or if it was 0.

    Exact for the decimal numbers as written: from 0.1 to 0.3 it is 3.
    """
    if FIELD_AT.get(path) is not FIELD_AT[MULTIPLIER] or not is_number(before) or not is_number(after) or before == 0:
        return None
    return Fraction(repr(after)) / Fraction(repr(before))


def format_factor(factor: Fraction) -> str:
    """`factor` for readers, rounded to six digits: ×1,000,000, ×0.001, ×-1."""
    number = _ROUNDED.divide(Decimal(factor.numerator), Decimal(factor.denominator))
    return f"×{_ROUNDED.normalize(number):,f}"
