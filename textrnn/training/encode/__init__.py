"""Turn data into ids and batches, and fingerprint them; one module per task."""
