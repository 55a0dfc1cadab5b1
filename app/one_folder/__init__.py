"""Builds a folder with mien in it that runs where there is no Python: docs/build.md.

Not part of the wheel: it works on the source tree, with what the extra `build` installs.
"""
