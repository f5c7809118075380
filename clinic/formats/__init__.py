"""How days and times look wherever Django prints one by itself, such as in the admin."""
