"""Sources: every form in which pictures come, each as names, labels and chunks of still encoded pictures.

It may import decoding, public and portraits. Start reading at base.py; a new form is a file here and its name in open.py.
"""
