"""Contracts: what may import what, stated in the policy or in the files of other tools, and what breaks it."""
