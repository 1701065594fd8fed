"""The wall clock of one program, wrong by so many seconds: skewed_clock.cpp in front of the C library."""

import os
import struct

DAY = 86_400


class SkewedClock:
    """To be made before the program starts; `seconds` may change while it runs."""

    def __init__(self, program, seconds=0):
        self.path = os.path.join(program.folder, program.name + ".skew")
        self.set(seconds)
        program.environment |= {"LD_PRELOAD": os.environ["SKEWED_CLOCK"], "SKEW_FILE": self.path}

    def set(self, seconds):
        # In place: the program has mapped it.
        with open(self.path, "r+b" if os.path.exists(self.path) else "wb") as file:
            file.write(struct.pack("l", seconds))
