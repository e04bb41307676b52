"""What every page of the game masters' console is made of; each app's ``admin.py`` says what its pages show.

Nothing is edited here: pages show, and what changes the world is an ``ActionPage`` that ends in one call of a service.
"""
