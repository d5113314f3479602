"""Initialize from another model's weights, one module per source."""
