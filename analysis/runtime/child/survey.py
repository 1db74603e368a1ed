"""The target's environment: which third-party modules can be found, and which names they lack."""

import importlib.util
import os
import pkgutil
import sys


def survey(plan, is_beside):
    """Return what can be imported from others, and what they lack of what the target takes from them."""
    missing, lacking = [], []
    found = set(sys.builtin_module_names) | {name.partition(".")[0] for name in sys.modules}
    found.update(each.name for each in pkgutil.iter_modules())
    for folder in sys.path:
        if os.path.isdir(folder):
            found.update(name for name in os.listdir(folder) if name.isidentifier())
    for module, names in sorted(plan["outside"].items()):
        known = sys.modules.get(module)
        if known is None:
            around = [name for name in [*find_packages(module), module] if not can_be_found(name)]
            if around or (module in plan["preload"] and not is_beside(module)):
                missing.append(around[0] if around else module)
            else:
                found.add(module.partition(".")[0])
            continue
        for name in names:
            try:
                is_there = hasattr(known, name) or can_be_found("%s.%s" % (module, name))
            except BaseException:
                is_there = True
            if not is_there:
                lacking.append([module, name])
    version = list(sys.version_info[:3])
    return {"missing": missing, "lacking": lacking, "found": sorted(found), "version": version}


def can_be_found(name):
    """Return whether a module can be found, as far as this is known without running anything."""
    top, _, rest = name.partition(".")
    package = name.rpartition(".")[0]
    try:
        if not rest:
            return importlib.util.find_spec(top) is not None
        if package in sys.modules and not hasattr(sys.modules[package], "__path__"):
            return False
        return package not in sys.modules or importlib.util.find_spec(name) is not None
    except BaseException:
        return True


def find_packages(name):
    """Return the packages around a module, the outermost first."""
    parts = name.split(".")
    return [".".join(parts[:length]) for length in range(1, len(parts))]
