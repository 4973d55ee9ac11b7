"""What faces show, read from the database in one transaction. Every row is a pure function of what is stored,
so that "snapshot + changes = fresh snapshot" holds: a change re-reads the rows that an event touched, with
the same function."""
