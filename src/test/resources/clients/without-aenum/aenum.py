"""Stands in for aenum, which Debian does not package: an enumeration whose body may name its own class."""
import enum

no_arg = None


class _NamesItself(enum.EnumMeta):
    @classmethod
    def __prepare__(mcs, name, bases, **options):
        names = super().__prepare__(name, bases, **options)
        dict.__setitem__(names, name, name)
        return names

    def __new__(mcs, name, bases, names, **options):
        dict.pop(names, name, None)
        return super().__new__(mcs, name, bases, names, **options)


class Enum(enum.Enum, metaclass=_NamesItself):
    pass
