"""A pytest plugin that shuffles the tests by ``SSOT_SEED``."""

import os
import random


def pytest_collection_modifyitems(items):
    """Put the tests into another order, the same for the same seed."""
    random.Random(int(os.environ.get("SSOT_SEED", "0"))).shuffle(items)
