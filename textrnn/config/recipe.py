"""All settings of a training: a dataclass whose fields are its sections.

network.units          the full name of a setting
units                  its short name, unique among the sections without a prefix
pretraining.epochs     a setting of a section whose settings need a prefix
"""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, ClassVar, Self, get_type_hints

from textrnn.config.base import Config
from textrnn.config.suggestions import did_you_mean
from textrnn.errors import ConfigError

Settings = Mapping[str, Mapping[str, Any]]  # section -> name -> value


class Recipe:
    """Base class of a task's settings; each field is a section."""

    prefixed: ClassVar[tuple[str, ...]] = ()  # sections whose settings need the full name

    @classmethod
    def sections(cls) -> dict[str, type[Config]]:
        """Name -> dataclass of every section, in declaration order."""
        hints = get_type_hints(cls)
        return {field.name: hints[field.name] for field in fields(cls)}  # type: ignore[arg-type]

    @classmethod
    def names(cls) -> dict[str, tuple[str, str]]:
        """Shortest name of every setting -> (section, name in the section)."""
        return {
            f"{section}.{name}" if section in cls.prefixed else name: (section, name)
            for section, config in cls.sections().items()
            for name in config.field_types()
            if name not in config.derived
        }

    @classmethod
    def locate(cls, name: str) -> tuple[str, str]:
        """(section, name in the section) of a setting, from its short or full name.

        ConfigError for an unknown setting.
        """
        section, dot, rest = name.partition(".")
        known = cls.names()
        if name in known:
            return known[name]
        if dot and (section, rest) in known.values():
            return section, rest
        full = map(".".join, known.values())
        similar = did_you_mean(name, (*known, *full, *cls.sections()))
        raise ConfigError(
            f"unknown setting {name!r}{similar}; `textrnn train settings` lists all settings"
        )

    @classmethod
    def nest(cls, settings: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
        """Settings by section; the keys of `settings` are short names, full names or sections."""
        nested: dict[str, dict[str, Any]] = {section: {} for section in cls.sections()}
        for name, value in settings.items():
            if name in nested and isinstance(value, Mapping):
                inner = {f"{name}.{key}": entry for key, entry in value.items()}
            else:
                inner = {name: value}
            for full, entry in inner.items():
                section, key = cls.locate(full)
                nested[section][key] = entry
        return nested

    @classmethod
    def from_settings(cls, *layers: Settings) -> Self:
        """The defaults, overridden by each of `layers` in turn.

        Fields that the data determine have placeholders. ConfigError names a setting that is
        unknown, of the wrong type or outside its range.
        """
        found = merged(*layers)
        return cls(
            **{section: cls._build(section, found.get(section, {})) for section in cls.sections()}
        )

    @classmethod
    def _build(cls, section: str, values: Mapping[str, Any]) -> Config:
        config = cls.sections()[section]
        try:
            return config.from_dict({**config.derived, **values})
        except ConfigError as error:
            if section in cls.prefixed:  # another section may have a setting of the same name
                raise ConfigError(f"{section}.{error}") from error
            raise

    def to_dict(self) -> dict[str, dict[str, Any]]:
        """Every setting by section, as plain JSON data."""
        return {section: getattr(self, section).to_dict() for section in self.sections()}


def merged(*layers: Settings) -> dict[str, dict[str, Any]]:
    """Settings by section, each layer overriding those before it."""
    found: dict[str, dict[str, Any]] = {}
    for layer in layers:
        for section, values in layer.items():
            found[section] = {**found.get(section, {}), **values}
    return found


def different(own: Settings, given: Settings) -> list[tuple[str, Any, Any]]:
    """(full name, own value, given value) of every `given` setting that differs from `own`."""
    return [
        (f"{section}.{name}", own.get(section, {}).get(name), value)
        for section, values in given.items()
        for name, value in values.items()
        if own.get(section, {}).get(name) != value
    ]
