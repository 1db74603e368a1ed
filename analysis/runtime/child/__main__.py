"""Starts the probe's child: ``python -I -B FOLDER PLAN ANSWERS``, with two descriptors as arguments.

The modules beside this file are loaded below a name of their own: a target may have a ``server`` or ``rows`` itself.
"""

import importlib
import importlib.util
import os
import sys

NAME = "ssot_probe_child"


def load():
    folder = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [path for path in sys.path if os.path.abspath(path) != folder]
    place = importlib.util.spec_from_file_location(
        NAME, os.path.join(folder, "__init__.py"), submodule_search_locations=[folder]
    )
    package = importlib.util.module_from_spec(place)
    sys.modules[NAME] = package
    place.loader.exec_module(package)
    return importlib.import_module(NAME + ".start")


if __name__ == "__main__":
    load().main(int(sys.argv[1]), int(sys.argv[2]))
