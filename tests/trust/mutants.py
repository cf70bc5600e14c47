"""Small faults that code could have: each a change of its syntax tree that can be made and taken back."""

import ast
import copy
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import CodeType
from typing import TypeVar

T = TypeVar("T")
OTHER: dict[type, tuple[type, ...]] = {
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.And: (ast.Or,),
    ast.Or: (ast.And,),
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.FloorDiv,),
    ast.Div: (ast.Mult,),
    ast.BitOr: (ast.BitAnd,),
    ast.BitAnd: (ast.BitOr,),
}
QUERIES = ("filter", "exclude", "get", "update", "get_or_create", "Q")
"""Where a keyword is a condition, or a column that is written."""
LONG = 100
DECIDE_NOTHING = ("__str__", "__repr__")


@dataclass(frozen=True, eq=False)
class Mutant:
    """One node in place of another; `scope` is the function, or the name that the module has."""

    scope: str
    is_function: bool
    line: int
    statement: int
    """The line on which the statement around it begins."""
    owner: ast.AST
    field: str
    index: int | None
    old: ast.AST
    new: ast.AST

    def __str__(self) -> str:
        before, after = (" ".join(ast.unparse(node).split()) for node in (self.old, self.new))
        if isinstance(self.new, ast.If):
            after = "(left out)"
        elif isinstance(self.new, ast.Return):
            after = "return None"
        elif len(before) > LONG:
            pairs = enumerate(zip(before, after, strict=False))
            same = next((place for place, (one, other) in pairs if one != other), 0)
            before, after = (f"… {text[max(0, same - 20) : same + 40]} …" for text in (before, after))
        return f"{self.line}  {self.scope}:  {before[:LONG]}  →  {after}"

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """The tree with this fault, for a while."""
        self._put(self.new)
        try:
            yield
        finally:
            self._put(self.old)

    def _put(self, node: ast.AST) -> None:
        if self.index is None:
            setattr(self.owner, self.field, node)
        else:
            getattr(self.owner, self.field)[self.index] = node


def mutants(tree: ast.Module, parts: Collection[str] = ()) -> list[Mutant]:
    """Every fault of the bodies of functions, and of the values that the module has by a name.

    `parts`: names of functions and classes; where there are some, of these alone.
    """
    found = [one for one in _of_scope(tree, "") if is_part(one.scope, parts)]
    return sorted(found, key=lambda one: (one.line, str(one)))


def is_part(scope: str, parts: Collection[str]) -> bool:
    """Whether it is one of the parts, or inside of one; where there are none, everything is."""
    return not parts or any(scope == part or scope.startswith(f"{part}.") for part in parts)


def _of_scope(scope: ast.Module | ast.ClassDef, prefix: str) -> Iterator[Mutant]:
    for node in scope.body:
        match node:
            case ast.ClassDef(name=name):
                yield from _of_scope(node, f"{prefix}{name}.")
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) if name not in DECIDE_NOTHING:
                yield from _inside(node, prefix + name, node.lineno, is_function=True)
            case ast.Assign(targets=[ast.Name(id=name)]) if not prefix:
                yield from _inside(node, prefix + name, node.lineno, is_function=False)


def _inside(owner: ast.AST, scope: str, statement: int, *, is_function: bool) -> Iterator[Mutant]:
    for field, index, child in _children(owner):
        start = child.lineno if isinstance(child, ast.stmt) else statement
        for new in _faults(child, field):
            line = getattr(child, "lineno", start)
            ast.copy_location(new, child)
            ast.fix_missing_locations(new)
            yield Mutant(scope, is_function, line, start, owner, field, index, child, new)
        yield from _inside(child, scope, start, is_function=is_function)


def _children(owner: ast.AST) -> Iterator[tuple[str, int | None, ast.AST]]:
    for field, value in ast.iter_fields(owner):
        if field in ("decorator_list", "returns", "annotation") or isinstance(value, ast.arguments):
            continue
        if isinstance(value, ast.AST):
            yield field, None, value
        elif isinstance(value, list):
            yield from ((field, index, one) for index, one in enumerate(value) if isinstance(one, ast.AST))


def _faults(node: ast.AST, field: str) -> Iterator[ast.AST]:
    if isinstance(node, ast.stmt):
        yield from _of_statement(node)
    elif isinstance(node, ast.expr):
        is_condition = field in ("test", "ifs")
        if is_condition and not isinstance(node, ast.Compare | ast.BoolOp | ast.UnaryOp):
            yield ast.UnaryOp(ast.Not(), copy.copy(node))
        yield from _of_operator(node)
        yield from _of_value(node)


def _of_statement(node: ast.stmt) -> Iterator[ast.stmt]:
    match node:
        case ast.Return(value=ast.expr() as value) if not isinstance(value, ast.Constant):
            yield ast.Return(ast.IfExp(ast.Constant(False), copy.copy(value), ast.Constant(None)))
        case ast.Continue() | ast.Break():
            yield ast.Pass()
        case ast.AugAssign(target=target, op=op, value=value):
            yield from (ast.AugAssign(target, other(), value) for other in OTHER.get(type(op), ()))
            yield _left_out(node)
        case ast.Expr(value=value) if not isinstance(value, ast.Constant):
            yield _left_out(node)
        case ast.Raise() | ast.Delete() | ast.Assign(targets=[ast.Attribute() | ast.Subscript()]):
            yield _left_out(node)


def _of_operator(node: ast.expr) -> Iterator[ast.expr]:
    match node:
        case ast.Compare(left=left, ops=[op], comparators=right):
            yield from (ast.Compare(left, [other()], right) for other in OTHER[type(op)])
        case ast.BoolOp(op=op, values=values):
            yield from (ast.BoolOp(other(), values) for other in OTHER[type(op)])
        case ast.BinOp(left=left, op=op, right=right) if not _is_text(left) and not _is_text(right):
            yield from (ast.BinOp(left, other(), right) for other in OTHER.get(type(op), ()))
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield copy.copy(operand)


def _of_value(node: ast.expr) -> Iterator[ast.expr]:
    match node:
        case ast.Constant(value=bool(value)):
            yield ast.Constant(not value)
        case ast.Constant(value=int(value)) | ast.Constant(value=float(value)):
            yield from (ast.Constant(value + 1), ast.Constant(value - 1))
        case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name)) if name in QUERIES:
            for kept in _one_less(node.keywords):
                yield ast.Call(node.func, node.args, kept)
        case ast.Dict(keys=keys, values=values):
            for some_keys, some_values in zip(_one_less(keys), _one_less(values), strict=True):
                yield ast.Dict(some_keys, some_values)


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def _one_less(values: list[T]) -> Iterator[list[T]]:
    yield from ([*values[:index], *values[index + 1 :]] for index in range(len(values)))


# What is left out is still there, and never reached: what a function closes over stays as it was.
def _left_out(statement: ast.stmt) -> ast.If:
    return ast.If(ast.Constant(False), [copy.copy(statement)], [])


def code_of(tree: ast.Module, path: str, name: str) -> CodeType:
    """The code of a function, by its qualified name, as the tree says it now."""
    waiting = [compile(tree, path, "exec")]
    for code in waiting:
        if code.co_qualname == name:
            return code
        waiting += [one for one in code.co_consts if isinstance(one, CodeType)]
    raise LookupError(name)
