"""The care's pages."""
