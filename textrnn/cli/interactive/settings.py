"""The settings that an interactive session can show and change."""

import re
from dataclasses import dataclass, fields, replace
from typing import get_args

from textrnn.cli.escapes import unescape
from textrnn.config.base import parse_setting
from textrnn.config.sampling import SamplingConfig, Until
from textrnn.config.suggestions import did_you_mean
from textrnn.errors import ConfigError

SHORT = {"t": "temperature", "n": "length"}
SAMPLING = tuple(field.name for field in fields(SamplingConfig))
NONE = "none"  # no stop text
CHOICES = {"until": get_args(Until), "unknown": ("error", "skip")}
MOST_DIGITS = 19
_ASSIGNMENT = re.compile(r"([A-Za-z_-]+) *(=| ) *(\S+)")


@dataclass
class Settings:
    """How the next continuation is generated."""

    sampling: SamplingConfig
    length: int
    until: Until
    stop: tuple[str, ...]
    seed: int
    unknown: str = "error"  # characters of words: refused, or skipped

    def names(self) -> tuple[str, ...]:
        """The settings as they are typed, in the order in which they are shown."""
        own = ("length", "until", "stop", "seed", "unknown")
        return (*own, *(_typed(name) for name in SAMPLING))

    def shown(self, name: str) -> str:
        """One setting and its value, as it would be typed."""
        name = self._known(name)
        if name in SAMPLING:
            return f"{_typed(name)} {getattr(self.sampling, name)}"
        if name == "stop":
            return "stop " + (" or ".join(map(_escaped, self.stop)) or NONE)
        return f"{name} {getattr(self, name)}"

    def set(self, name: str, value: str) -> None:
        """Change a setting; ConfigError if there is none of that name, or the value is wrong."""
        name = self._known(name)
        if name in SAMPLING:
            parsed = parse_setting(SamplingConfig, name, value)
            self.sampling = replace(self.sampling, **{name: parsed})
        elif name == "stop":
            self.stop = () if value == NONE else (unescape(value),)
        elif name in CHOICES:
            if value not in CHOICES[name]:
                choices = ", ".join(CHOICES[name])
                raise ConfigError(f"{name} must be one of {choices}, got {value!r}")
            setattr(self, name, value)
        else:
            setattr(self, name, _whole(name, value, least=int(name == "length")))

    def _known(self, name: str) -> str:
        name = SHORT.get(name, name)
        begun = [each for each in self.names() if each.startswith(name)]
        if len(begun) == 1:
            (name,) = begun
        if name not in self.names() and _typed(name) not in self.names():
            raise ConfigError(
                f"there is no setting {name!r}{did_you_mean(name, self.names())}; the settings are "
                f"{', '.join(self.names())}; to write words that begin with set, type + before them"
            )
        return name.replace("-", "_") if name.replace("-", "_") in SAMPLING else name


def assignment(line: str, names: tuple[str, ...]) -> tuple[str, str] | None:
    """The name and the value of a line such as `t=0.5` or `seed 7`; None for other words.

    Only a number is taken without "=": "stop crying" and "length of time" are words.
    """
    found = _ASSIGNMENT.fullmatch(line.strip())
    if not found or not {found[1].lower(), _typed(found[1].lower())} & {*names, *SHORT}:
        return None
    return (found[1].lower(), found[3]) if found[2] == "=" or _is_number(found[3]) else None


def _is_number(text: str) -> bool:
    return bool(re.fullmatch(r"\d*\.?\d+", text))


def _typed(name: str) -> str:
    return name.replace("_", "-")


def _whole(name: str, text: str, *, least: int) -> int:
    number = int(text) if text.isdecimal() and len(text) < MOST_DIGITS else -1
    if number < least:
        raise ConfigError(f"{name} must be a whole number of at least {least}, got {text!r}")
    return number


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t")
