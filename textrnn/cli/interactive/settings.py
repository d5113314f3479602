"""The settings that an interactive session can show and change."""

from dataclasses import dataclass, fields, replace
from typing import get_args

from textrnn.cli.escapes import unescape
from textrnn.config.base import parse_setting
from textrnn.config.sampling import SamplingConfig, Until
from textrnn.errors import ConfigError

SHORT = {"t": "temperature", "n": "length"}
SAMPLING = tuple(field.name for field in fields(SamplingConfig))
NONE = "none"  # no stop text
MOST_DIGITS = 19


@dataclass
class Settings:
    """How the next continuation is generated."""

    sampling: SamplingConfig
    length: int
    until: Until
    stop: tuple[str, ...]
    seed: int

    def names(self) -> tuple[str, ...]:
        """The settings as they are typed, in the order in which they are shown."""
        return ("length", "until", "stop", "seed", *(_typed(name) for name in SAMPLING))

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
        elif name == "until":
            if value not in get_args(Until):
                choices = ", ".join(get_args(Until))
                raise ConfigError(f"until must be one of {choices}, got {value!r}")
            self.until = value  # type: ignore[assignment]
        else:
            setattr(self, name, _whole(name, value, least=int(name == "length")))

    def _known(self, name: str) -> str:
        name = SHORT.get(name, name)
        if name not in self.names() and _typed(name) not in self.names():
            raise ConfigError(
                f"there is no setting {name!r}; the settings are {', '.join(self.names())}; to "
                f"write words that begin with set, type + before them"
            )
        return name.replace("-", "_") if name.replace("-", "_") in SAMPLING else name


def _typed(name: str) -> str:
    return name.replace("_", "-")


def _whole(name: str, text: str, *, least: int) -> int:
    number = int(text) if text.isdecimal() and len(text) < MOST_DIGITS else -1
    if number < least:
        raise ConfigError(f"{name} must be a whole number of at least {least}, got {text!r}")
    return number


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t")
