"""Fixes of real faults, one by one: offered or refused and why, applied, and what CPython says.

    python -m benchmarks.fix_instances PACKAGE_FOLDER --name NAME [--python PYTHON] [--beside FOLDER ...]
    python -m benchmarks.fix_instances --write

The first adds the fixes of one package to ``fix_instances.json`` beside this file, in place of those that are there of
that name; the second writes them to ``docs/fix_instances.md``. ``--most`` offers of each kind are tried, and as many
refusals, each with another reason, are kept; all are counted.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from analysis.facts.source_tree import SourceTree
from analysis.fixes.catalogue import KINDS, FixContext, Kind
from analysis.fixes.offers import Offer, Refusal
from analysis.investigation import Investigation
from analysis.wording import format_count
from benchmarks.trial_copies import Checked, TrialCopy, TrialPlace, find_interpreter

ROWS = Path(__file__).with_name("fix_instances.json")
PAGE = Path(__file__).parents[1] / "docs" / "fix_instances.md"
#: The letters by which issues name the kinds.
LETTERS = {
    "canonical-imports": "a", "redirect-duplicate": "b", "break-cycle": "c", "explicit-import": "d",
    "second-names": "e", "scaffold-state": "f", "missing-names": "g",
}  # fmt: skip
#: Refusals for the same reason that are shown of a package.
_FEW = 4
_WIDE, _OBSERVED = 160, 12

_HEAD = f"""# Fixes of real faults

Every row is a fault of real code; a *case* is a small program that re-creates one of a public report. Each offer is
written into a copy of the package. CPython imports the modules that change, and up to {_OBSERVED} that import them,
first in fresh processes, before and after: each import has to end as before or better, public names have to be the
same objects, and each import statement that the fix writes is run in its module. *Cannot be run here* means that the
code needs packages that are not installed.

`python -m benchmarks.fix_instances PACKAGE_FOLDER --name NAME` measures a package, and with `--write` this page is
written from what was measured (`benchmarks/fix_instances.json`).

| kind | packages | offered | refused | applied | confirmed | wrong | cannot be run here |
|---|--:|--:|--:|--:|--:|--:|--:|"""

Row = dict[str, Any]


def measure(place: TrialPlace, name: str, kinds: Sequence[Kind], most: int) -> Iterator[Row]:
    """Yield what some kinds of fixes make of a package, a row for each offer and refusal that is kept."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made).resolve()
        copy = TrialCopy(place, folder / "copy", folder / "data", _finder(kinds[0]))
        for kind in kinds:
            copy.find = _finder(kind)
            found = copy.list_offers()
            offers = [each for each in found if isinstance(each, Offer)]
            refusals = [each for each in found if isinstance(each, Refusal)]
            tried = _pick_offers(offers, most)
            checked = copy.check_all(tried)
            rows = [
                *(_describe_offer(each) for each in checked),
                *(_describe_refusal(each) for each in _pick_refusals(refusals, most)),
            ]
            counts = {"offers": len(offers), "refusals": len(refusals), "modules": len(copy.modules)}
            yield {"package": name, "kind": kind.name, **counts, "rows": rows}


def _finder(kind: Kind) -> Any:
    def find(case: Investigation, tree: SourceTree) -> Iterable[Offer | Refusal]:
        return kind.find(FixContext(case, tree))

    return find


def _pick_offers(offers: Sequence[Offer], most: int) -> list[Offer]:
    """Return some offers, those of different files first, in the order in which they are offered."""
    seen: set[str] = set()
    fresh: list[Offer] = []
    rest: list[Offer] = []
    for offer in offers:
        paths = {edit.path for edit in offer.edits}
        (rest if paths & seen else fresh).append(offer)
        seen |= paths
    chosen = [*fresh, *rest][:most]
    return [offer for offer in offers if offer in chosen]


def _pick_refusals(refusals: Sequence[Refusal], most: int) -> list[Refusal]:
    """Return some refusals, each of another subject: one for each reason, and more where there are few reasons."""
    by_subject = {each.subject: each for each in reversed(refusals)}
    by_reason = {" ".join(each.reason.split()[-6:]): each for each in reversed(by_subject.values())}
    chosen = list(by_reason.values())[:most]
    more = [each for each in by_subject.values() if each not in chosen]
    chosen += more[: max(0, _FEW - len(chosen))]
    return [each for each in refusals if each in chosen]


def _describe_offer(checked: Checked) -> Row:
    offer = checked.offer
    first = min(offer.edits)
    return {"place": first.path, "files": len({edit.path for edit in offer.edits}), "what": offer.title,
            "offered": True, "confirmed": checked.holds and checked.is_seen, "cpython": _judge(checked)}  # fmt: skip


