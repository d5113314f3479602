"""Base class of the settings: JSON round trips, range checks, parsing of typed values."""

import math
import sys
from collections.abc import Mapping
from dataclasses import MISSING, asdict, field, fields, is_dataclass
from typing import Any, ClassVar, Literal, Self, TypeVar, get_args, get_origin, get_type_hints

from textrnn.config.suggestions import did_you_mean
from textrnn.errors import ConfigError

MOST = 2**53 - 1  # of any whole number: those that JSON keeps everywhere
MEANING = "meaning"  # the key of a field's metadata

T = TypeVar("T")


def setting(default: T, meaning: str) -> T:
    """A field of a Config with its default and what it means, which help and reference show."""
    return field(default=default, metadata={MEANING: meaning})


class Config:
    """Base class of the dataclasses of settings.

    `derived` maps the fields that the data or other settings determine to placeholder values.
    """

    derived: ClassVar[Mapping[str, Any]] = {}

    def to_dict(self) -> dict[str, Any]:
        """Name -> value of every field, as plain JSON data."""
        return asdict(self)  # type: ignore[call-overload]

    @classmethod
    def field_types(cls) -> dict[str, Any]:
        """Name -> type of every field, in declaration order."""
        hints = get_type_hints(cls)
        return {field.name: hints[field.name] for field in fields(cls)}  # type: ignore[arg-type]

    @classmethod
    def meanings(cls) -> dict[str, str]:
        """Name -> what the setting means; of a field with another default, what its base says."""
        found: dict[str, str] = {}
        for base in filter(is_dataclass, cls.__mro__):
            for each in fields(base):
                if MEANING in each.metadata:
                    found.setdefault(each.name, each.metadata[MEANING])
        return {name: found.get(name, "") for name in cls.field_types()}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Inverse of `to_dict`.

        ConfigError names a setting that is unknown, of the wrong type or missing without a default.
        """
        types = cls.field_types()
        for name in values:
            if name not in types:
                raise ConfigError(
                    f"unknown setting {name!r}{did_you_mean(name, types)}; the settings are "
                    f"{', '.join(types)}"
                )
        needed = [field.name for field in fields(cls) if field.default is MISSING]  # type: ignore[arg-type]
        if missing := [name for name in needed if name not in values]:
            raise ConfigError(f"{', '.join(missing)} must be given")
        return cls(**{name: _typed(name, value, types[name]) for name, value in values.items()})

    def _at_least(self, minimum: float, *names: str) -> None:
        for name in names:
            value = getattr(self, name)
            if not minimum <= value < math.inf:  # in this order, so that nan fails too
                raise ConfigError(f"{name} must be {minimum:g} or more, got {value}")
            if isinstance(value, int) and value > MOST:
                raise ConfigError(f"{name} must be {MOST:,} or less, got {value:,}")

    def _at_most(self, maximum: int, *names: str) -> None:
        for name in names:
            if getattr(self, name) > maximum:
                raise ConfigError(
                    f"{name} must be {maximum:,} or less, got {getattr(self, name):,}"
                )

    def _fraction(self, *names: str) -> None:
        for name in names:
            if not 0 <= getattr(self, name) < 1:
                raise ConfigError(
                    f"{name} must be at least 0 and less than 1, got {getattr(self, name)}"
                )

    def _one_of(self, name: str, kind: Any) -> None:
        if getattr(self, name) not in get_args(kind):
            raise ConfigError(
                f"{name} must be one of {', '.join(get_args(kind))}, got {getattr(self, name)!r}"
            )


def _typed(name: str, value: Any, kind: Any) -> Any:
    """`value` if it has the type `kind`, a whole number as float if that is one; ConfigError."""
    allowed = get_args(kind) if get_origin(kind) is not Literal else (str,)
    allowed = allowed or (kind,)
    if float in allowed:
        allowed = (*allowed, int)
    # bool is a subclass of int, but `units: true` is a mistake.
    if not isinstance(value, allowed) or (isinstance(value, bool) and bool not in allowed):
        names = " or ".join("null" if kind is type(None) else kind.__name__ for kind in allowed)
        raise ConfigError(f"{name} must be {names}, got {value!r}")
    whole = (
        isinstance(value, int) and not isinstance(value, bool) and abs(value) <= sys.float_info.max
    )
    return float(value) if whole and float in allowed and int not in get_args(kind) else value


def parse_setting(cls: type[Config], name: str, text: str) -> Any:
    """Convert `text`, from `--set name=text`, to the type of the field `name` of `cls`.

    ConfigError when the text is not a value of that type.
    """
    kind = cls.field_types()[name]
    kinds = get_args(kind) if get_origin(kind) is not Literal else (str,)
    kinds = kinds or (kind,)
    if type(None) in kinds and text.lower() in ("none", "null"):
        return None
    if bool in kinds:
        if text.lower() not in ("true", "false"):
            raise ConfigError(f"{name} must be true or false, got {text!r}")
        return text.lower() == "true"
    for number, words in ((int, "a whole number"), (float, "a number")):
        if number in kinds:
            try:
                return number(text)
            except ValueError:
                raise ConfigError(f"{name} must be {words}, got {text!r}") from None
    return text
