"""What game masters do before the event and at its desk: the roster, login cards, the poster, a code for a lost phone."""
