"""Sources: every form in which pictures come, each as names, labels and chunks of still encoded pictures.

It may import decoding, public, portraits and world. Start reading at base.py; a new form is a file here and its name in open.py.
"""
