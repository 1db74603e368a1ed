"""A policy says what it means, or one line says what is wrong with it."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest

from analysis.errors import PolicyError
from analysis.policy import Policy, parse_policy, read_policy
from analysis.policy.reading import find_line

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
        ("[target]\nnam = 'x'", "ssot.toml:2:7: [target] has no key 'nam'. Did you mean name?"),
        (f"{CONCEPT}[[concept]]\nname='b'\nmax_clases=1\nmatch=['x']", "ssot.toml:6:1: [concept] has no key 'max_cla"),
        ("# one\n\n[[concept]]\nname = 'a'", "ssot.toml:3:1: [[concept]] needs the key 'match'"),
        ("[compliance]\nthreshold = 101", "ssot.toml:2:1: threshold: Input should be less than or equal to 100"),
        ("[target]\nroots = 'src'", "ssot.toml:2:9: roots: Input should be a valid list in brackets"),
        ("[target]\nroots = [\n  'src',\n  '/etc',\n]", "ssot.toml:4:3: roots: '/etc' is not below the target"),
        ("[target]\nroots = ['a/../../b']", "is not below the target"),
        ("[target]\nexclude = ['']", "ssot.toml:2:1: exclude: must not be empty"),
        ("[target]\npackages = ['a b']", "'a b' is no dotted name, such as pkg.mod"),
        ("[target]\nsource_url = 'ftp://x'", "https://"),
        ("[target]\nsource_url = 'https://x/{file}'", "not {file}"),
        ("target = 1", "ssot.toml:1:1: target: is a section, to be written as [target]"),
        ("[concept]\nname = 'a'", "ssot.toml:1:2: concept: is a list of sections, to be written as [[concept]]"),
        (CONCEPT.replace("*A", "p.*A"), "'p.*A' is no pattern of class names"),
        (CONCEPT.replace('["*A"]', "[]"), "match: "),
        (f"{CONCEPT}max_classes = '3'", "ssot.toml:4:15: max_classes: Input should be a valid integer"),
        (f"{CONCEPT}max_classes = true", "ssot.toml:4:1: max_classes: Input should be a valid integer"),
        (f"{CONCEPT}severity = 'P9'", "ssot.toml:4:12: severity: Input should be 'P0', 'P1', 'P2' or 'P3'"),
        (f"{CONCEPT}canonical = 'Name'", "ssot.toml:4:13: canonical: 'Name' is no import path"),
        (f"{CONCEPT}\n{CONCEPT}", "concept: two concepts have the name 'a'"),
        ("[[redirect]]\npaths = ['a.B']", "ssot.toml:2:1: paths: "),
        ("[golden_path]\ntarget = 1.5", "ssot.toml:2:1: target: "),
        ("[golden_path]\ntarget = nan", "ssot.toml:2:1: target: "),
        ("[business]\nnotes = { P7 = 'x' }", "ssot.toml:2:11: "),
        ("[[claim]]\nmetric = 'x'\nvalue = true", "ssot.toml:3:1: value: "),
        ("[[ignore]]\nrule = 'x'", "[[ignore]] needs the key 'reason'"),
        ("[target]\nname = 'a'\nx =\n", "ssot.toml:3:4: Invalid value"),
        ("[target]\nname = 'a", "ssot.toml:2:10: "),
        ("[target]\nname = 'a'\nname = 'b'", "ssot.toml:3:11: Cannot overwrite a value"),
        ("bogus = 1", "Known are: business, claim, "),
        ("'a\tb\\nc' = 1", "ssot.toml:1:2: a policy has no key"),
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
    ("place", "line"),
    [
        (("x",), 1), (("b", "c"), 4), (("d",), 6), (("d", "f"), 7), (("d", "f", 1), 7), (("g", 0, "h"), 12),
        (("g", 1), 13), (("g", 1, "h"), 16), (("g", 1, "g", "h"), 17), (("d", "missing"), 6), (("nothing",), 1),
        ((), 1),
    ],
)  # fmt: skip
def test_a_place_is_found_by_the_parser_itself(place: tuple[int | str, ...], line: int) -> None:
    assert find_line(PLACES, place) == line
