"""What is printed: login cards and the poster, as PDF. Pure drawing; what stands on them is given."""
