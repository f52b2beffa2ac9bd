"""What can be wrong with a formula: its syntax, and what it refers to."""

from __future__ import annotations

import re
from itertools import islice, pairwise
from typing import TYPE_CHECKING

from msgspec import Struct

from reconciler.masking import KEYS, MASK
from reconciler.model.canonical import is_blank
from reconciler.model.fields import FORMULA, IS_CALCULATED
from reconciler.model.formulas import find_references, tokenize
from reconciler.model.lookalikes import tell_apart
from reconciler.planning.constraints import Violation
from reconciler.planning.dependencies import find_cycles
from reconciler.planning.identification import read_id
from reconciler.planning.messages import format_reference, locate_reference, shorten, show_value, suggest_channels
from reconciler.rules import make_finding

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

    from reconciler.model.channels import Desired
    from reconciler.model.findings import Finding, Location
    from reconciler.model.values import Spec


_OPERATORS = frozenset({"+", "-", "*", "/", "<", ">", "<=", ">=", "<>", "!=", "==", "="})
# Only plus and minus may be signs, with no value before them.
_NEVER_FIRST = frozenset({"*", "/"})
# Operators of some other languages; EnergyCAP may know them too.
_DOUBLED = frozenset({"**", "//"})
_OPENING, _CLOSING = frozenset({"", "(", ","}), frozenset({"", ")", ","})
_SIGNS = {
    "\N{MULTIPLICATION SIGN}": "*",
    "\N{MIDDLE DOT}": "*",
    "\N{DOT OPERATOR}": "*",
    "\N{DIVISION SIGN}": "/",
    "\N{DIVISION SLASH}": "/",
    "\N{MINUS SIGN}": "-",
    "\N{EN DASH}": "-",
    "x": "*",
    "X": "*",
}


def check_operators(formula: str) -> tuple[Violation, ...]:
    """What in `formula` no grammar of formulas allows (ESA210), and what EnergyCAP may not know (ESA216).

    `formula` must have balanced parentheses. One violation of each kind is reported. Commas between the arguments of a
    function and signs before a value are allowed. Source: the help centre on calculated channels gives + - * / and
    constants; the full grammar is not published.
    """
    tokens = tokenize(formula)
    incomplete = next(_find_incomplete(tokens), "")
    # One violation for each fix, at the first place that needs it.
    odd = dict(reversed([(fix, found) for found, fix in _find_odd(tokens)]))
    what = "formula should be written with + - * / and decimal points"
    unknown = (Violation("ESA216", FORMULA, f"{what}, found {_quote(odd[fix], formula)}", fix) for fix in reversed(odd))
    if not incomplete:
        return tuple(unknown)
    message = f"formula must have a value on both sides of each operator, found {_quote(incomplete, formula)}"
    return (Violation("ESA210", FORMULA, message, "add the missing value, or remove the operator"), *unknown)


def _find_incomplete(tokens: Sequence[str]) -> Iterator[str]:
    """Each operator that lacks a value on one side, in words."""
    for before, sign in pairwise(("", *tokens, "")):
        is_second = sign in _NEVER_FIRST and (before in _OPERATORS or before in _OPENING)
        is_last = before in _OPERATORS and sign in _CLOSING
        if (is_second and before + sign not in _DOUBLED) or is_last:
            yield _word_pair(before, sign)


def _word_pair(before: str, sign: str) -> str:
    if not before:
        return f'"{sign}" at the beginning'
    return f'"{before} {sign}"' if sign else f'"{before}" at the end'


