"""What leaves the practice in other people's formats."""
