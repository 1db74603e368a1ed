"""Ready units for schedulers that write the report of a target: cron, systemd, GitHub Actions, GitLab CI."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from analysis.errors import AnalysisError
from analysis.scheduled.times import Times

#: What an unattended run is asked for where nothing else is said.
USUAL = ("--quiet", "--lock", "--keep", "30", "--fail-on", "regression", "--blame")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_INSTALL = "pip install --requirement {kit}/requirements.lock && pip install --no-deps {kit}"


def build_cron(times: Times, program: str, target: str, options: Sequence[str], name: str) -> str:
    """Return a line for ``crontab -e``; the time is that of the machine."""
    command = shlex.join([program, "report", target, *options]).replace("%", r"\%")
    return f'# {name}: in local time\n{times.cron} {command} >>"$HOME/ssot-{name}.log" 2>&1\n'


def build_systemd(times: Times, program: str, target: str, options: Sequence[str], name: str) -> str:
    """Return a service and its timer, each after a comment with its file name; the time is that of the machine."""
    command = " ".join(_quote_systemd(part) for part in (program, "report", target, *options))
    return f"""\
# ~/.config/systemd/user/ssot-{name}.service
[Unit]
Description=SSOT report on {name}

[Service]
Type=oneshot
ExecStart={command}
SuccessExitStatus=75
TimeoutStartSec=60min
Nice=10

# ~/.config/systemd/user/ssot-{name}.timer
[Unit]
Description=SSOT report on {name}, in local time

[Timer]
OnCalendar={times.calendar}
Persistent=true

[Install]
WantedBy=timers.target
"""


def build_github(times: Times, program: str, target: str, options: Sequence[str], name: str) -> str:
    """Return a workflow for the repository of the code; ``target`` is a folder in it, the time is UTC."""
    del program
    command = shlex.join(["ssot", "report", f"code/{target}" if target != "." else "code", *options])
    return f"""\
# .github/workflows/ssot-report.yml; the time is UTC
name: SSOT report
on:
  schedule:
    - cron: "{times.cron}"
  workflow_dispatch:
permissions:
  contents: read
concurrency:
  group: ssot-report
jobs:
  report:
    runs-on: ubuntu-latest
    timeout-minutes: 60
    env:
      SSOT_DATA: ${{{{ github.workspace }}}}/ssot/data
      SSOT_REPORTS: ${{{{ github.workspace }}}}/ssot/reports
    steps:
      - uses: actions/checkout@v4
        with:
          path: code
          fetch-depth: 0
      - uses: actions/checkout@v4
        with:
          repository: YOUR-ORGANISATION/ssot-kit
          path: kit
      - uses: actions/setup-python@v5
        with:
          python-version: "3.13"
          cache: pip
          cache-dependency-path: kit/requirements.lock
      - run: {_INSTALL.format(kit="./kit")}
      - uses: actions/cache@v4
        with:
          path: ssot
          key: {json.dumps(f"ssot-{name}-${{{{ github.run_id }}}}")}
          restore-keys: {json.dumps(f"ssot-{name}-")}
      - run: {json.dumps(command)}
      - uses: actions/upload-artifact@v4
        if: always()
        with:
          name: ssot-report
          path: ssot/reports
"""


def build_gitlab(times: Times, program: str, target: str, options: Sequence[str], name: str) -> str:
    """Return a job for ``.gitlab-ci.yml`` of the code; GitLab takes the time, in UTC, in its own form."""
    del program
    command = shlex.join(["ssot", "report", target, *options])
    return f"""\
# .gitlab-ci.yml; under Build > Pipeline schedules add the interval pattern {times.cron} with the time zone UTC
ssot-report:
  image: python:3.13
  rules:
    - if: $CI_PIPELINE_SOURCE == "schedule"
  resource_group: ssot-report
  variables:
    SSOT_DATA: $CI_PROJECT_DIR/.ssot/data
    SSOT_REPORTS: $CI_PROJECT_DIR/.ssot/reports
    GIT_DEPTH: "0"
  cache:
    key: {json.dumps(f"ssot-{name}")}
    when: always
    paths:
      - .ssot/
  script:
    - git clone --depth 1 https://YOUR-SERVER/ssot-kit.git /opt/ssot-kit
    - {_INSTALL.format(kit="/opt/ssot-kit")}
    - {json.dumps(command)}
  artifacts:
    when: always
    expire_in: 30 days
    paths:
      - .ssot/reports/
"""


Build = Callable[[Times, str, str, Sequence[str], str], str]
BUILDERS: Mapping[str, Build] = MappingProxyType(
    {"cron": build_cron, "systemd": build_systemd, "github": build_github, "gitlab": build_gitlab}
)
#: Those whose target is a folder of the repository that they run in.
HOSTED = frozenset({"github", "gitlab"})


def build_unit(kind: str, times: Times, program: str, target: str, options: Sequence[str], name: str) -> str:
    """Return the unit for one kind of scheduler; raises ``AnalysisError`` for what no unit can hold.

    ``program`` is the path of ``ssot``, ``target`` the folder, ``options`` those of ``ssot report``, ``name`` what the
    unit is called.
    """
    if any(_CONTROL.search(part) for part in (program, target, *options)):
        raise AnalysisError("a unit cannot hold a control character in a path or an option")
    if kind == "github" and any("${{" in part for part in (target, *options)):
        raise AnalysisError("GitHub would replace ${{ in a path or an option")
    return BUILDERS[kind](times, program, target, options, name)


def _quote_systemd(part: str) -> str:
    """Return one word of ``ExecStart``; systemd expands ``%`` and ``$`` within quotes too."""
    escaped = part.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return escaped if re.fullmatch(r"[\w./:=@+-]+", escaped) else f'"{escaped}"'
