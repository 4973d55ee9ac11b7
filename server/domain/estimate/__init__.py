"""When will it be my turn: the true state rolled forward with the rule that calls, many times, other dice.

`scene` holds the state, `times` how long services take, `roll` plays futures, `promise` makes of them what is
shown and keeps "at most" honest, `plan` says when windows will call, `outlook` puts them together. Pure: the
clock is an argument, and so are the dice.
"""
