"""What stands in the files of pictures, films and pages beside the pixels: read without decoding one, whoever wrote it.

It may import common and errors. Start reading at files.py; a file a kind of container, xmp.py and exif.py for what they hold.
"""
