"""Train models: tasks, runs, checkpoints, learners, teachers."""
