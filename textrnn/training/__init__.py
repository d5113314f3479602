"""Train models: runs, checkpoints, learners, teachers."""
