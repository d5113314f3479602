"""Build the learner of a run, one module per task."""
