"""What game masters do about the casino: pages of the console."""
