"""The drawn world: pictures of everything that isn't a face, made up by rule, for nets to learn seeing from.

It may import nothing of data's other rooms. Start reading at world.py, which has the kinds of pictures and their shares;
canvas.py, noise.py and colours.py are what each kind is drawn with, finish.py what happens to all of them at the end.
"""
