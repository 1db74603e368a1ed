"""The golden path: how often the most important test succeeds, with statistical proof.

``measure`` runs the command, ``records`` keeps what came, ``statistics`` judges it, ``command`` is all of it in one.
"""
