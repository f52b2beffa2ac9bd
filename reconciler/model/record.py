"""Frozen records: dataclasses to all who look at them, and made in a tenth of the time."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeVar, dataclass_transform

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_Class = TypeVar("_Class", bound=type)


@dataclass_transform(frozen_default=True)
def record(cls: _Class) -> _Class:
    """`cls` as `dataclass(frozen=True, slots=True)` makes it; for classes without bases, and defaults that are values.

    `validate` of a file takes some twenty records to start with. As dataclasses they, and what dataclasses import, take
    a quarter of its time. `dataclasses.replace`, `fields` and `asdict` take a record for what it stands for.
    """
    names = tuple(cls.__annotations__)
    own = {name: value for name, value in vars(cls).items() if name not in ("__dict__", "__weakref__")}
    defaults = {name: own.pop(name) for name in names if name in own}
    values = attrgetter(*names)

    def is_equal(self: object, other: object) -> bool:
        return values(self) == values(other) if other.__class__ is self.__class__ else NotImplemented

    made: dict[str, Any] = {
        "__qualname__": cls.__qualname__,
        "__slots__": names,
        "__match_args__": names,
        "__dataclass_fields__": _Likeness(),
        "__dataclass_params__": _Likeness(),
        "__init__": _make_init(cls, names, defaults),
        "__eq__": is_equal,
        "__hash__": lambda self: hash(values(self)),
        "__repr__": _show,
        "__reduce__": _reduce,
        "__setattr__": _refuse,
        "__delattr__": _refuse,
    }
    return type(cls)(cls.__name__, (), made | own)


def _make_init(cls: type, names: tuple[str, ...], defaults: Mapping[str, object]) -> Callable[..., None]:
    steps = "\n".join(f"    keep(self, {name!r}, {name})" for name in names)
    scope: dict[str, Any] = {"keep": object.__setattr__}
    exec(f"def __init__(self, {', '.join(names)}):\n{steps}", scope)  # noqa: S102 - as dataclasses do, from field names
    init: Callable[..., None] = scope["__init__"]
    init.__qualname__ = f"{cls.__qualname__}.__init__"
    init.__defaults__ = tuple(defaults.values())
    return init


class _Likeness:
    """What the module dataclasses asks a class for, made when it does."""

    def __set_name__(self, _cls: type, name: str) -> None:
        self._name = name

    def __get__(self, _one: object, cls: Any) -> object:
        # Imported here, as this import is what records are there to spare.
        from dataclasses import make_dataclass  # noqa: PLC0415

        alike = getattr(make_dataclass(cls.__name__, cls.__slots__, frozen=True), self._name)
        setattr(cls, self._name, alike)
        return alike


def _show(self: Any) -> str:
    return f"{type(self).__qualname__}({', '.join(f'{name}={getattr(self, name)!r}' for name in self.__slots__)})"


def _reduce(self: Any) -> tuple[type, tuple[object, ...]]:
    return type(self), tuple(getattr(self, name) for name in self.__slots__)


def _refuse(self: object, name: str, *_value: object) -> None:
    # Imported here, as a program that is right never comes by.
    from dataclasses import FrozenInstanceError  # noqa: PLC0415

    raise FrozenInstanceError(f"cannot change {name} of {type(self).__qualname__}")
