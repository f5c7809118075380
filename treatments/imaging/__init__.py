"""Photographs as values: taking them in and rendering them smaller. Pure: no Django, no clock, no settings."""
