"""Networks that turn a picture into an Observation: one file each."""
