"""Turn data into training and validation ids, one module per task."""
