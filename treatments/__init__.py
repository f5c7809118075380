"""The care: what is planned, checked, done, used, seen and felt."""
