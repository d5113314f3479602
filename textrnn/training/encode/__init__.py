"""Turn data into what a training learns from and validates on: ids, one module a task."""
