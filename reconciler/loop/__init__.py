"""When to look again, and what may be done about it unasked: the control loop over app."""
