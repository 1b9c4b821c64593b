"""Stands in for aenum, which Debian does not package: the generated enumerations use nothing beyond the standard's."""
from enum import Enum  # noqa: F401

no_arg = None
