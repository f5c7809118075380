"""Safety rules: pure functions from recorded facts to findings (STOP, WARN, INFO).

Values in, `Finding`s out. Nothing here imports Django, reads a clock or a setting, or knows a
clinical threshold: every limit arrives as an argument in a frozen dataclass that carries its
source. The rules are decision support. They show their sum and never command.
"""
