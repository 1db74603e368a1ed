"""The golden path: how often the test that matters most succeeds, measured so that a reviewer believes it.

``measure`` runs the command, ``records`` keeps what came, ``statistics`` judges it, ``command`` is all of it in one.
"""
