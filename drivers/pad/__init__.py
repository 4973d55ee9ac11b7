"""Keypads on the desk and the rating pads behind them."""
