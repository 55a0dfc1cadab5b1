"""The networks as torch modules, only to load official checkpoints and to export them as ONNX.

`smirk`, `deca`, `emoca`, `expnet` and `emorec` each have one `build_*` that takes the arrays under
the keys of the official file and gives a `Network`; `export` writes it.
"""
