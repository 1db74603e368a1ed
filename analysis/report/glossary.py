"""The terms of reports and docs, each defined once; docs/glossary.md and the glossary of a report use them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Term(NamedTuple):
    """One term and its meaning: a sentence without markup, except code in backticks."""

    name: str
    meaning: str

    @property
    def anchor(self) -> str:
        """The id of the term on a page.

        >>> Term("first import", "").anchor
        'term-first-import'
        """
        return "term-" + "-".join(self.name.lower().replace("(", "").replace(")", "").split())


#: The terms by subject; each group is in alphabetical order.
GLOSSARY: Mapping[str, tuple[Term, ...]] = {
    "Code and imports": (
        Term("ancestor package", "A package that contains a module. `import a.b.c` also runs `a` and `a.b`, its "
             "ancestor packages."),
        Term("import edge", "A dependency between two modules of the target, always from the importer to the imported "
             "module, with every statement that causes it."),
        Term("liveness", "Whether a statement can run: `always`, `sometimes` (it depends on a condition) or `never` "
             "(on no supported Python version and platform)."),
        Term("module", "A Python module as Python imports it, with its full dotted name."),
        Term("scope (of an import)", "Where the import statement is: `module`, `class`, `function` (deferred: it runs "
             "when the function is called) or `type_checking` (it exists only for type checkers)."),
        Term("search path", "The folders from which a start imports top-level modules (`sys.path`)."),
        Term("single source of truth (SSOT)", "One definition, one canonical import path and one live object for each "
             "thing that a program needs only once."),
        Term("snapshot", "All data about one target at one revision: an immutable folder of tables."),
        Term("start", "One way to start the program: a script, `python -m package`, an installed package or the test "
             "runner. It decides `sys.path` and which module is `__main__`."),
        Term("target", "The code base under investigation, at one revision."),
        Term("third-party", "A module that belongs neither to the target nor to the standard library."),
    ),
    "Names and identity": (
        Term("binding", "A name in the namespace of a module, and the object to which it refers."),
        Term("canonical path", "The import path that should be used for a class: the one that the policy names, else "
             "the most used path among its definition and the facades."),
        Term("concept", "A family of classes of which there should be one (or at most the number that the policy "
             "allows), for example all registries of agents."),
        Term("definition", "One `class` statement, written `package.module:Class`."),
        Term("facade", "A parent package that offers a class of one of its modules."),
        Term("identity", "Which live object an import path yields. Two paths have the same identity if they yield the "
             "same object."),
        Term("import path", "A dotted name by which code imports a class, such as `package.module.Class`."),
        Term("near duplicate", "A class or method whose body is equal or nearly equal to another one."),
        Term("non-canonical import", "An import statement that takes a class by a path that the policy does not allow; "
             "by default any path that is neither its definition nor a facade."),
        Term("phantom import", "An import of a module or name of the target that does not exist."),
        Term("re-export", "A module that offers a class of another module explicitly: by `__all__`, by `as Name`, or "
             "because it does nothing else. In the tables this route is called `shim`."),
        Term("route", "How an import path reaches the definition: `definition`, `facade`, `shim` (a re-export) or "
             "`accidental` (through a module that imports the class for its own use)."),
        Term("second name", "One file or one class statement that is alive as two modules or two classes, for example "
             "because two folders of the search path contain it."),
    ),
    "Cycles and first imports": (
        Term("cut", "The cheapest set of imports whose removal leaves no loop in a cycle."),
        Term("cycle", "A set of modules in which every module reaches every other through imports (a strongly "
             "connected component of the import graph)."),
        Term("deferred cycle", "A cycle that needs at least one import inside a function."),
        Term("first import", "The import of a module as the first one in a fresh process. Its outcome can be simulated "
             "or observed."),
        Term("guarded import", "An import inside a `try` whose handler catches its failure."),
        Term("import simulation", "The prediction of every first import from the source alone; nothing is executed."),
        Term("import-time cycle", "A cycle of imports that all run while the modules are imported."),
        Term("loop", "One closed path of imports inside a cycle."),
        Term("partially initialized", "A module whose body has started but not finished, so that some of its names do "
             "not exist yet (Python's own term)."),
        Term("silently swallowed", "An import failure that a handler catches without raising it again. The program "
             "continues without the imported name, or with `None`."),
        Term("typing cycle", "A cycle that needs at least one import for type checkers only."),
    ),
    "Findings and evidence": (
        Term("baseline", "A file with the findings of one day. Later checks fail only on new or worse findings."),
        Term("certainty", "The evidence of a finding: `static` (from the source, including the import simulation), "
             "`observed` (by the probe only), `confirmed` (both agree) or `refuted` (the probe contradicts it)."),
        Term("claim", "A number that was reported before; the report compares it with the measured number."),
        Term("clean module", "An importable module that no finding of severity P0, P1 or P2 cites."),
        Term("compliance score", "A number from 0 to 100: 100 × clean modules ÷ (clean modules + points lost)."),
        Term("evidence", "The places in the source that prove a finding, each with file, line and source text."),
        Term("exception", "A decision of the team to accept a finding, with a reason: a comment in the source or an "
             "entry in the policy."),
        Term("finding", "One fault that a rule has found in one subject, with severity, certainty and evidence."),
        Term("gate", "The command `ssot check`, which passes or fails."),
        Term("policy", "The file `ssot.toml`: what the team has decided, such as concepts, redirects and limits."),
        Term("policy violation", "A finding that breaks a limit or requirement of the policy. It does not mean that "
             "anything fails."),
        Term("probe", "Real imports of every module by the target's interpreter, each in a fresh process. It executes "
             "code of the target and runs only with `--probe`."),
        Term("redirect", "A policy entry with several import paths that must yield one object."),
        Term("rule", "A check for one kind of fault."),
        Term("severity", "P0: fix this first. P1: needs a fix now. P2: risk. P3: worth knowing."),
        Term("subject", "What a finding is about: a module, class or file."),
    ),
    "Golden path": (
        Term("confidence interval", "The success rates that are consistent with the observed runs."),
        Term("flaky", "A test that both passes and fails at one revision."),
        Term("golden path", "The most important test, the one that must not fail."),
        Term("lever", "A setting that is changed on purpose to see whether the success rate depends on it."),
        Term("lower bound", "The rate that is reached at least, at the confidence of the policy. It decides whether "
             "the target rate is met."),
        Term("success rate", "The share of runs that succeeded."),
    ),
}  # fmt: skip


def build_glossary_page() -> str:
    """Return the glossary as a Markdown page: the groups with one line per term."""
    parts = [
        "# Glossary\n",
        "The terms of reports, docs and messages. Every report contains this list, also offline.\n",
        *(_write_group(title, terms) for title, terms in GLOSSARY.items()),
    ]
    return "\n".join(parts).rstrip("\n") + "\n"


def _write_group(title: str, terms: tuple[Term, ...]) -> str:
    lines = (f"- **{term.name}**: {term.meaning}" for term in terms)
    return "\n".join([f"## {title}", "", *lines, ""])
