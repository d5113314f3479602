"""The commands of `textrnn`, one module each."""
