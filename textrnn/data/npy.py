"""The header of a .npy file, read without loading the array."""

from tokenize import TokenError
from typing import IO, Any

import numpy as np

LONGEST_HEADER = 4096  # bytes


def read_header(file: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Shape, whether columns come first, and dtype; leaves `file` at the first value.

    ValueError unless it is a .npy file of version 1 or 2.
    """
    version = np.lib.format.read_magic(file)
    try:
        if version == (1, 0):
            return np.lib.format.read_array_header_1_0(file, max_header_size=LONGEST_HEADER)
        if version == (2, 0):
            return np.lib.format.read_array_header_2_0(file, max_header_size=LONGEST_HEADER)
    except (SyntaxError, TokenError, TypeError, IndexError) as error:
        raise ValueError("its header is damaged") from error
    raise ValueError(f"it has the .npy format {version[0]}.{version[1]}, not 1.0 or 2.0")
