"""The pictures of the documentation: `make screenshots` starts a bank with a story in it and looks at its pages.

`pages` is the table of what is looked at, `story` what has happened in the bank, `__main__` the camera.
"""
