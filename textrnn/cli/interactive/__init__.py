"""`textrnn generate --interactive`: the user and the model write one text in turns."""
