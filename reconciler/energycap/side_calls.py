"""Calls that the service may refuse, beside those for channels: their data is then unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from msgspec import Struct

from reconciler.energycap.answers import decode, unusable
from reconciler.energycap.calls import LIST_OBSERVATION_TYPES, LIST_UNITS, READ_DATA_POINT, VALIDATE_FORMULA
from reconciler.energycap.documents import Odd, read_flag, read_objects
from reconciler.energycap.pages import check_unpaged
from reconciler.energycap.reference import Listed, make_reference, types_from_response, units_from_response
from reconciler.energycap.time_zones import find_zone_code
from reconciler.energycap.words import make_harmless
from reconciler.errors import Rejected, ServiceError
from reconciler.model.formulas import FormulaVerdict

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Executor

    from reconciler.energycap.calls import Request
    from reconciler.energycap.session import Session
    from reconciler.model.channels import Live, ReferenceData

_Entry = TypeVar("_Entry")

# How a service may say that a formula is not valid, beside the documented answer.
_ABOUT_FORMULA = frozenset({400, 422})
_TRIED = 4


def start_reference(session: Session, executor: Executor) -> Callable[[Sequence[Live]], ReferenceData]:
    """A function that waits for the lists of units and observation types, which are asked for now, and never raises.

    A wrong key is refused for these lists too. The list of channels, which is read beside them, says so.
    """
    units = executor.submit(_read_listed, session, LIST_UNITS.to(), units_from_response)
    types = executor.submit(_read_listed, session, LIST_OBSERVATION_TYPES.to(), types_from_response)
    return lambda channels: make_reference(units.result(), types.result(), channels)


class Raw(Struct, frozen=True):
    """A list as the service gives it; `unread` says why there is none."""

    document: object = None
    unread: str = ""


def read_raw(session: Session, request: Request) -> Raw:
    """The list that answers `request`, as it comes."""
    try:
        answer = session.ask(request)
        document = decode(request, answer)
        check_unpaged(answer.headers, document)
    except ServiceError as error:
        return Raw(unread=_tell(error))
    return Raw(document)


def _read_listed(session: Session, request: Request, read: Callable[[object], Listed[_Entry]]) -> Listed[_Entry]:
    raw = read_raw(session, request)
    return Listed({}, raw.unread) if raw.unread else read(raw.document)


def read_zone_codes(session: Session, executor: Executor, data_point_ids: Sequence[int]) -> dict[int, str]:
    """The code of the time zone of each data point, side by side; "" where it could not be read.

    Where none of the first few could be, the others are not tried. Source: GET /api/v202406/datapoint/{id}.
    """
    first, rest = data_point_ids[:_TRIED], data_point_ids[_TRIED:]
    codes = list(executor.map(lambda one: _read_zone_code(session, one), first))
    if any(codes):
        codes += executor.map(lambda one: _read_zone_code(session, one), rest)
    return dict(zip(data_point_ids, codes + [""] * (len(data_point_ids) - len(codes)), strict=True))


def _read_zone_code(session: Session, data_point_id: int) -> str:
    try:
        (answer,) = read_objects([session.read(READ_DATA_POINT.to(data_point_id))], "the answer")
    except (ServiceError, Odd):
        return ""
    return find_zone_code(answer)


def judge_formula(session: Session, data_point_id: int, formula: str) -> FormulaVerdict:
    """What the service says of `formula` as one of the data point's channels, or why it could not be asked.

    Changes nothing. Source: POST /api/v202405/formula/validate.
    """
    request = VALIDATE_FORMULA.to(body={"dataPointId": data_point_id, "formula": formula})
    try:
        return FormulaVerdict(_read_reasons(session.read(request)))
    except ServiceError as error:
        is_verdict = isinstance(error, Rejected) and error.status in _ABOUT_FORMULA and not error.is_page
        return FormulaVerdict((_tell(error),)) if is_verdict else FormulaVerdict(unasked=_tell(error))


def judge_formulas(
    session: Session, executor: Executor, formulas: Sequence[tuple[int, str]]
) -> tuple[FormulaVerdict, ...]:
    """The verdict on each formula, given with its data point, side by side.

    Where the first few could not be asked about, the others are not tried: of each, an answer may be long in coming.
    """
    first, rest = formulas[:_TRIED], formulas[_TRIED:]
    verdicts = tuple(executor.map(lambda one: judge_formula(session, *one), first))
    if rest and all(verdict.unasked for verdict in verdicts):
        return (*verdicts, *(FormulaVerdict(unasked=verdicts[0].unasked) for _ in rest))
    return (*verdicts, *executor.map(lambda one: judge_formula(session, *one), rest))


def _read_reasons(document: object) -> tuple[str, ...]:
    try:
        if not isinstance(document, dict):
            raise Odd("the answer", "an object", document)  # noqa: TRY301 - one place says what is odd
        is_valid, reasons = read_flag(document, "valid"), document.get("errorMessages")
        texts = tuple(make_harmless(str(reason)) for reason in reasons) if isinstance(reasons, list) else ()
        if is_valid is None and not texts:
            raise Odd("valid", "true or false", None)  # noqa: TRY301
    except Odd as odd:
        raise unusable(f"whether the formula is valid: {odd}") from None
    return () if is_valid else texts or ("the service gives no reason",)


def _tell(error: ServiceError) -> str:
    return error.answer or error.message