def _find_odd(tokens: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Each symbol that EnergyCAP does not publish, quoted, and the fix."""
    if tokens and tokens[0] == "=":
        yield '"=" at the beginning', "remove the = at the beginning"
    for before, sign, after in zip(("", *tokens), tokens, (*tokens[1:], ""), strict=False):
        if sign == "%":
            yield f'"{before} %"', "write the percentage as a number, as in 0.03 for 3 %"
        elif before + sign in _DOUBLED:
            yield f'"{before}{sign}"', "write a single * or /"
        elif sign in _SIGNS and _joins(before, _SIGNS[sign], after):
            yield f'"{sign}"', f"write  {_SIGNS[sign]}  instead of  {sign}"
    for before, after in _find_commas(tokens):
        yield f'"{before},{after}"', "write a decimal point, and no separator for thousands"


def _joins(before: str, operator: str, after: str) -> bool:
    """Whether `operator` would have values on the sides where it needs them."""
    return (_is_value(after) or after == "(") and (_is_value(before) or operator == "-")


def _is_value(token: str) -> bool:
    return token not in _OPERATORS and token not in _OPENING


def _find_commas(tokens: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The numbers on both sides of each comma that is not between the arguments of a function."""
    functions: list[bool] = []
    for before, sign, after in zip(("", *tokens), tokens, (*tokens[1:], ""), strict=False):
        if sign == "(":
            # In max(1, 2) the comma separates arguments; in (1,2) it can only be a decimal comma or a thousands
            # separator.
            functions.append(before.isidentifier())
        elif sign == ")":
            functions.pop()
        elif sign == "," and not any(functions) and before[:1].isdigit() and after[:1].isdigit():
            yield before, after


def _quote(found: str, formula: str) -> str:
    """What was `found`, and its `formula`; masked if that contains an API key, as a part of a key looks harmless."""
    return f"{MASK if KEYS.finds(formula) else found} in {show_value(formula)}"


# The start of a reference, complete or not; quoted texts are matched too, so that what is in them is skipped.
_ATTEMPT = re.compile(r"""\bchannel\s*\((?P<held>[^()]*)(?P<end>[()]?)|"[^"]*"|'[^']*'""", re.IGNORECASE)
# Most formulas are channels and numbers with operators between them, and need no other check of their text.
_VALUE = r"(?:\bchannel\s*\(\s*[^()\s]+\s*\)|(?<![.\w])[0-9]+(?:\.[0-9]+)?(?![.\w]))"
_PLAIN = re.compile(rf"\s*(?:-\s*)?{_VALUE}(?:\s*[-+*/]\s*{_VALUE})*\s*", re.IGNORECASE)
_NAME = re.compile(r"\w(?:[\w.-]*\w)?")


def find_formula_violations(spec: Spec, names: Container[str]) -> tuple[Violation, ...]:
    """The rules that the text of the formula in `spec` breaks, as it is written in a file.

    `names` are those of all channels in the files: one that is written without channel(…) was meant as a reference.
    Not for formulas that EnergyCAP already has: it has accepted them.
    """
    formula = spec.get(FORMULA)
    if not isinstance(formula, str):
        return ()
    if _PLAIN.fullmatch(formula) and find_references(formula):
        return ()
    if is_blank(formula):
        message = f"formula must not be blank, found {show_value(formula)}"
        fix = "write a formula, or  formula: null  if the channel has none"
        # ESA205 reports it for a calculated channel.
        return () if spec.get(IS_CALCULATED) is True else (Violation("ESA206", FORMULA, message, fix),)
    # With unbalanced parentheses the other checks would report consequences of the same mistake.
    unclosed = _count_unclosed(formula)
    if unclosed:
        found = 'a ")" without "("' if unclosed == -1 else f'{unclosed} "(" without ")"'
        message = f"formula must have balanced parentheses, found {found} in {show_value(formula)}"
        return (Violation("ESA207", FORMULA, message, "add the missing parenthesis, or remove the extra one"),)
    broken = (*_check_each_reference(formula), *check_operators(formula))
    names_no_channel = any(violation.code == "ESA208" for violation in broken)
    return broken if names_no_channel or find_references(formula) else (_no_channel(formula, names), *broken)


def _count_unclosed(formula: str) -> int:
    """How many parentheses are not closed; -1 if one is closed that was never opened."""
    unclosed = 0
    for sign in tokenize(formula):
        unclosed += (sign == "(") - (sign == ")")
        if unclosed < 0:
            break
    return unclosed


def _check_each_reference(formula: str) -> Iterator[Violation]:
    for attempt in _ATTEMPT.finditer(formula):
        held = attempt["held"]
        if held is not None and (attempt["end"] != ")" or len(held.split()) != 1):
            found = f"channel({held.strip()})" if attempt["end"] == ")" else f"channel({held}{attempt['end']}..."
            message = f"formula must name one channel in each channel(...), found {shorten(found)}"
            fix = "write one name or id in the parentheses, without spaces, as in  channel(north-use)"
            yield Violation("ESA208", FORMULA, message, fix)


def _no_channel(formula: str, names: Container[str]) -> Violation:
    meant = next((name for name in _NAME.findall(formula) if name in names), None)
    fix = f"write  channel({meant})  for {meant}" if meant else "write channel(...) around the name of each channel"
    return Violation("ESA209", FORMULA, f"formula uses no channel, found {show_value(formula)}", fix)


_LONGEST_CYCLE = 8
# No project has more environments that a reader could tell apart.
_SHOWN = 10


class _FormulaReference(Struct, frozen=True):
    """One `channel(…)` in the formula of `user`; `target` is the channel of the files that it refers to, if any."""

    user: Desired
    text: str
    target: Desired | None

    @property
    def is_name(self) -> bool:
        return read_id(self.text) is None

    @property
    def place(self) -> Location:
        return locate_reference(self.user, self.text)

    @property
    def found(self) -> str:
        return f"found channel({shorten(self.text)})"


def check_references(channels: Sequence[Desired], left_out: Iterable[Desired] = ()) -> Iterator[Finding]:
    """What is wrong with the references in the formulas of `channels`; `left_out` are not in this environment.

    An id is never an error, as EnergyCAP may already have a formula with it; if a name could be used, that is noted.
    """
    named = {channel.name: channel for channel in channels}
    references = tuple(_list_references(channels, named))
    yield from _check_names(references, channels, {channel.name: channel for channel in left_out})
    cycles = find_cycles(_list_uses(references))
    yield from (_cycle([named[name] for name in cycle]) for cycle in cycles)
    circular = {pair for cycle in cycles for pair in pairwise((*cycle, cycle[0]))}
    for reference in references:
        if reference.target is not None:
            yield from _check_target(reference, reference.target, circular)


def _list_references(channels: Iterable[Desired], named: Mapping[str, Desired]) -> Iterator[_FormulaReference]:
    selected = {channel.select.channel_id: channel for channel in channels if channel.select is not None}
    for channel in channels:
        formula = channel.spec.get(FORMULA)
        for text in find_references(formula) if isinstance(formula, str) else ():
            id_ = read_id(text)
            target = named.get(text) if id_ is None else selected.get(id_)
            yield _FormulaReference(channel, text, target)


def _list_uses(references: Iterable[_FormulaReference]) -> dict[str, set[str]]:
    uses: dict[str, set[str]] = {}
    for reference in references:
        user, target = reference.user, reference.target
        if target is not None and target is not user:
            uses.setdefault(user.name, set()).add(target.name)
    return uses


def _is_calculated(channel: Desired) -> bool:
    """Whether the files say so: by isCalculated, or by a formula, which only a calculated channel has."""
    if IS_CALCULATED in channel.spec:
        return channel.spec[IS_CALCULATED] is True
    formula = channel.spec.get(FORMULA)
    return formula is not None and not is_blank(formula)


def _check_names(
    references: Iterable[_FormulaReference], channels: Sequence[Desired], left_out: Mapping[str, Desired]
) -> Iterator[Finding]:
    lost = [reference for reference in references if reference.target is None and reference.is_name]
    yield from (_uses_left_out(reference, left_out[reference.text]) for reference in lost if reference.text in left_out)
    unknown = [reference for reference in lost if reference.text not in left_out]
    nearest = suggest_channels((reference.text for reference in unknown), channels)
    for reference in unknown:
        near = nearest.get(reference.text)
        yield make_finding(
            "ESA320",
            f"formula names an unknown channel, {reference.found}",
            reference.place,
            fix=f"did you mean  channel({near}){tell_apart(reference.text, near)}" if near else "",
        )


def _check_target(reference: _FormulaReference, target: Desired, circular: set[tuple[str, str]]) -> Iterator[Finding]:
    if target is reference.user:
        yield make_finding("ESA323", f"formula uses its own channel, {reference.found}", reference.place)
        return
    found = tuple(_check_use(reference, target, circular))
    if reference.is_name:
        yield from found
    elif not found:
        message = f"formula uses the id of a channel that has a name here, {reference.found}"
        detail = (f"the same channel: {format_reference(target)}",)
        yield make_finding("ESA321", message, reference.place, fix=f"write  channel({target.name})", detail=detail)


def _check_use(reference: _FormulaReference, target: Desired, circular: set[tuple[str, str]]) -> Iterator[Finding]:
    """Why the formula may not name `target`. An id is not judged here: EnergyCAP may have the formula (ESA410)."""
    user = reference.user
    # ESA324 reports the uses of a cycle.
    if _is_calculated(target) and (user.name, target.name) not in circular:
        message = f"formula uses a calculated channel, {reference.found}"
        yield make_finding("ESA322", message, reference.place, detail=(f"calculated: {format_reference(target)}",))
    # Without a dataPoint in both files this is checked only when a plan is made.
    if None not in (user.data_point, target.data_point) and user.data_point != target.data_point:
        here, there = shorten(str(user.data_point)), shorten(str(target.data_point))
        message = f"formula uses a channel of another data point, {reference.found}"
        detail = (f"this channel: data point {here}", f"{format_reference(target)}: data point {there}")
        yield make_finding("ESA325", message, reference.place, detail=detail)


def _uses_left_out(reference: _FormulaReference, target: Desired) -> Finding:
    user = reference.user
    has = frozenset(user.only or target.only)
    common = list(islice((name for name in target.only if name in has), _SHOWN))
    fix = f"list all environments of {user.name} under only of {target.name}"
    return make_finding(
        "ESA333",
        f"formula uses a channel that is left out of this environment, {reference.found}",
        reference.place,
        detail=(
            f"left out: {format_reference(target)}, which is in {', '.join(map(shorten, target.only[:_SHOWN]))} only",
        ),
        fix=f"write  only: [{', '.join(common)}]  for {user.name} too, or {fix}" if common else fix,
    )


def _cycle(cycle: Sequence[Desired]) -> Finding:
    names = [channel.name for channel in cycle]
    if len(names) > _LONGEST_CYCLE:
        names[_LONGEST_CYCLE - 1 :] = [f"... {len(names) - _LONGEST_CYCLE + 1} more"]
    return make_finding(
        "ESA324",
        f"formulas use each other in a cycle, found {' → '.join((*names, names[0]))}",
        cycle[0].locate(FORMULA),
        detail=tuple(f"in the cycle: {format_reference(channel)}" for channel in cycle[1:_LONGEST_CYCLE]),
    )
