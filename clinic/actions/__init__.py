"""The practice's deeds: atomic, keyword-only, ending in `by`, audited in their own transaction."""
