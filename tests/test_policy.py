"""A policy says what it means, or one line says what is wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from analysis.errors import PolicyError
from analysis.policy import Policy, parse_policy, read_policy


def test_without_a_file_nothing_is_decided(tmp_path: Path) -> None:
    assert read_policy(None, target=tmp_path) == read_policy(None) == parse_policy("") == Policy()


def test_the_targets_own_policy_is_found_and_an_explicit_one_goes_before_it(tmp_path: Path) -> None:
    (tmp_path / "ssot.toml").write_text('[target]\nname = "own"\n')
    other = tmp_path / "other.toml"
    other.write_text('[target]\nname = "other"\n')
    assert read_policy(None, target=tmp_path).target.name == "own"
    assert read_policy(other, target=tmp_path).target.name == "other"


def test_all_sections_are_read() -> None:
    policy = parse_policy("""
[target]
roots = ["src"]
source_url = "https://example.org/{revision}/{path}#L{line}"
[[concept]]
name = "registries"
match = ["*Registry"]
max_classes = 3
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
""")
    assert policy.concept[0].max_classes == 3
    assert policy.golden_path.target == 0.999
    assert policy.business.notes == {"P0": "stops sales"}
    assert Policy.model_validate(policy.model_dump(mode="json")) == policy


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[target]\nnam = 'x'", "ssot.toml:2: [target] has no key 'nam'. Did you mean name?"),
        ("[[concept]]\nname='a'\nmatch=['*']\n[[concept]]\nname='b'\nmax_clases=1\nmatch=['x']", "ssot.toml:6: "),
        ("[[concept]]\nname = 'a'", "needs the key 'match'"),
        ("[compliance]\nthreshold = 101", "ssot.toml:2: threshold: "),
        ("[target]\nroots = 'src'", "valid list in brackets"),
        ("[target]\nsource_url = 'ftp://x'", "https://"),
        ("[target]\nsource_url = 'https://x/{file}'", "not {file}"),
        ("x =", "ssot.toml: "),
        ("bogus = 1", "Known are: "),
        ("[golden_path]\ntarget = 1.5", "target: "),
    ],
)
def test_what_is_wrong_is_one_line_with_its_place(text: str, message: str) -> None:
    with pytest.raises(PolicyError) as caught:
        parse_policy(text)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00"])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "p.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(PolicyError, match=r"p\.toml"):
        read_policy(path)
