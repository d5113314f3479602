"""A run of each kind of training: started, saved, resumed."""
