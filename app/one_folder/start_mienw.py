"""Where `mienw` of the folder starts: by a double click, without a terminal."""

import sys

from app.__main__ import main_without_terminal

sys.exit(main_without_terminal())
