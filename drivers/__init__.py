"""The device host: printers, LED strips, keypads, pads and the voice.

It knows no server; `python -m drivers` runs it.
"""
