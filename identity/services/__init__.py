"""Everything that makes and ends a sign-in, one file a story."""
