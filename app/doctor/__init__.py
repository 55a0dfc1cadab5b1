"""Live probes of everything that mien needs, each with what to do about it."""
