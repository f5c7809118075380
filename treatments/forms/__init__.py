"""The care's forms: they validate; actions write."""
