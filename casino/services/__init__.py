"""What the casino does: spins, seeds, configurations, limits, and what game masters change."""
