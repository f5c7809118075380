"""The practice's forms: they validate; actions write."""
