"""Studies: a designed experiment over choices of a recipe: runs planned, made fairly, and weighed with honest errors.

It may import start and all that lies below. Start at results.py, what a study found, then analysis.py, what may be said of it.
"""
