"""Measurements of Wucha against the bare libraries it stands on, side by side in one run.

Only ratios carry over from one machine to another. `python -m bench --help` lists the parts.
"""

from bench.run import main

__all__ = ["main"]
