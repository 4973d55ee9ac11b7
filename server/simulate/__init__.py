"""A hall-day on a virtual clock: seeded arrivals, one loop of events, and three halls it can be played in.

`pure.PureHall` keeps the lines in memory and asks the rule alone; `real.RealHall` does the real deeds on a
real database; `server/demo` does them over HTTP in a running hall. The loop (`loop.py`) is the same for all.
"""
