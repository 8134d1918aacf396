"""Whether what is installed fits together, and how the rest is installed, told without importing anything heavy."""

import importlib.metadata

from explorer import bundle
from explorer.errors import ExplorerError


def extra(name: str) -> str:
    """The command that installs an optional part. In a checkout pip knows no package called thaw but the folder itself."""
    return f'pip install "thaw[{name}]"' if bundle.INSTALLED else f'pip install ".[{name}]" (in Thaw\'s folder)'


def mismatch() -> str:
    """What is wrong with the installed torch and torchvision as a pair, or nothing.

    A CPU-only torch beside a CUDA torchvision (or the reverse) fails at import with
    "operator torchvision::nms does not exist".
    """
    try:
        versions = {name: importlib.metadata.version(name) for name in ("torch", "torchvision")}
    except importlib.metadata.PackageNotFoundError as error:
        return f"{error.name} is not installed. Run: pip install -r requirements.txt"
    builds = {version.partition("+")[2] for version in versions.values()}
    if len(builds) == 1:
        return ""
    pair = ", ".join(f"{name} {version}" for name, version in versions.items())
    return (
        f"torch and torchvision come from different builds ({pair}), so torchvision cannot load. Take both from one place: "
        "pip uninstall -y torch torchvision, then pip install -r requirements.txt"
    )


def check() -> None:
    """Raise an ExplorerError that names the fix where torch and torchvision do not fit together."""
    if why := mismatch():
        raise ExplorerError(why)
