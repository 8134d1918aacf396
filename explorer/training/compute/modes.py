"""Which modules do something else in train mode than in eval mode, whoever wrote them."""

from collections.abc import Iterator, Mapping
from functools import cache
from types import CodeType, FunctionType

from torch import nn

_MODE = "training"


def acts_by_mode(module: nn.Module) -> bool:
    """Whether the module's own code asks for its mode (`self.training`): BatchNorm, every kind of dropout and of stochastic
    depth, attention with dropout, and whatever a library or a model of one's own adds to them."""
    return _asks(type(module))


def innermost(modules: Mapping[str, nn.Module]) -> list[nn.Module]:
    """Of modules by their path, those that act by mode and hold no other of them that does: the layer, and not the block that
    passes its mode on."""
    acting = {name: module for name, module in modules.items() if acts_by_mode(module)}
    return [m for name, m in acting.items() if not any(other.startswith(f"{name}.") for other in acting if name)]


@cache
def _asks(kind: type[nn.Module]) -> bool:
    """Whether a method that the class has, other than those of nn.Module itself, reads `training`."""
    own = (c for c in kind.__mro__ if issubclass(c, nn.Module) and c is not nn.Module)
    methods = (value for c in own for value in vars(c).values() if isinstance(value, FunctionType))
    return any(_MODE in code.co_names for method in methods for code in _codes(method.__code__))


def _codes(code: CodeType) -> Iterator[CodeType]:
    """A function's code, and that of the functions within it."""
    yield code
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from _codes(inner)
