"""Layers proposed from the code: today's imports keep them, and one import upwards breaks them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from analysis.gate import CheckOptions, check
from analysis.gate.proposal import write_policy

Tree = Callable[..., Path]
_LAYERED = {
    "shop/__init__.py": "", "shop/pages.py": "from shop import orders, customers\n",
    "shop/orders.py": "from shop.tools import text\n", "shop/customers.py": "from shop.tools import text\n",
    "shop/tools/__init__.py": "", "shop/tools/text.py": "x = 1\n",
}  # fmt: skip


def _propose(root: Path) -> str:
    return write_policy(root, force=True).read_text("utf-8")


def _list_breaches(root: Path) -> list[str]:
    return [row.message for row in check(root).findings if row.rule == "import-against-contract"]


@pytest.fixture(autouse=True)
def _own_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSOT_DATA", str(tmp_path / "data"))


def test_layers_are_proposed_from_the_highest_and_hold(make_tree: Tree) -> None:
    root = make_tree(_LAYERED)
    text = _propose(root)
    assert 'containers = ["shop"]\nlayers = [\n    "pages",\n    "customers | orders",\n    "tools",\n]' in text
    assert "ignore_imports" not in text and _list_breaches(root) == []
    (root / "shop/tools/text.py").write_text("from shop import pages\n")
    assert _list_breaches(root), "an import upwards breaks them"


def test_a_few_imports_upwards_are_named_as_exceptions(make_tree: Tree) -> None:
    files = {f"shop/orders_{number}.py": "from shop.tools import text\n" for number in range(3)}
    root = make_tree({**_LAYERED, **files, "shop/tools/late.py": "def f():\n    import shop.pages\n"})
    text = _propose(root)
    assert '    "shop.tools.late -> shop.pages",\n' in text and _list_breaches(root) == []


def test_nothing_is_proposed_where_all_import_each_other(make_tree: Tree) -> None:
    names = [f"m{number}" for number in range(12)]
    ring = {f"shop/{name}.py": "".join(f"import shop.{other}\n" for other in names) for name in names}
    assert "[[layer]]" not in _propose(make_tree({"shop/__init__.py": "", **ring}))


def test_nothing_is_proposed_where_nothing_imports_another(make_tree: Tree) -> None:
    assert "[[layer]]" not in _propose(make_tree({"shop/__init__.py": "", **{f"shop/m{n}.py": "" for n in range(5)}}))


def test_a_package_with_one_child_has_the_layers_of_that_child(make_tree: Tree) -> None:
    root = make_tree({path.replace("shop", "company/shop", 1): text.replace("shop", "company.shop") for path, text in
                      _LAYERED.items()} | {"company/__init__.py": ""})  # fmt: skip
    assert 'containers = ["company.shop"]' in _propose(root) and _list_breaches(root) == []


@pytest.mark.parametrize("package", ["rich", "sqlalchemy", "networkx"])
def test_layers_of_real_packages_hold(package: str, tmp_path: Path) -> None:
    module = pytest.importorskip(package)
    root = Path(str(module.__file__)).parent
    policy = write_policy(root, tmp_path / "ssot.toml", force=True)
    if "[[layer]]" in policy.read_text("utf-8"):
        rows = check(root, CheckOptions(policy=policy)).findings
        assert not [row.message for row in rows if row.rule in {"import-against-contract", "contract-not-judged"}]
