"""Runs one test with pytest in the target's interpreter, limited and cut off; Python 3.8, standard library only."""

import importlib.util
import json
import os
import signal
import sys


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        plan = json.load(file)
    place = importlib.util.spec_from_file_location("ssot_probe_child", plan["probe_child"])
    child = importlib.util.module_from_spec(place)
    place.loader.exec_module(child)
    child.control(child.PR_SET_PDEATHSIG, signal.SIGKILL)
    os.chdir(plan["root"])
    told = child.isolate(plan)
    child.limit(plan)
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
