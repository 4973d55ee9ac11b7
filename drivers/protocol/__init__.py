"""Wire formats: dataclasses in, bytes out, and back. Pure: no line, no clock, no thread."""
