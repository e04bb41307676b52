"""The game masters' casino: machines, what they pay, the house, and how it all goes."""
