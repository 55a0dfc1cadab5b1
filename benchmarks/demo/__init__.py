"""How the built-in clip is made. performance.py is the script that the actor follows."""
