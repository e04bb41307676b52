"""The roof: settings, addresses, the console's front page, health, backups; and which version of the program this is."""

from typing import Final

__version__: Final = "0.1.0.dev0"
