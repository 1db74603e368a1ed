"""The tables of the runs of the golden path."""

from __future__ import annotations

import pyarrow as pa

from analysis.tables.table import Column, Table, count, one_of, text

RUN_OUTCOMES = ("passed", "failed", "timeout", "crashed", "malformed")

GOLDEN_RUNS = Table("golden_runs", "one run of the golden path", (
    count("run", "number, from 0"),
    Column("seed", pa.int64(), "SSOT_SEED of the run"),
    one_of("outcome", RUN_OUTCOMES, "passed or failed, by the exit code and the results; timeout; crashed: ended by a signal; malformed: its results cannot be read"),
    Column("seconds", pa.float64(), "wall time; of existing results the sum of their tests"),
    count("exit_code", "of the command; negative: the signal that ended it"),
    text("started", "when, ISO 8601 in UTC"),
    text("lever", "base, repeated seed, or the changed setting"),
    text("setting", "value of the lever"),
    text("source", "command, or the result file"),
    text("detail", "last line of the output of a failed run; the reason for malformed results"),
    count("tests", "number of tests in its results; 0 when there are none"),
    count("failed_tests", "number of these that failed"),
))  # fmt: skip

GOLDEN_TESTS = Table("golden_tests", "one test in one run of the golden path", (
    count("run", "number of the run"),
    text("test", "classname::name, as in the results"),
    one_of("outcome", ("passed", "failed", "error", "skipped"), "outcome of the test"),
    Column("seconds", pa.float64(), "wall time"),
    text("message", "message of a failure, cut at 300 characters"),
))  # fmt: skip

GOLDEN_MODULES = Table("golden_modules", "one file of the target that runs of the golden path imported", (
    text("path", "POSIX path relative to the target"),
    count("runs", "number of runs that imported it"),
    count("failed_runs", "number of these that did not pass"),
))  # fmt: skip

#: What the runs of the golden path say; without rows where it was not measured.
GOLDEN_TABLES: tuple[Table, ...] = (GOLDEN_RUNS, GOLDEN_TESTS, GOLDEN_MODULES)
