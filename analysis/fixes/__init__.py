"""Fixes: patches for findings, each offered with its reason or refused with one, and what a changed tree would be.

Every kind of fix yields offers and refusals from an investigated target; nothing here changes the target but
``ssot fix --apply``.
"""
