"""The language of the terminal is English in tests, whatever the machine speaks."""

import os

os.environ["LC_ALL"] = "C.UTF-8"
