"""The generated suite: it fails on the case as it is, passes on the mended one, and its controls always pass."""

from __future__ import annotations

import ast
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import analysis
from analysis.errors import SuiteError
from analysis.policy import parse_policy
from analysis.suite import ssot_checks as checks
from analysis.suite import write_suite
from analysis.suite.write import CHECKS, MARK, PACKAGE, build_suite, find_sources, write_literal

Tree = Callable[..., Path]
HERE = Path(__file__).resolve().parent
CASE = HERE.parent / "data" / "cases" / "agent_platform"
FILES = {
    "test_concepts.py", "test_import_paths.py", "test_circular_imports.py", "test_redirects.py", "test_factories.py",
}  # fmt: skip


def build_case(folder: Path, *, mended: bool) -> Path:
    """Build the bundled case."""
    spec = importlib.util.spec_from_file_location("case_build_suite", CASE / "build.py")
    assert spec is not None
    assert spec.loader is not None
    builder = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(builder)
    tree: Path = builder.build(folder, mended=mended)
    return tree


def run_suite(folder: Path, target: Path | None, *options: str) -> dict[str, str]:
    """Run a suite with the real pytest; return the outcome of each test by its name."""
    environment = {key: value for key, value in os.environ.items() if key != "SSOT_TARGET"}
    environment |= {"PYTHONDONTWRITEBYTECODE": "1", **({"SSOT_TARGET": str(target)} if target else {})}
    plain = ["--tb=short", "-p", "no:cacheprovider", "-p", "no:xdist", "--rootdir", str(folder)]
    command = [sys.executable, "-m", "pytest", "-v", *plain, *(options or ["."])]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    found = re.findall(r"^(\S*test_\S+?::\S.*?) (PASSED|FAILED|SKIPPED|ERROR)", done.stdout, re.MULTILINE)
    assert found, done.stdout + done.stderr
    return dict(found)


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    """Return the suite written for the case as it is, that case, and the mended one."""
    folder = tmp_path_factory.mktemp("suite")
    case, mended = build_case(folder / "case", mended=False), build_case(folder / "mended", mended=True)
    inv = analysis.investigate(case, policy=CASE / "ssot.toml", data=folder / "data")
    places = write_suite(inv, folder / "ssot_validation")
    assert {place.name for place in places} == {*FILES, CHECKS, PACKAGE}
    return folder / "ssot_validation", case, mended


def is_control(name: str) -> bool:
    return "::test_control" in name


def test_it_fails_on_the_case_and_its_controls_pass(suite: tuple[Path, Path, Path]) -> None:
    found = run_suite(suite[0], suite[1])
    controls = {name: outcome for name, outcome in found.items() if is_control(name)}
    assert len(controls) == 12
    assert set(controls.values()) == {"PASSED"}
    failed = {name for name, outcome in found.items() if outcome == "FAILED"}
    assert {name.partition("::")[0] for name in failed} >= FILES - {"test_redirects.py"}
    assert any("execution engines" in name for name in failed)
    assert "test_factories.py::test_a_factory_fulfils_the_policy[ExecutionEngineFactory]" in failed
    assert not any(outcome == "ERROR" for outcome in found.values())


def test_it_passes_on_the_mended_case(suite: tuple[Path, Path, Path]) -> None:
    found = run_suite(suite[0], suite[2])
    bad = {name: outcome for name, outcome in found.items() if outcome not in {"PASSED", "SKIPPED"}}
    assert bad == {}
    skipped = [name for name, outcome in found.items() if outcome == "SKIPPED"]
    assert len(skipped) < len(found) / 3


def test_it_needs_pytest_and_the_standard_library_only(suite: tuple[Path, Path, Path]) -> None:
    for path in suite[0].glob("*.py"):
        tree = ast.parse(path.read_text())
        taken = {
            (node.module or "").partition(".")[0] if isinstance(node, ast.ImportFrom) else node.names[0].name
            for node in ast.walk(tree)
            if isinstance(node, ast.Import | ast.ImportFrom)
        }
        assert taken <= {*sys.stdlib_module_names, "pytest", "ssot_checks"}
        assert "mock" not in path.read_text().casefold()


