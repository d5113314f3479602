"""Start from another model's weights, one module a task."""
