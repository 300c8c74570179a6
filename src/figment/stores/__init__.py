"""Runs kept elsewhere: on object stores and other file systems of fsspec, uploaded while they train, brought back by resume.

May import run.py and what stands below it; never torch. Start with manifest.py, what a store holds; then keeper.py.
"""
