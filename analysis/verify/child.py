"""Runs one test with pytest in the target's interpreter, limited and isolated; Python 3.8, standard library only."""

import importlib
import importlib.util
import json
import os
import signal
import sys

NAME = "ssot_probe_child"


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        plan = json.load(file)
    place = importlib.util.spec_from_file_location(
        NAME, os.path.join(plan["probe_child"], "__init__.py"), submodule_search_locations=[plan["probe_child"]]
    )
    sys.modules[NAME] = importlib.util.module_from_spec(place)
    system, isolation, limits = (
        importlib.import_module("%s.%s" % (NAME, name)) for name in ("system", "isolation", "limits")
    )
    system.control(system.PR_SET_PDEATHSIG, signal.SIGKILL)
    os.chdir(plan["root"])
    told = isolation.isolate(plan)
    limits.limit(plan)
    with open(plan["told"], "w", encoding="utf-8") as file:
        json.dump(told, file)
    try:
        import pytest
    except ImportError as error:
        with open(plan["told"], "w", encoding="utf-8") as file:
            json.dump({"no_pytest": str(error)}, file)
        sys.exit(99)
    os.chdir(plan["root"])
    sys.path[:0] = plan["path"]
    sys.exit(pytest.main(plan["arguments"]))


main()
