"""What the commands do for each task, one module per task.

A task's module may have `train`, the command that trains it, with its `RECIPE`, and the rows
`FINETUNE` and `EVALUATE`. The commands find all of them by the kind of the model.
"""
