"""Pure scheduling: wall time, working hours, free starts and courses; values in, values out.

Nothing here knows Django, the clock or the settings: every limit is an argument.
"""
