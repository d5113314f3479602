"""Every default, once: frozen dataclasses of settings, and the names and shapes of weights."""
