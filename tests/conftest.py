"""What several test modules build on."""

import os
import signal

# TensorFlow reads it once, when it is first imported.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


from hypothesis import settings

# What runs in the background of a script does not hear Ctrl-C, nor would the programs started here.
signal.signal(signal.SIGINT, signal.default_int_handler)
# An example that takes more than 200 ms is no bug, but a busy machine.
settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")
