"""The settings as frozen dataclasses with all defaults; the names and shapes of the weights."""
