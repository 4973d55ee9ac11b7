"""`wucha demo`: a simulated day in a running demo hall, through the doors that citizens and clerks use.

Only in demo halls. The hall's own clock stays real: speed shortens how long people take and how far apart
they come.
"""
