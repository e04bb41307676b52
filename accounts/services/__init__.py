"""Everything that writes on the ground floor, one file a story."""
