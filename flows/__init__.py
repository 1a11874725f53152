"""Flows decides: (session, what was heard, content, what is given) -> (session, events). No I/O, no clock, no dice."""
