"""Learners of the tasks that need more than `textrnn.training.learner.Learner`."""
