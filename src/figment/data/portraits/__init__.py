"""The built-in portraits, drawn from a table of attributes, so that everything works with no download.

It may import nothing of data's other rooms. Start reading at table.py; renderer.py draws, with face.py and hair.py.
"""
