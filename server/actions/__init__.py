"""VERBS: one deed per file, named as people say it. A deed runs inside an open Unit; the doors open it and
answer."""