def _judge(checked: Checked) -> str:
    """Return what CPython says of an applied offer, in a few words."""
    bad = [*checked.worse, *checked.lost, *checked.broken, *(["it is offered again"] if checked.is_again else [])]
    if bad:
        return f"wrong: {bad[0]}"
    if not checked.is_seen:
        return f"cannot be run here: {checked.unseen[0]}"
    better = len(checked.better)
    parts = [
        *([f"works now: {format_count(better, 'first import')}"] if better else ["imports end as before"]),
        *([f"works: {format_count(checked.ran, 'new import statement')}"] if checked.ran else []),
    ]
    return ", ".join(parts)


def _describe_refusal(refusal: Refusal) -> Row:
    where = f"{refusal.path}:{refusal.line}"
    return {"place": where, "what": refusal.subject, "offered": False, "reason": refusal.reason}


def format_page(groups: Sequence[Mapping[str, Any]]) -> str:
    """Return the page: a table of figures, and a table of instances for each kind of fix."""
    by_kind: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for group in groups:
        by_kind[group["kind"]].append(group)
    lines = _HEAD.splitlines()
    lines += [_format_figures(kind, by_kind[kind]) for kind in LETTERS if kind in by_kind]
    for kind in LETTERS:
        lines += _format_kind(kind, by_kind.get(kind, []))
    return "\n".join(lines) + "\n"


def _format_figures(kind: str, groups: Sequence[Mapping[str, Any]]) -> str:
    tried = [row for group in groups for row in group["rows"] if row["offered"]]
    says = Counter("confirmed" if row["confirmed"] else row["cpython"].partition(":")[0] for row in tried)
    figures = (
        sum(bool(group["offers"] + group["refusals"]) for group in groups), sum(group["offers"] for group in groups),
        sum(group["refusals"] for group in groups), len(tried), says["confirmed"], says["wrong"],
        says["cannot be run here"],
    )  # fmt: skip
    return f"| ({LETTERS[kind]}) `{kind}` | {' | '.join(map(str, figures))} |"


def _format_kind(kind: str, groups: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    yield from ("", f"## ({LETTERS[kind]}) `{kind}`", "", "| package | place | what | | CPython, or why not |")
    yield "|---|---|---|---|---|"
    for group in sorted(groups, key=lambda group: group["package"]):
        for row in group["rows"]:
            state = "applied" if row["offered"] else "refused"
            more = f" and {row['files'] - 1} more" if row.get("files", 1) > 1 else ""
            says = row["cpython"] if row["offered"] else row["reason"]
            cells = (group["package"], row["what"], state, says)
            name, *rest = map(_cut, cells)
            yield f"| {name} | `{row['place']}`{more} | {' | '.join(rest)} |"


def _cut(text: str) -> str:
    """Return a text as one cell of a table."""
    safe = " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;").replace("__", "\\_\\_")
    return safe if len(safe) <= _WIDE else f"{safe[:_WIDE]}…"


def read_groups(rows: Path = ROWS) -> list[Mapping[str, Any]]:
    """Return what was measured: for each package and kind of fix its figures and rows."""
    groups: list[Mapping[str, Any]] = json.loads(rows.read_text()) if rows.exists() else []
    return groups


def main() -> None:
    """Measure one package and keep what is found, or write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("package", nargs="?", type=Path)
    parser.add_argument("--name", help="what the table calls the package: its name and version")
    parser.add_argument("--python", type=Path, help="the interpreter that has what the package needs")
    parser.add_argument("--beside", nargs="*", type=Path, default=[], help="folders on the search path besides")
    parser.add_argument("--policy", type=Path, help="what the factories of the package must have, and so on")
    parser.add_argument("--kinds", nargs="*", default=list(LETTERS))
    parser.add_argument("--most", type=int, default=12)
    parser.add_argument("--rows", type=Path, default=ROWS, help="where the rows are kept")
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    if asked.package:
        root = asked.package.absolute()
        place = TrialPlace(
            root,
            asked.python or find_interpreter(root.parent),
            tuple(asked.beside),
            policy=asked.policy,
            most_observed=_OBSERVED,
        )
        kinds = [kind for kind in KINDS if kind.name in asked.kinds]
        name = asked.name or root.name
        found = list(measure(place, name, kinds, asked.most))
        for group in found:
            print(_format_figures(group["kind"], [group]))
            for row in group["rows"]:
                print(f"    {row['place']} {row['what']}: {row['cpython'] if row['offered'] else row['reason']}"[:400])
        kept = [
            each
            for each in read_groups(asked.rows)
            if (each["package"], each["kind"]) not in {(name, k.name) for k in kinds}
        ]
        groups = sorted(
            [*kept, *(each for each in found if each["rows"])], key=lambda each: (each["package"], each["kind"])
        )
        asked.rows.write_text(json.dumps(groups, indent=1, ensure_ascii=False) + "\n")
    if asked.write:
        PAGE.write_text(format_page(read_groups(asked.rows)))


if __name__ == "__main__":
    main()
