"""A policy says what it means, or one line says what is wrong with it."""

from __future__ import annotations

import datetime as dt
import json
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.errors import PolicyError
from analysis.policy import Policy, parse_policy, read_policy
from analysis.policy.places import find_entries
from analysis.rules import check_weights

FULL = """
[target]
name = "shop"
roots = ["src/", "./lib", "."]
packages = ["shop.core"]
source_url = "https://example.org/{revision}/{path}#L{line}"
[[concept]]
name = "registries"
match = ["*Registry"]
within = "shop"
max_classes = 3
canonical = "shop.core:Registry"
severity = "P1"
[[factory]]
match = ["*Factory"]
require_methods = ["create"]
[[redirect]]
paths = ["a.B", "c.B"]
[golden_path]
command = "pytest"
[business]
currency = "USD"
revenue_at_risk = 500000
notes = { P0 = "stops sales" }
[compliance]
threshold = 90
[[claim]]
metric = "class-ids"
value = 2
[[owner]]
pattern = "a/*"
owner = "team"
[[ignore]]
rule = "import-cycle"
reason = "goes with the old shop"
until = 2027-01-31
"""


def test_without_a_file_nothing_is_decided(tmp_path: Path) -> None:
    assert read_policy(None, target=tmp_path) == read_policy(None) == parse_policy("") == Policy()


def test_the_targets_own_policy_is_found_and_an_explicit_one_goes_before_it(tmp_path: Path) -> None:
    (tmp_path / "ssot.toml").write_text('[target]\nname = "own"\n')
    other = tmp_path / "other.toml"
    other.write_text('[target]\nname = "other"\n')
    assert read_policy(None, target=tmp_path).target.name == "own"
    assert read_policy(other, target=tmp_path).target.name == "other"


def test_a_byte_order_mark_does_not_matter(tmp_path: Path) -> None:
    (tmp_path / "ssot.toml").write_bytes(b'\xef\xbb\xbf[target]\nname = "own"\n')
    assert read_policy(None, target=tmp_path).target.name == "own"


def test_all_sections_are_read() -> None:
    policy = parse_policy(FULL)
    assert policy.target.roots == ("src", "lib", "")
    assert (policy.concept[0].max_classes, policy.concept[0].severity) == (3, "P1")
    assert policy.golden_path.target == 0.999
    assert policy.business.notes == {"P0": "stops sales"}
    assert policy.ignore[0].until == dt.date(2027, 1, 31)


def test_a_policy_survives_the_manifest_of_a_snapshot() -> None:
    policy = parse_policy(FULL)
    assert Policy.model_validate(json.loads(json.dumps(policy.model_dump(mode="json")))) == policy


def test_a_policy_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        parse_policy(FULL).target.name = "other"  # type: ignore[misc]


