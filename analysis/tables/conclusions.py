"""The tables of conclusions: findings, scores, metrics."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa

from analysis.tables.table import TEXT, Column, Table, count, flag, later, one_of, text, texts

SEVERITIES = ("P0", "P1", "P2", "P3")
#: The text of each severity in all outputs; no severity states what a fault does to the product.
SEVERITY_WORDS: Mapping[str, str] = {
    "P0": "fix this first", "P1": "needs a fix now", "P2": "risk", "P3": "worth knowing",
}  # fmt: skip
CERTAINTIES = ("static", "observed", "confirmed", "refuted")
EVIDENCE = pa.list_(pa.struct([("path", pa.string()), ("line", pa.int32()), ("source", pa.string())]))

FINDINGS = Table("findings", "one verdict of one rule on one subject", (
    text("fingerprint", "16 hex digits; stable against line moves and reformatting"),
    text("rule", "name of the rule, see docs/rules.md"),
    one_of("severity", SEVERITIES, "; ".join(f"{name}: {words}" for name, words in SEVERITY_WORDS.items())),
    text("subject", "subject of the finding: a module, class or file"),
    text("message", "one sentence with the figures"),
    one_of("certainty", CERTAINTIES, "static, observed at run time, confirmed by both, refuted"),
    Column("evidence", EVIDENCE, "places with their source line, at most a dozen"),
    count("places", "number of places; evidence shows at most a dozen"),
    Column("owner", TEXT, "person or team by [[owner]] of the policy; empty without one", is_later=True),
    Column("cause", TEXT, "fingerprint of the finding whose fix removes this one; empty for a finding with a cause of its own", is_later=True),
    later(flag("in_tests", "whether all its places are in tests")),
    later(texts("paths", "files of all its places, sorted")),
))  # fmt: skip

ACCEPTED = Table("accepted", "one finding, or part of one, that an exception accepts", (
    text("fingerprint", "as in findings"),
    text("rule", "name of the rule"),
    one_of("severity", SEVERITIES, "its severity if it counted"),
    text("subject", "module, class or file"),
    text("message", "message of the finding"),
    one_of("by", ("comment", "policy"), "kind of the exception"),
    text("reason", "why it is accepted"),
    text("until", "last day of the exception, as 2027-01-31; empty: no end"),
    text("path", "first accepted place; empty when the finding has none"),
    count("line", "its line, from 1; 0 when there is none"),
    count("places", "number of places that are accepted"),
))  # fmt: skip

SCORES = Table("scores", "the compliance score of one package, or of the whole target", (
    text("package", "empty: the whole target"),
    count("modules", "modules that can be imported"),
    count("clean_modules", "of these, those that no finding of severity P0, P1 or P2 cites"),
    count("findings", "findings with a place in it"),
    Column("points", pa.float64(), "points lost"),
    Column("score", pa.float64(), "0 to 100: see docs/score.md"),
))  # fmt: skip

SCORE_PARTS = Table("score_parts", "points that one rule costs one package, or the whole target", (
    text("package", "empty: the whole target"),
    text("rule", "name of the rule"),
    one_of("severity", SEVERITIES, "of its findings"),
    count("findings", "number of findings that count"),
    count("places", "number of their places"),
    Column("points", pa.float64(), "points lost"),
))  # fmt: skip

METRICS = Table("metrics", "one measured number", (
    text("metric", "name of the number"),
    Column("value", pa.float64(), "the number"),
    text("unit", "what is counted"),
    text("meaning", "one sentence"),
))  # fmt: skip
