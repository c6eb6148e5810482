"""Read every `raise` of the package and work out, without running it, which texts it can carry.

Unknown parts (numbers, paths) become HOLE. Names are followed to their assignments in the same function, error classes
to the text they build in `errors.py`, and parameters to the calls of the function in the same file where the words of
a message come from there.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

HOLE = "\0"
FEW = 8  # fewer letters than that are no words
MOST = 64  # alternatives followed per expression; more than that is a table, and a table has its own test
Env = dict[str, list[str]]
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Raised:
    """One text that one `raise` can carry.

    Attributes:
        place: file and line.
        text: with HOLE for what is known only at run time.
        error: name of the class, or of the function that builds the error.
    """

    place: str
    text: str
    error: str

    @property
    def file(self) -> str:
        return self.place.split(":")[0]


def texts(node: ast.AST, env: Env) -> list[str]:
    """The texts an expression can have, HOLE for unknown parts."""
    match node:
        case ast.Constant(value=str(value)):
            found = [value]
        case ast.JoinedStr(values=values):
            found = ["".join(parts) for parts in product(*(texts(value, env) for value in values))]
        case ast.FormattedValue(value=value):
            found = texts(value, env)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            found = [a + b for a, b in product(texts(left, env), texts(right, env))]
        case ast.IfExp(body=body, orelse=orelse):
            found = texts(body, env) + texts(orelse, env)
        case ast.Name(id=name) if name in env:
            found = env[name]
        case ast.Call(func=ast.Attribute(value=value, attr="rstrip" | "strip")):
            found = texts(value, env)
        case _:
            found = [HOLE]
    return list(dict.fromkeys(found))[:MOST]


def local_names(function: Function | ast.Module, env: Env) -> Env:
    """What the plain names of a function can hold, given what its parameters can hold."""
    out = dict(env)
    for node in ast.walk(function):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                before = out.get(name, []) if name not in env else []
                out[name] = list(dict.fromkeys(before + texts(value, out)))[:MOST]
            case ast.AugAssign(target=ast.Name(id=name), op=ast.Add(), value=value):
                longer = [a + b for a, b in product(out.get(name, [HOLE]), texts(value, out))]
                out[name] = [*out.get(name, []), *longer][:MOST]
    return out


def _parameters(function: Function) -> list[str]:
    names = [arg.arg for arg in (*function.args.posonlyargs, *function.args.args)]
    return [name for name in names if name not in ("self", "cls")] + [arg.arg for arg in function.args.kwonlyargs]


def _bound(function: Function, call: ast.Call, env: Env) -> Env:
    """What each parameter can hold when called so."""
    names = _parameters(function)
    positional = [arg.arg for arg in (*function.args.posonlyargs, *function.args.args)]
    defaults = dict(zip(reversed(positional), map(_default, reversed(function.args.defaults)), strict=False))
    out: Env = {name: [defaults.get(name, HOLE)] for name in names}
    for name, value in zip(names, call.args, strict=False):
        out[name] = texts(value, env)
    for keyword in call.keywords:
        if keyword.arg in out:
            out[keyword.arg] = texts(keyword.value, env)
    return out


def _default(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else HOLE


class Sweep:
    """All raises of a source tree."""

    def __init__(self, source: Path) -> None:
        self.source = source
        tree = ast.parse((source / "errors.py").read_text("utf-8"))
        self.classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
        self.generic = {
            part
            for node in self.classes.values()
            for text in self._class_texts(node, None, {})
            for part in text.split(HOLE)
            if part.strip()
        }

    def _class_texts(self, node: ast.ClassDef, call: ast.Call | None, env: Env) -> list[str]:
        start = next(
            (part for part in node.body if isinstance(part, ast.FunctionDef) and part.name == "__init__"), None
        )
        if start is None:
            return texts(call.args[0], env) if call and call.args else [HOLE]
        names = _bound(start, call, env) if call else {name: [HOLE] for name in _parameters(start)}
        names = local_names(start, names)
        for part in ast.walk(start):
            if isinstance(part, ast.Call) and isinstance(part.func, ast.Attribute) and part.func.attr == "__init__":
                return texts(part.args[0], names)
        return [HOLE]

    def all(self) -> list[Raised]:
        """Every text of every raise under the source folder."""
        return [found for file in sorted(self.source.rglob("*.py")) for found in self._file(file)]

    def has_words(self, text: str) -> bool:
        """Whether something of the text is known that is not in every text of its class."""
        return any(len(part.strip()) >= FEW and part not in self.generic for part in text.split(HOLE))

    def _file(self, file: Path) -> list[Raised]:
        tree = ast.parse(file.read_text("utf-8"))
        functions = {node.name: node for node in ast.walk(tree) if isinstance(node, Function)}
        module = local_names(ast.Module([node for node in tree.body if isinstance(node, ast.Assign)], []), {})
        out = []
        for owner, node in _raises(tree):
            call = node.exc
            if not isinstance(call, ast.Call):
                continue
            name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
            place = f"{file.relative_to(self.source)}:{node.lineno}"
            plain = self._texts(name, call, local_names(owner or ast.Module([], []), module), functions)
            if all(self.has_words(text) for text in plain):
                out += [Raised(place, text, name) for text in plain]
                continue
            for env in self._callers(tree, owner, module):
                out += [Raised(place, text, name) for text in self._texts(name, call, env, functions)]
        return list(dict.fromkeys(out))

    def _callers(self, tree: ast.Module, owner: Function | None, module: Env) -> list[Env]:
        """The names of a function, once per way in which it is called in its own file."""
        if owner is None:
            return [module]
        parents = {call: function for function in ast.walk(tree) if isinstance(function, Function)
                   for call in ast.walk(function) if isinstance(call, ast.Call)}  # fmt: skip
        calls = [
            node for node in ast.walk(tree)
            if isinstance(node, ast.Call) and owner.name == getattr(node.func, "attr", getattr(node.func, "id", None))
        ]  # fmt: skip
        ways = [
            _bound(owner, call, local_names(parents[call], module) if call in parents else module) for call in calls
        ]
        told = [way for way in ways if any(text != HOLE for some in way.values() for text in some)]
        return [local_names(owner, {**module, **way}) for way in told or [{}]]

    def _texts(self, name: str, call: ast.Call, env: Env, functions: dict[str, Function]) -> list[str]:
        if name in self.classes:
            return self._class_texts(self.classes[name], call, env)
        if name in functions:
            builder = functions[name]
            inner = local_names(builder, {**env, **_bound(builder, call, env)})
            returned = [node.value for node in ast.walk(builder) if isinstance(node, ast.Return)]
            return [
                text
                for value in returned
                if isinstance(value, ast.Call) and getattr(value.func, "id", "") != name
                for text in self._texts(getattr(value.func, "id", ""), value, inner, functions)
            ] or [HOLE]
        return texts(call.args[0], env) if call.args else [HOLE]


def _raises(tree: ast.Module) -> list[tuple[Function | None, ast.Raise]]:
    """Each raise with the innermost function around it."""
    out: dict[ast.Raise, Function | None] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise):
            out.setdefault(node, None)
        if isinstance(node, Function):
            out.update({part: node for part in ast.walk(node) if isinstance(part, ast.Raise)})
    return [(owner, node) for node, owner in out.items()]
