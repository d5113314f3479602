"""Turn ids into tf.data batches."""
