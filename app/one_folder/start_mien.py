"""Where `mien` of the folder starts: in a terminal."""

import sys

from app.__main__ import main

sys.exit(main())