CONCEPT = '[[concept]]\nname = "a"\nmatch = ["*A"]\n'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[target]\nnam = 'x'", "ssot.toml:2:1: [target] has no key 'nam'. Did you mean name?"),
        (f"{CONCEPT}[[concept]]\nname='b'\nmax_clases=1\nmatch=['x']", "ssot.toml:6:1: [concept] has no key 'max_cla"),
        ("# one\n\n[[concept]]\nname = 'a'", "ssot.toml:3:2: [[concept]] needs the key 'match'"),
        ("[compliance]\nthreshold = 101", "ssot.toml:2:13: threshold: Input should be less than or equal to 100"),
        ("[target]\nroots = 'src'", "ssot.toml:2:9: roots: Input should be a valid list in brackets"),
        ("[target]\nroots = [\n  'src',\n  '/etc',\n]", "ssot.toml:4:3: roots: '/etc' is not below the target"),
        ("[target]\nroots = ['a/../../b']", "is not below the target"),
        ("[target]\nexclude = ['']", "ssot.toml:2:12: exclude: must not be empty"),
        ("[target]\npackages = ['a b']", "'a b' is not a dotted name, such as pkg.mod"),
        ("[target]\nsource_url = 'ftp://x'", "https://"),
        ("[target]\nsource_url = 'https://x/{file}'", "not {file}"),
        ("target = 1", "ssot.toml:1:10: target: is a section, to be written as [target]"),
        ("[concept]\nname = 'a'", "ssot.toml:1:2: concept: is a list of sections, to be written as [[concept]]"),
        (CONCEPT.replace("*A", "p.*A"), "'p.*A' is not a pattern of class names"),
        (CONCEPT.replace('["*A"]', "[]"), "match: "),
        (f"{CONCEPT}max_classes = '3'", "ssot.toml:4:15: max_classes: Input should be a valid integer"),
        (f"{CONCEPT}max_classes = true", "ssot.toml:4:15: max_classes: Input should be a valid integer"),
        (f"{CONCEPT}severity = 'P9'", "ssot.toml:4:12: severity: Input should be 'P0', 'P1', 'P2' or 'P3'"),
        (f"{CONCEPT}canonical = 'Name'", "ssot.toml:4:13: canonical: 'Name' is not an import path"),
        (f"{CONCEPT}\n{CONCEPT}", "concept: two concepts have the name 'a'"),
        ("[[redirect]]\npaths = ['a.B']", "ssot.toml:2:9: paths: "),
        ("[golden_path]\ntarget = 1.5", "ssot.toml:2:10: target: "),
        ("[golden_path]\ntarget = nan", "ssot.toml:2:10: target: "),
        ("[business]\nnotes = { P7 = 'x' }", "ssot.toml:2:11: "),
        ("[[claim]]\nmetric = 'x'\nvalue = true", "ssot.toml:3:9: value: "),
        ("[[ignore]]\nrule = 'x'", "[[ignore]] needs the key 'reason'"),
        ("[target]\nname = 'a'\nx =\n", "ssot.toml:3:4: Invalid value"),
        ("[target]\nname = 'a", "ssot.toml:2:10: "),
        ("[target]\nname = 'a'\nname = 'b'", "ssot.toml:3:11: Cannot overwrite a value"),
        ("bogus = 1", "Known are: business, claim, "),
        ("target = { name = 'x', nmae = 'x' }", "ssot.toml:1:24: [target] has no key 'nmae'"),
        (
            "concept = [\n  { name = 'a', match = ['A'] },\n  { name = 'b', match = ['B'], alow = ['x'] },\n]",
            "ssot.toml:3:32: [concept] has no key 'alow'. Did you mean allow?",
        ),
        ("# \u2028 a comment\n[target]\nnmae = 'y'  # nmae = 'y'", "ssot.toml:3:1: [target] has no key 'nmae'"),
        ("[target.environment]\nA = 'x'\nstr = 3", "ssot.toml:3:7: str: Input should be a valid string"),
        ("'a\tb\\nc' = 1", "ssot.toml:1:1: a policy has no key"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_one_line_with_its_place(text: str, message: str) -> None:
    with pytest.raises(PolicyError) as caught:
        parse_policy(text)
    assert message in str(caught.value)
    assert not set("\n\r\t") & set(str(caught.value))


def test_a_long_value_does_not_flood_the_message() -> None:
    with pytest.raises(PolicyError) as caught:
        parse_policy(f"[target]\nroots = ['/{'x' * 5000}']")
    assert len(str(caught.value)) < 250


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00"])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "p.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(PolicyError, match=r"p\.toml"):
        read_policy(path)


def test_a_folder_is_no_policy(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="directory"):
        read_policy(tmp_path)


PLACES = '''x = """
a = 1
"""
b.c = 1

[d]  # [e]
f = [
  1,
  2,
]
[[g]]
h = 1
[[g]]

# h = 3
h = 2
g = { h = 4 }
'''


@pytest.mark.parametrize(
    ("place", "line", "column"),
    [
        (("x",), 1, 1), (("b", "c"), 4, 1), (("d",), 6, 2), (("d", "f"), 7, 1), (("d", "f", 1), 9, 3),
        (("g", 0, "h"), 12, 1), (("g", 1), 13, 2), (("g", 1, "h"), 16, 1), (("g", 1, "g", "h"), 17, 7),
    ],
)  # fmt: skip
def test_a_place_is_found(place: tuple[int | str, ...], line: int, column: int) -> None:
    assert find_entries(PLACES)[place].key == (line, column)


_KEYS = st.text("ab-_9", min_size=1, max_size=3) | st.text("a.' \u2028#=[]é", max_size=4)
_VALUES = st.recursive(
    st.booleans() | st.integers(-9, 9) | st.text("ab\"'\\\n#]},\u2028", max_size=8) | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(_KEYS, _VALUES, max_size=6))
def test_every_key_of_any_document_has_a_place_and_none_that_is_not_there(document: dict[str, Any]) -> None:
    text = "".join(f"{json.dumps(key)} = {write(value)}  # = '\n" for key, value in document.items())
    expected = {path for path in walk((), tomllib.loads(text)) if path}
    found = find_entries(text)
    assert expected <= found.keys()
    lines = text.split("\n")
    for path, entry in found.items():
        assert 1 <= entry.key[0] <= len(lines)
        assert path in expected or any(other[: len(path)] == path for other in expected)


def write(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(key)} = {write(inner)}" for key, inner in value.items()) + " }"
    if isinstance(value, list):
        return "[ # ]\n" + "".join(f"  {write(inner)},\n" for inner in value) + "]"
    return value.isoformat() if isinstance(value, dt.date) else json.dumps(value)


