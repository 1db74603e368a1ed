"""What is measured: real packages that are installed here, copies of them side by side, and generated trees."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

PACKAGES = ("django", "sqlalchemy", "sympy")


def find_package(name: str) -> Path:
    """Return the folder of an installed package."""
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise SystemExit(f"{name} is not installed: make bench installs what the benchmarks need")
    return Path(spec.origin).parent


def copy_packages(folder: Path, names: tuple[str, ...] = PACKAGES) -> Path:
    """Copy packages side by side into a folder and return it."""
    for name in names:
        shutil.copytree(find_package(name), folder / name, ignore=shutil.ignore_patterns("__pycache__", "*.so"))
    return folder


def make_modules(folder: Path, count: int) -> Path:
    """Write ``count`` modules in packages of fifty, each with five imports, classes and some cycles."""
    for number in range(count):
        package, index = divmod(number, 50)
        path = folder / f"p{package:04}" / f"m{index:02}.py"
        if index == 0:
            path.parent.mkdir(parents=True, exist_ok=True)
            (path.parent / "__init__.py").write_text("")
        lines = []
        for step in (1, 7, 53, 211, 1009):
            other = (number * 7 + step) % count if number % 10 else (number + step) % count
            target = f"p{other // 50:04}.m{other % 50:02}"
            lines.append(f"from {target} import C{other}" if step % 2 else f"import {target}")
        lines += [
            f"class C{number}(Base):",
            "    def run(self, user):",
            f"        return user, {number}",
            f"alias = C{number}",
        ]
        path.write_text("\n".join(lines) + "\n")
    return folder
