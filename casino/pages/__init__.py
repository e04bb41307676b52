"""The casino as a player sees it: the floor, the machines, what they promise, and how anybody checks it."""
