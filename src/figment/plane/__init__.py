"""The adversarial game in the plane: two small nets over points, stepped live, and what can be seen of it at a moment.

It may import game and common. The nets' derivatives are written out, as a step has half a millisecond; the objectives and
penalties are those of game/, and tests hold the derivatives to them. Start reading at match.py.
"""
