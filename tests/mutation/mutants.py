"""Small faults in Python source: each is one place written differently."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterator

_COMPARISONS = {
    "Eq": "!=",
    "NotEq": "==",
    "Lt": "<=",
    "LtE": "<",
    "Gt": ">=",
    "GtE": ">",
    "Is": "is not",
    "IsNot": "is",
    "In": "not in",
    "NotIn": "in",
}
_OPERATORS = {
    "Add": "-",
    "Sub": "+",
    "Mult": "//",
    "FloorDiv": "*",
    "Div": "*",
    "Mod": "*",
    "BitOr": "&",
    "BitAnd": "|",
}

_STATEMENTS = {"Return": "return None", "Continue": "break", "Break": "continue"}


class Mutant(Struct, frozen=True):
    """One place of a file written differently."""

    file: str
    line: int
    start: int
    end: int
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}  {self.before}  ->  {self.after}"


def find_mutants(file: str, source: str) -> list[Mutant]:
    """All mutants of a file, in the order of its text; annotations and docstrings are left alone."""
    offsets = _find_offsets(source)
    found = []
    for node in _walk(ast.parse(source)):
        for part, after in _change(node):
            start = offsets[part.lineno - 1] + _count_characters(source, offsets, part.lineno, part.col_offset)
            end = offsets[_end_line(part) - 1] + _count_characters(source, offsets, _end_line(part), _end_column(part))
            before = source[start:end]
            if before != after:
                found.append(Mutant(file, part.lineno, start, end, " ".join(before.split()), after))
    return sorted(found, key=lambda mutant: (mutant.start, mutant.end, mutant.after))


def apply_mutant(source: str, mutant: Mutant) -> str:
    """The source with the fault in it."""
    return f"{source[: mutant.start]}{mutant.after}{source[mutant.end :]}"


def _walk(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes that run: not annotations, type aliases, docstrings, imports for types and the options of a class."""
    yield node
    for name, value in ast.iter_fields(node):
        if name in {"annotation", "returns", "decorator_list"} or (
            isinstance(node, ast.ClassDef) and name == "keywords"
        ):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST) and not _is_for_types(child):
                yield from _walk(child)


def _is_for_types(node: ast.AST) -> bool:
    match node:
        case ast.If(test=ast.Name(id="TYPE_CHECKING")) | ast.Expr(value=ast.Constant()):
            return True
        case ast.AnnAssign(annotation=ast.Name(id="TypeAlias")):
            return True
        case ast.Expr(value=ast.Call(func=ast.Name(id="assert_never"))):
            return True
        case _:
            return False


def _change(node: ast.AST) -> Iterator[tuple[ast.expr | ast.stmt, str]]:
    match node:
        case ast.Compare(left=left, ops=[operator], comparators=[right]):
            yield node, f"(({ast.unparse(left)}) {_COMPARISONS[type(operator).__name__]} ({ast.unparse(right)}))"
        case ast.BoolOp(op=operator, values=values):
            word = " or " if isinstance(operator, ast.And) else " and "
            yield node, f"({word.join(f'({ast.unparse(value)})' for value in values)})"
            for left_out in values:
                kept = [f"({ast.unparse(value)})" for value in values if value is not left_out]
                yield node, f"({(' and ' if isinstance(operator, ast.And) else ' or ').join(kept)})"
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield node, f"(bool({ast.unparse(operand)}))"
        case ast.BinOp(left=left, op=operator, right=right) if type(operator).__name__ in _OPERATORS:
            yield node, f"(({ast.unparse(left)}) {_OPERATORS[type(operator).__name__]} ({ast.unparse(right)}))"
        case ast.IfExp(test=test, body=body, orelse=orelse):
            yield node, f"({ast.unparse(orelse)} if {ast.unparse(test)} else {ast.unparse(body)})"
        case ast.Constant(value=bool() as value):
            yield node, str(not value)
        case ast.Constant(value=int() as value):
            yield node, f"({value + 1})"
        case ast.Return(value=ast.expr()) | ast.Continue() | ast.Break() | ast.Expr(value=ast.Call()):
            yield node, _STATEMENTS.get(type(node).__name__, "None")
        case _:
            pass


def _find_offsets(source: str) -> list[int]:
    offsets = [0]
    for line in source.splitlines(keepends=True):
        offsets.append(offsets[-1] + len(line))
    return offsets


def _count_characters(source: str, offsets: list[int], line: int, column: int) -> int:
    """How many characters of a line its first `column` bytes are; ast counts in bytes."""
    text = source[offsets[line - 1] : offsets[line]] if line < len(offsets) else source[offsets[line - 1] :]
    return len(text.encode()[:column].decode())


def _end_line(part: ast.expr | ast.stmt) -> int:
    return part.end_lineno or part.lineno


def _end_column(part: ast.expr | ast.stmt) -> int:
    return part.end_col_offset or part.col_offset