def walk(path: tuple[int | str, ...], value: Any) -> Iterator[tuple[int | str, ...]]:
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inner:
        yield from walk((*path, key), each)


def test_a_mistake_in_a_long_policy_is_found_at_once() -> None:
    ignores = "".join(f'[[ignore]]\nrule = "r{number}"\nsubject = "*"\nreason = "x"\n\n' for number in range(3000))
    started = time.perf_counter()
    with pytest.raises(PolicyError, match=r"ssot\.toml:15002:1"):
        parse_policy(f"{ignores}[target]\nnmae = 1\n")
    assert time.perf_counter() - started < 10  # it once took minutes: every line was parsed again


def test_an_unknown_rule_in_the_weights_has_its_place(tmp_path: Path) -> None:
    path = tmp_path / "ssot.toml"
    path.write_text("[compliance]\nthreshold = 3\n[compliance.weights]\nimport-cycl = 3\n")
    with pytest.raises(PolicyError, match=r"ssot\.toml:4:1: .*Did you mean import-cycle\?"):
        check_weights(read_policy(path), path)


def test_an_unknown_rule_in_the_minutes_has_its_place(tmp_path: Path) -> None:
    path = tmp_path / "ssot.toml"
    path.write_text("[debt.minutes]\nimport-cycl = 3\n")
    with pytest.raises(PolicyError, match=r"ssot\.toml:2:1: \[debt\.minutes\] .*Did you mean import-cycle\?"):
        check_weights(read_policy(path), path)


def test_every_mistake_of_a_policy_is_named_with_its_place() -> None:
    text = '[target]\nnam = "x"\n\n[[concept]]\nname = "a"\nmach = ["A"]\n\n[complianse]\nthreshold = 3\n'
    with pytest.raises(PolicyError) as caught:
        parse_policy(text)
    assert str(caught.value) == (
        "ssot.toml:2:1: [target] has no key 'nam' (did you mean name?); "
        "ssot.toml:4:2: [[concept]] needs the key 'match'; "
        "ssot.toml:6:1: [concept] has no key 'mach' (did you mean match?); "
        "ssot.toml:8:2: a policy has no key 'complianse' (did you mean compliance?). See docs/policy.md"
    )
    many = "[target]\n" + "".join(f"wrong{number} = 1\n" for number in range(9))
    with pytest.raises(PolicyError, match=r"ssot\.toml:6:1: .*; 4 more\. See"):
        parse_policy(many)