def test_it_is_laid_out_as_a_formatter_would(suite: tuple[Path, Path, Path]) -> None:
    command = [sys.executable, "-m", "ruff", "format", "--check", "--line-length", "120", "--isolated", str(suite[0])]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_what_was_not_generated_is_not_replaced(suite: tuple[Path, Path, Path], tmp_path: Path) -> None:
    inv = analysis.investigate(suite[1], policy=CASE / "ssot.toml", data=tmp_path / "data")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "test_factories.py").write_text("# mine\n")
    with pytest.raises(SuiteError, match="was not generated"):
        write_suite(inv, tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["test_factories.py"]
    assert len(write_suite(inv, suite[0])) == len(FILES) + 2


def test_the_suite_finds_its_target_from_where_it_lies(make_tree: Tree, tmp_path: Path) -> None:
    root = make_tree({"shop/__init__.py": "", "shop/a.py": "import shop.b\n", "shop/b.py": "", "tests/keep": ""})
    inv = analysis.investigate(root, data=tmp_path / "data")
    places = write_suite(inv, root / "tests" / "unit" / "ssot")
    assert [place.name for place in places] == [PACKAGE, CHECKS, "test_circular_imports.py"]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", str(places[0].parent)]
    environment = {key: value for key, value in os.environ.items() if key != "SSOT_TARGET"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stdout
    assert "6 passed" in done.stdout


def test_names_of_the_policy_stay_names(make_tree: Tree, tmp_path: Path) -> None:
    policy = parse_policy('[[concept]]\nname = "a\\"]); import os #\\n"\nmatch = ["*A"]\nmax_classes = 1\n')
    root = make_tree({"p/__init__.py": "", "p/a.py": "class A: ...\n"})
    inv = analysis.investigate(root, policy=policy, data=tmp_path / "data")
    for name, text in build_suite(inv).items():
        assert text.startswith(MARK)
        compile(text, name, "exec")
    tree = ast.parse(build_suite(inv)["test_concepts.py"])
    concepts = next(
        node.value for node in tree.body if isinstance(node, ast.Assign) and node.targets[0].id == "CONCEPTS"
    )
    assert ast.literal_eval(concepts)[0]["name"].startswith('a"]); import os #')


@pytest.mark.parametrize(
    "value",
    [
        [], {}, (), ("a",), ["a" * 60, "b" * 60], {"a": ["x" * 90], "b": {"c": False}}, [{"p": ["q", 'r"']}], 3,
        "two\nlines\t", "\x1b[31m\u202e\u2028\x85\ud800", "\\", "\\\"'", "@roots@", "\U000e0001é",
    ],
)  # fmt: skip
def test_a_literal_reads_back_as_what_it_was(value: object) -> None:
    assert ast.literal_eval(write_literal(value)) == value


def test_the_command_writes_the_files(make_tree: Tree, tmp_path: Path) -> None:
    root = make_tree({"p/__init__.py": "", "p/a.py": "x = 1\n"})
    environment = {**os.environ, "SSOT_DATA": str(tmp_path / "data")}
    command = [sys.executable, "-m", "analysis.cli", "tests", str(root), "--out", str(tmp_path / "suite"), "--quiet"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert [Path(line).name for line in done.stdout.splitlines()] == [PACKAGE, CHECKS, "test_circular_imports.py"]
    done = subprocess.run([*command, "--json"], capture_output=True, text=True, env=environment, check=False)
    assert [Path(each).name for each in json.loads(done.stdout)["files"]] == [
        PACKAGE, CHECKS, "test_circular_imports.py"
    ]  # fmt: skip
    (tmp_path / "suite" / CHECKS).write_text("mine = 1\n")
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 2
    assert "was not generated" in done.stderr


def write_for(root: Path, policy: str, data: Path, out: str = "tests/unit/ssot_validation") -> Path:
    """Write the suite for a tree into it and return its folder."""
    write_suite(analysis.investigate(root, policy=parse_policy(policy), data=data), root / out)
    return root / out


def find_bad(found: dict[str, str]) -> dict[str, str]:
    return {name: outcome for name, outcome in found.items() if outcome not in {"PASSED", "SKIPPED"}}


CONCEPT = '[[concept]]\nname = "orders"\nmatch = ["*Order"]\nmax_classes = 1\n'
REDIRECT = '[[redirect]]\npaths = ["p.a.Order", "p.b.Order"]\nmarker = "SSOT redirect"\n'
FACTORY = '[[factory]]\nmatch = ["*Factory"]\nrequire_methods = ["create"]\n'
SHOP = {"shop/__init__.py": "", "shop/a.py": "class Order: ...\n", "shop/b.py": "from shop.a import Order\n"}
WARN = "import warnings\nwarnings.warn('use a', DeprecationWarning, stacklevel=2)\n"


@pytest.mark.parametrize("is_mended", [False, True])
def test_it_sees_what_the_kit_sees(suite: tuple[Path, Path, Path], tmp_path: Path, is_mended: bool) -> None:
    """The same classes count, and the same statements take a class of a concept from elsewhere."""
    case = suite[2 if is_mended else 1]
    inv = analysis.investigate(case, policy=CASE / "ssot.toml", data=tmp_path / "data")
    tree = checks.TargetTree(case, left_out=("backup_20250915",))
    definitions = set()
    for concept, rule in zip(inv.find_concepts(), inv.policy.concept, strict=False):
        definitions |= {member.definition for member in concept.members}
        wanted = [
            f"{member.path}:{member.line}: {member.definition.partition(':')[2]}"
            for member in concept.members if member.role == "implementation"
        ]  # fmt: skip
        seen = checks.check_concept(tree, match=rule.match, within=rule.within, most=-1, allow=rule.allow)
        assert seen == sorted(wanted)
    violations = inv.frame("violations")
    violations = violations[violations["definition"].isin(sorted(definitions))]
    told = checks.check_import_paths(tree, find_sources(inv))
    assert {line.partition(": ")[0] for line in told} == set(
        violations["path"].astype(str) + ":" + violations["line"].astype(str)
    )
    assert (len(told) > 300) is not is_mended


@pytest.mark.parametrize(
    ("check", "file"),
    [
        ("check_concept", "test_concepts.py"), ("check_import_paths", "test_import_paths.py"),
        ("import_first", "test_circular_imports.py"), ("check_one_object", "test_redirects.py"),
        ("check_redirect", "test_redirects.py"), ("check_factory", "test_factories.py"),
    ],
)  # fmt: skip
def test_a_check_that_lies_fails_its_control(
    suite: tuple[Path, Path, Path], tmp_path: Path, check: str, file: str
) -> None:
    """A check that never finds anything fails one control; one that always does fails the other."""
    always = '{"a": "wrong"}' if check == "import_first" else '["wrong"]'
    never = "{}" if check == "import_first" else "[]"
    for answer, control in ((never, "test_control_fails"), (always, "test_control_passes")):
        folder = tmp_path / f"lies_in_{control}"
        shutil.copytree(suite[0], folder, ignore=shutil.ignore_patterns("__pycache__"))
        with (folder / CHECKS).open("a") as stream:
            stream.write(f"\n\ndef {check}(*_, **__):\n    return {answer}\n")
        found = run_suite(folder, suite[1], file, "-k", "control")
        assert found[f"{file}::{control}"] == "FAILED"


@pytest.mark.parametrize(
    ("files", "policy"),
    [
        ({f"src/{name}": source for name, source in SHOP.items()}, CONCEPT),
        (
            {
                **{f"src/{name}": source for name, source in SHOP.items()},
                "tools/__init__.py": "", "tools/run.py": "from shop.a import Order\n", "main.py": "import tools.run\n",
            },
            CONCEPT,
        ),
        ({**SHOP, "legacy/__init__.py": "", "legacy/a.py": "class OldOrder: ...\n"}, CONCEPT),
        ({**SHOP, "backup_20250915/shop_old.py": "class OldOrder: ...\n"}, CONCEPT),
        ({**SHOP, "shop/__main__.py": "raise SystemExit(3)\n", "setup.py": "raise SystemExit(5)\n"}, CONCEPT),
        ({**SHOP, "shop/c.py": "import no_such_package\nclass JobFactory: ...\n"}, CONCEPT + FACTORY),
        ({**SHOP, "shop/c.py": "import atexit\natexit.register(print, 'bye')\nprint('hello')\n"}, CONCEPT),
        ({**SHOP, "tests/test_concepts.py": "def test_own(): ...\n"}, CONCEPT),
        (
            {
                **SHOP, "shop/other/__init__.py": "from shop.other.x import Order\n",
                "shop/other/x.py": "class Order: ...\n", "shop/d.py": "from shop.other import Order\n",
            },
            '[[concept]]\nname = "orders"\nmatch = ["*Order"]\nallow = ["shop.other.x:Order"]\n',
        ),
    ],
    ids=["src", "two roots", "excluded", "backup", "run not imported", "not installed", "prints", "same file name",
         "same class name"],
)  # fmt: skip
def test_a_tree_that_is_right_passes(make_tree: Tree, tmp_path: Path, files: dict[str, str], policy: str) -> None:
    root = make_tree(files)
    folder = write_for(root, f'[target]\nexclude = ["legacy"]\n{policy}', tmp_path / "data")
    found = run_suite(folder, None)
    assert find_bad(found) == {}
    assert "test_concepts.py::test_there_are_as_many_classes_as_allowed[orders]" in found


@pytest.mark.parametrize("mode", ["prepend", "append", "importlib"])
def test_it_runs_with_the_targets_own_tests(make_tree: Tree, tmp_path: Path, mode: str) -> None:
    """Files of the same name elsewhere are no conflict, however pytest imports."""
    root = make_tree({**SHOP, "tests/test_concepts.py": "def test_own(): ...\n"})
    write_for(root, CONCEPT, tmp_path / "data")
    found = run_suite(root, None, f"--import-mode={mode}", "tests")
    assert find_bad(found) == {}
    assert "tests/test_concepts.py::test_own" in found
    assert "tests/unit/ssot_validation/test_concepts.py::test_control_fails" in found


def test_a_target_that_is_not_there_does_not_pass(
    suite: tuple[Path, Path, Path], make_tree: Tree, tmp_path: Path
) -> None:
    with pytest.raises(AssertionError, match="does not hold netra_backend"):
        run_suite(suite[0], make_tree({"other.py": ""}))
    with pytest.raises(FileNotFoundError, match="no folder above"):
        checks.find_tree(str(tmp_path / "test_x.py"), "no_such_package", (".",), ())


def test_a_marker_of_two_lines_and_names_like_places_are_kept(make_tree: Tree, tmp_path: Path) -> None:
    marker = "# SSOT\n# redirect"
    policy = (
        f"{REDIRECT.replace('SSOT redirect', 'SSOT redirect@marked@')}[[redirect]]\n"
        f'paths = ["p.a.Order", "p.c.Order"]\nmarker = """{marker}"""\n'
        f'[[concept]]\nname = "@roots@ it\'s \\"@concepts@\\""\nmatch = ["*Order"]\n'
    )
    again = "from p.a import Order as Order\n"
    root = make_tree({
        "p/__init__.py": "", "p/a.py": "class Order: ...\n", "p/b.py": f"# SSOT redirect@marked@\n{WARN}{again}",
        "p/c.py": f"{marker}\n{WARN}{again}",
    })  # fmt: skip
    folder = write_for(root, policy, tmp_path / "data")
    assert find_bad(run_suite(folder, None)) == {}
    command = [sys.executable, "-m", "ruff", "format", "--check", "--line-length", "120", "--isolated", str(folder)]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0


def test_a_class_taken_under_another_name_or_through_a_star_is_seen(make_tree: Tree) -> None:
    root = make_tree({
        "p/__init__.py": "", "p/a.py": "class Order: ...\n", "p/b.py": "from p.a import *\n",
        "p/c.py": "from .a import Order as Thing\nAlias = Thing\n", "p/d.py": "from p.b import Order\n",
        "p/e.py": "def f():\n    from .c import Alias\n",
        "p/f.py": "try:\n    from p.a import Order\nexcept ImportError:\n    from q import Order\n",
        "p/g.py": "from ..p.f import Order\nfrom .f import Order\n",
    })  # fmt: skip
    found = checks.check_import_paths(checks.TargetTree(root), {"p.a:Order": ["p.a", "p"]})
    assert found == [
        "p/d.py:1: Order from p.b, not p.a", "p/e.py:2: Alias from p.c, not p.a", "p/g.py:1: Order from p.f, not p.a",
        "p/g.py:2: Order from p.f, not p.a",
    ]  # fmt: skip


def test_classes_count_wherever_an_import_reaches_them(make_tree: Tree) -> None:
    """Those of functions and except blocks, abstract ones and protocols do not."""
    root = make_tree({
        "a.py": "match 1:\n    case 1:\n        class AOrder: ...\ntry:\n    import b\n"
        "except ImportError:\n    class BOrder: ...\nelse:\n    class COrder: ...\n"
        "def f():\n    class DOrder: ...\nclass E:\n    class EOrder: ...\n",
        "b.py": "import abc\nclass FOrder(abc.ABC): ...\nclass GOrder(Protocol[T]): ...\nbroken = (1\n",
        "c.py": "import abc\nclass FOrder(abc.ABC): ...\nclass GOrder(Protocol[T]): ...\n",
    })  # fmt: skip
    found = checks.check_concept(checks.TargetTree(root), match=["*Order"], within="", most=2, allow=[])
    assert found == ["a.py:13: E.EOrder", "a.py:3: AOrder", "a.py:9: COrder"]


def test_what_fails_names_its_place_and_its_reason(make_tree: Tree) -> None:
    root = make_tree({
        "a.py": "class Order: ...\n", "b.py": "import a\nraise ValueError('no\\nway')\n", "c.py": "raise SystemExit\n",
        "d.py": "import os\nos._exit(7)\n", "e.py": "def __getattr__(name):\n    return object()\n",
    })  # fmt: skip
    tree = checks.TargetTree(root)
    assert checks.import_first(tree, ["a", "b", "c", "d"]) == {
        "b": "b.py:2: ValueError: no", "c": "c.py:1: SystemExit: ", "d": "no answer, exit code 7"
    }  # fmt: skip
    assert checks.check_redirect(tree, "b", "") == ["b.py:1: it cannot be imported: b.py:2: ValueError: no"]
    assert checks.check_redirect(tree, "gone", "") == ["gone: no such module"]
    assert checks.check_one_object(tree, ["a:Order", "a.Gone", "e.Order"]) == [
        "a.Gone: AttributeError: module 'a' has no attribute 'Gone'", "e.Order: another object than a:Order"
    ]  # fmt: skip
    assert len(checks.check_one_object(tree, ["e.Order", "e.Order"])) == 1


def test_a_module_that_hangs_fails_alone(suite: tuple[Path, Path, Path], make_tree: Tree, tmp_path: Path) -> None:
    root = make_tree({**SHOP, "shop/c.py": "import time\ntime.sleep(60)\n"})
    folder = write_for(root, "", tmp_path / "data")
    text = (folder / CHECKS).read_text()
    (folder / CHECKS).write_text(text.replace("TIMEOUT_SECONDS = 120", "TIMEOUT_SECONDS = 3"))
    bad = find_bad(run_suite(folder, None))
    assert bad == {"test_circular_imports.py::test_the_module_can_be_imported_first[shop.c]": "FAILED"}


def test_written_again_it_is_the_same_and_what_it_no_longer_holds_is_removed(make_tree: Tree, tmp_path: Path) -> None:
    """Nor does the suite change what the kit says about its target."""
    root = make_tree(SHOP)
    before = analysis.investigate(root, policy=parse_policy(CONCEPT), data=tmp_path / "data")
    folder = write_for(root, CONCEPT, tmp_path / "data", "ssot_validation")
    texts = {path.name: path.read_text() for path in folder.glob("*.py")}
    after = analysis.investigate(root, policy=parse_policy(CONCEPT), data=tmp_path / "data")
    assert list(after.frame("findings")["fingerprint"]) == list(before.frame("findings")["fingerprint"])
    write_for(root, CONCEPT, tmp_path / "data", "ssot_validation")
    assert {path.name: path.read_text() for path in folder.glob("*.py")} == texts
    (folder / "test_mine.py").write_text("")
    write_for(root, "", tmp_path / "data", "ssot_validation")
    assert {path.name for path in folder.glob("*.py")} == {PACKAGE, CHECKS, "test_circular_imports.py", "test_mine.py"}


def test_an_init_file_that_is_there_is_kept(make_tree: Tree, tmp_path: Path) -> None:
    root = make_tree({**SHOP, "checks/__init__.py": "# mine\n"})
    folder = write_for(root, CONCEPT, tmp_path / "data", "checks")
    assert (folder / PACKAGE).read_text() == "# mine\n"
    assert find_bad(run_suite(folder, None)) == {}


def test_what_it_cannot_do_is_told_before_anything_is_written(make_tree: Tree, tmp_path: Path) -> None:
    root = make_tree(SHOP)
    inv = analysis.investigate(root, data=tmp_path / "data")
    with pytest.raises(SuiteError, match="not a valid package name"):
        write_suite(inv, root / "ssot-validation")
    (root / "taken" / CHECKS).mkdir(parents=True)
    with pytest.raises(SuiteError, match="was not generated"):
        write_suite(inv, root / "taken")
    assert not (root / "ssot-validation").exists()
    assert not (root / "taken" / PACKAGE).exists()
    inner = make_tree({"__init__.py": "", "a.py": "from inner.b import B\n", "b.py": "B = 1\n"}, "inner")
    with pytest.raises(SuiteError, match="itself is the package inner"):
        build_suite(analysis.investigate(inner, data=tmp_path / "data"))
