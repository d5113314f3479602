"""Describe the settings of a recipe: name, default, what is accepted, what it means."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin

from textrnn.config.base import Config
from textrnn.config.recipe import Recipe
from textrnn.errors import ConfigError

# What is tried to find the range that a dataclass accepts.
PROBES = (-1, 0, 0.005, 0.01, 0.5, 1, 1.5, 2, 64, 65, 100, 101, 1000)


@dataclass(frozen=True, kw_only=True)
class Description:
    """One setting, as lists of settings show it."""

    section: str
    short: str  # its name in the section
    name: str  # its shortest name in the recipe
    default: Any
    choices: tuple[str, ...]
    range: str  # of a setting without choices, in words
    meaning: str

    @property
    def accepted(self) -> str:
        """The choices, or the range."""
        return ", ".join(self.choices) if self.choices else self.range

    @property
    def assignment(self) -> str:
        """NAME = DEFAULT, the default as in JSON."""
        return f"{self.name} = {json.dumps(self.default)}"


def of_recipe(recipe: type[Recipe]) -> Iterator[Description]:
    """All settings of a recipe that can be set, in its order."""
    names = {where: name for name, where in recipe.names().items()}
    for section, cls in recipe.sections().items():
        for short in cls.field_types():
            if (section, short) in names:
                yield _describe(recipe, section, cls, short, names[section, short])


def of_config(cls: type[Config]) -> Iterator[Description]:
    """All settings of a dataclass that is no section of a recipe."""
    for name in cls.field_types():
        yield _describe(None, "", cls, name, name)


def _describe(
    recipe: type[Recipe] | None, section: str, cls: type[Config], short: str, name: str
) -> Description:
    kind = cls.field_types()[short]
    choices = get_args(kind) if get_origin(kind) is Literal else ()
    return Description(
        section=section,
        short=short,
        name=name,
        default=getattr(cls, short),
        choices=choices,
        range="" if choices else _accepted(recipe, section, cls, short),
        meaning=cls.meanings()[short],
    )


def _accepted(recipe: type[Recipe] | None, section: str, cls: type[Config], name: str) -> str:
    """The type of a setting without choices and, of a number, its range."""
    kind = cls.field_types()[name]
    kinds = set(get_args(kind)) or {kind}
    null = " or null" if type(None) in kinds else ""
    if bool in kinds:
        return "true, false"
    if str in kinds:
        return f"text{null}"
    numbers = [each if float in kinds else int(each) for each in PROBES
               if float in kinds or each == int(each)]  # fmt: skip
    good = [value for value in numbers if _builds(recipe, section, cls, name, value)]
    return f"{'number' if float in kinds else 'whole number'}, {_range(good)}{null}"


def _builds(
    recipe: type[Recipe] | None, section: str, cls: type[Config], name: str, value: float
) -> bool:
    try:
        if recipe:
            recipe.from_settings({section: {name: value}})
        else:
            cls.from_dict({name: value})
    except ConfigError:
        return False
    return True


def _range(good: Sequence[float]) -> str:
    """The range that a few accepted numbers tell of."""
    least, most = min(good), max(good)
    below = [value for value in PROBES if value < least]
    start = "above 0" if below and below[-1] == 0 and least < 0.01 else f"{least:g} or more"
    if most == max(PROBES):
        return start
    if most == 0.5:
        return "0 to below 1" if start.startswith("0") else "between 0 and 1"
    return f"{'above 0' if start == 'above 0' else f'{least:g}'} to {most:g}"
